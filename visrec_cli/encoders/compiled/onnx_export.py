"""Export of a torch model to ONNX, checked against torch."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from visrec_cli.encoders.base import Vectors
from visrec_cli.encoders.compiled.inference_sessions import Array, OnnxSession
from visrec_cli.tables.failures import in_short
from visrec_cli.tables.vectors import unit_rows

OPSET = 17
LEAST_COSINE, LEAST_AGREEMENT = 0.9999, 0.99
"""How far a compiled model's vectors may be from torch's: by cosine, and by the share of equal nearest neighbours."""

_NEIGHBOURS = 5


class Uncompilable(Exception):
    """A model that has to stay in torch; the text says why."""


@dataclass(frozen=True)
class ExportDrift:
    """How two sets of vectors for the same things differ: the worst cosine, and the share of equal neighbours."""

    cosine: float
    agreement: float


def drift(exported: Vectors, plain: Vectors, neighbours: int = _NEIGHBOURS) -> ExportDrift:
    """Of two (n, d) arrays, row by row. agreement: mean share of each row's nearest that both have."""
    a, b = unit_rows(exported), unit_rows(plain)
    near = [_nearest(vectors, neighbours) for vectors in (a, b)]
    shared = [len(set(one) & set(other)) / len(one) for one, other in zip(*near, strict=True)]
    return ExportDrift(float((a.astype(np.float64) * b).sum(axis=1).min()), float(np.mean(shared)))


def _nearest(unit: Vectors, neighbours: int) -> list[list[int]]:
    scores = unit @ unit.T
    np.fill_diagonal(scores, -np.inf)
    found: list[list[int]] = np.argsort(-scores, axis=1)[:, :neighbours].tolist()
    return found


def export(module: Any, examples: dict[str, Any], outputs: Sequence[str], varying: Sequence[int], path: Path) -> None:
    """Write a torch module as ONNX. examples: its inputs by name; varying: their axes of any length, the first is the
    batch. Raises Uncompilable.

    The exporter that traces is used: it takes a second where the one that captures the program takes twelve, and what
    either makes is checked.
    """
    import torch

    axes = {name: {axis: f"axis{axis}" for axis in varying} for name in examples} | {
        name: {0: "axis0"} for name in outputs
    }
    try:
        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore")  # that tracing is old, and which branches it takes
            torch.onnx.export(
                module.eval(), tuple(examples.values()), path, dynamo=False, input_names=list(examples),
                output_names=list(outputs), dynamic_axes=axes, opset_version=OPSET,
            )  # fmt: skip
    except Exception as error:  # an operator without a counterpart, control flow: each has its own exception
        raise Uncompilable(f"it cannot be exported: {in_short(error)}") from error


def checked(path: Path, inputs: Sequence[dict[str, Array]], plain: Vectors) -> ExportDrift:
    """Run the file on each of the inputs (batches), and compare with torch's vectors for all of them.

    Raises Uncompilable when it cannot be run, or drifts too far.
    """
    try:
        session = OnnxSession(path)
        exported = np.concatenate([session.run(one)[0] for one in inputs])
    except Exception as error:  # onnxruntime has a dozen of its own
        raise Uncompilable(f"onnxruntime cannot run it: {in_short(error)}") from error
    found = drift(exported, plain)
    if not (found.cosine >= LEAST_COSINE and found.agreement >= LEAST_AGREEMENT):  # NaN fails, too
        raise Uncompilable(f"compiled it drifts to cosine {found.cosine:.5f}, agreement {found.agreement:.3f}")
    return found
