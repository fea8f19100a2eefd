"""``export-encoder``: a picture encoder as one ONNX file in 32 or 8 bits, with accuracy and speed."""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from visrec_cli.embedding.framed_pictures import Pictures
from visrec_cli.encoders.compiled.exported import manifest_for
from visrec_cli.encoders.compiled.images import write_images
from visrec_cli.encoders.compiled.inference_sessions import Array, OnnxSession
from visrec_cli.encoders.compiled.onnx_export import Uncompilable, drift
from visrec_cli.encoders.compiled.quantisation import quantise
from visrec_cli.encoders.factory import COMPILED, check_spec
from visrec_cli.encoders.finetuning.backbones import features
from visrec_cli.encoders.frame import Framing
from visrec_cli.encoders.framed_images import numbers_of
from visrec_cli.errors import InputError, UsageError
from visrec_cli.items.pictures import picture_columns
from visrec_cli.items.source import open_items
from visrec_cli.options.classes import options_of, takes
from visrec_cli.options.export_encoder import ExportOptions
from visrec_cli.registry import find
from visrec_cli.runtime.device import pick_device
from visrec_cli.runtime.report import Report
from visrec_cli.tables.atomic import atomic, check_place
from visrec_cli.tables.vectors import unit_rows

FEWEST = 24
"""Pictures below which neither ranges nor neighbours mean anything."""
_NEIGHBOURS = 10
_ENOUGH = 0.85  # share of the nearest that 8 bits should leave as they are


@dataclass(frozen=True)
class Exported:
    """One way to compute, beside a plainer one on the same pictures.

    size: bytes of the file. seconds: for a picture, on one thread, the median. cosine, worst: to the plainer one's
    vectors, mean and least. agreement: the share of the ten nearest that both have.
    """

    name: str
    beside: str
    size: int
    seconds: float
    cosine: float
    worst: float
    agreement: float


@takes(ExportOptions)
def export_encoder(
    spec: str, output: str | Path, options: ExportOptions | None = None, *, report: Report | None = None, **named: Any
) -> list[Exported]:
    """Write an encoder as a file that ``onnx:FILE`` opens.

    Parameters
    ----------
    spec : str
        The encoder.
    output : str | Path
        The file to write.
    options : ExportOptions | None, default=None
        The format, the precision and the pictures; None: the defaults.
    report : Report | None, default=None
        Where pictures that cannot be used are recorded.
    **named : Any
        Options by name, instead of those in ``options``.

    Returns
    -------
    list[Exported]
        What was written in 32 bits beside the original; with ``int8``, then also in 8 bits beside 32.

    Raises
    ------
    UsageError
        An encoder that cannot be exported, or options that contradict each other.
    InputError
        Too few usable pictures.
    OutputError
        A file that cannot be written; raised before any work.
    """
    report, output = report or Report(), Path(output)
    options = options_of(ExportOptions, options, named)
    int8 = options.int8
    check_place(output)
    check_spec("image-encoder", spec)
    family, _, rest = spec.partition(":")
    if family not in COMPILED:
        raise UsageError(f"'{spec}' cannot be exported", fix=f"one of {', '.join(COMPILED)} can")
    plain = find("image-encoder", family)(rest, device=pick_device("cpu"))
    if plain.framing is None:
        raise UsageError(f"'{spec}' cannot be exported: its preprocessing is not supported")
    pixels = _made_up(plain.framing) if options.calibrate is None else _sampled(plain.framing, options, report)
    with tempfile.TemporaryDirectory(prefix="visrec-export-") as name:
        wide, narrow = Path(name) / "wide.onnx", Path(name) / "narrow.onnx"
        try:
            write_images(plain, wide)
        except Uncompilable as error:
            raise UsageError(f"'{spec}' cannot be exported: {error}", fix="use it as it is") from error
        ranges, judged = (pixels[::2], pixels[1::2]) if int8 else ([], pixels)
        found = [_beside_torch(plain, wide, judged, report)]
        if int8:
            quantise(wide, narrow, [{"pixels": one} for one in ranges])
            found.append(_beside(narrow, wide, judged, report))
            if found[-1].agreement < _ENOUGH:
                report.warn(
                    f"the 8-bit model differs: of the ten nearest {found[-1].agreement:.0%} are the same. Look "
                    "at what it finds before you use it, or export it in 32 bits"
                )
        classes = list(plain.classes) if plain.classes else None
        _write(narrow if int8 else wide, output, manifest_for(plain.space, plain.framing, classes, _arithmetic(int8)))
    return found


