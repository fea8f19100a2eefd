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
"""Limits for the vectors of a compiled model: cosine with torch's, and share of equal nearest neighbours."""

_NEIGHBOURS = 5


class Uncompilable(Exception):
    """A model has to stay in torch; the message says why."""


@dataclass(frozen=True)
class ExportDrift:
    """Difference between two sets of vectors for the same items.

    Attributes
    ----------
    cosine : float
        Smallest cosine between the vectors of an item.
    agreement : float
        Mean share of nearest neighbours that both sets have.
    """

    cosine: float
    agreement: float


def drift(exported: Vectors, plain: Vectors, neighbours: int = _NEIGHBOURS) -> ExportDrift:
    """Compare two sets of vectors, row by row.

    Parameters
    ----------
    exported : Vectors
        (n, d) float32.
    plain : Vectors
        (n, d) float32.
    neighbours : int, default=_NEIGHBOURS
        Number of nearest neighbours to compare.

    Returns
    -------
    ExportDrift
        The difference.
    """
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
    """Write a torch module as ONNX, by tracing.

    Tracing takes a second where the exporter that captures the program takes twelve; the result is checked either way.

    Parameters
    ----------
    module : Any
        The module.
    examples : dict[str, Any]
        Inputs by name.
    outputs : Sequence[str]
        Names of the outputs.
    varying : Sequence[int]
        Axes of the inputs with variable length; the first one is the batch.
    path : Path
        The file.

    Raises
    ------
    Uncompilable
        If it cannot be exported.
    """
    import torch

    axes = {name: {axis: f"axis{axis}" for axis in varying} for name in examples} | {
        name: {0: "axis0"} for name in outputs
    }
    try:
        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore")  # that tracing is deprecated, and which branches it takes
            torch.onnx.export(
                module.eval(), tuple(examples.values()), path, dynamo=False, input_names=list(examples),
                output_names=list(outputs), dynamic_axes=axes, opset_version=OPSET,
            )  # fmt: skip
    except Exception as error:  # missing operators, control flow: each has its own exception
        raise Uncompilable(f"it cannot be exported: {in_short(error)}") from error


def checked(path: Path, inputs: Sequence[dict[str, Array]], plain: Vectors) -> ExportDrift:
    """Run an exported file, and compare its vectors with torch's.

    Parameters
    ----------
    path : Path
        The file.
    inputs : Sequence[dict[str, Array]]
        Batches of inputs by name.
    plain : Vectors
        (n, d) float32 vectors of torch, for all batches.

    Returns
    -------
    ExportDrift
        The difference.

    Raises
    ------
    Uncompilable
        If the file cannot be run, or its vectors differ too much.
    """
    try:
        session = OnnxSession(path)
        exported = np.concatenate([session.run(one)[0] for one in inputs])
    except Exception as error:  # onnxruntime has a dozen exceptions of its own
        raise Uncompilable(f"onnxruntime cannot run it: {in_short(error)}") from error
    found = drift(exported, plain)
    if not (found.cosine >= LEAST_COSINE and found.agreement >= LEAST_AGREEMENT):  # NaN fails, too
        raise Uncompilable(f"its compiled vectors differ: cosine {found.cosine:.5f}, agreement {found.agreement:.3f}")
    return found
