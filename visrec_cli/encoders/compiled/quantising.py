"""A model for onnxruntime in whole numbers of 8 bits: a quarter of the size, and faster where the processor helps."""

import logging
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from visrec_cli.encoders.compiled.sessions import Array


def quantise(model: Path, target: Path, batches: Sequence[dict[str, Array]]) -> None:
    """Write ``target``, the model in 8 bits. batches: its inputs for pictures that it will meet, from which the range
    of every number inside is taken.

    Weights have a scale for each channel and seven bits: with eight, the sums of older processors overflow, and the
    same file would give other vectors there. Written as QDQ, which every engine reads.
    """
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.calibrate import CalibrationDataReader
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._rest: Iterator[dict[str, Array]] = iter(batches)

        def get_next(self) -> dict[str, Array] | None:
            return next(self._rest, None)

    with tempfile.TemporaryDirectory(prefix="visrec-int8-") as folder, _silence():
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(model), str(prepared), skip_symbolic_shape=True)
        settings: dict[str, Any] = {"extra_options": {"ActivationSymmetric": False, "WeightSymmetric": True}}
        quantize_static(
            str(prepared), str(target), Reader(), quant_format=QuantFormat.QDQ, per_channel=True, reduce_range=True,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, calibrate_method=CalibrationMethod.MinMax,
            **settings,
        )  # fmt: skip


@contextmanager
def _silence() -> Iterator[None]:
    """The library's advice on how to prepare a model is not for whoever runs visrec."""
    level = logging.root.level
    logging.root.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.root.setLevel(level)