def _arithmetic(int8: bool) -> str:
    return "int8" if int8 else "float32"


def _write(model: Path, output: Path, manifest: dict[str, str]) -> None:
    import onnx

    loaded = onnx.load(str(model))
    onnx.helper.set_model_props(loaded, manifest)
    with atomic(output) as raw:
        raw.write(loaded.SerializeToString(deterministic=True))


def _sampled(framing: Framing, options: ExportOptions, report: Report) -> list[Array]:
    """(1, height, width, 3) uint8 of pictures drawn from a table or folder."""
    source = options.calibrate
    table = open_items(source, id_column=options.id_column, report=report).read_all()
    columns = picture_columns(table.schema, source, options.image_column)
    sources = [one for batch in table.to_batches() for one in columns.rows(batch)]
    rows = np.sort(np.random.default_rng(options.seed).permutation(len(sources))[: options.sample])
    pictures = Pictures(sources, framing, threads=None)
    usable = rows[pictures.check(rows, report)]
    if len(usable) < FEWEST:
        raise InputError(
            f"only {len(usable)} of the pictures can be used; at least {FEWEST} are needed",
            fix="--calibrate a folder or table with more pictures",
        )
    return [pictures(np.array([row]))[0][None] for row in usable]


def _made_up(framing: Framing) -> list[Array]:
    from visrec_cli.encoders.compiled.images import made_up_pictures

    return [framing(picture)[None] for picture in made_up_pictures()]


def _beside_torch(plain: Any, model: Path, pixels: Sequence[Array], report: Report) -> Exported:
    import torch

    session_vectors, seconds = _run([OnnxSession(model)], pixels, report)
    with torch.inference_mode():
        original = np.concatenate(
            [features(plain.model, numbers_of(torch.tensor(one), plain.statistics)).numpy() for one in pixels]
        )
    return _compared("onnx float32", "torch", model, session_vectors[0], original, seconds[0])


def _beside(model: Path, other: Path, pixels: Sequence[Array], report: Report) -> Exported:
    vectors, seconds = _run([OnnxSession(model), OnnxSession(other)], pixels, report)
    return _compared("onnx int8", "onnx float32", model, vectors[0], vectors[1], seconds[0])


def _run(sessions: Sequence[OnnxSession], pixels: Sequence[Array], report: Report) -> tuple[list[Array], list[float]]:
    """Vectors of each session, and its median seconds for a picture; in turn, so that both meet a busy machine."""
    report.expect(len(pixels), "pictures compared")
    vectors: list[list[Array]] = [[] for _ in sessions]
    seconds: list[list[float]] = [[] for _ in sessions]
    for one in pixels:
        for place, session in enumerate(sessions):
            start = time.perf_counter()
            vectors[place].append(session.run({"pixels": one})[0])
            seconds[place].append(time.perf_counter() - start)
        report.advance()
    return [np.concatenate(some) for some in vectors], [float(np.median(some)) for some in seconds]


def _compared(name: str, beside: str, model: Path, session_vectors: Array, original: Array, seconds: float) -> Exported:
    cosines = np.einsum("ij,ij->i", unit_rows(session_vectors), unit_rows(original), dtype=np.float64)
    found = drift(session_vectors, original, neighbours=min(_NEIGHBOURS, len(session_vectors) - 1))
    return Exported(
        name, beside, model.stat().st_size, seconds, float(cosines.mean()), float(cosines.min()), found.agreement
    )
