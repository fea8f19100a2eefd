"""Running a compiled model: onnxruntime, or OpenVINO where it was asked for.

A session computes with one thread, and any number of threads may use it at once: pictures are independent, so many
small jobs side by side keep all cores busy without waiting for each other, and a result cannot depend on how many
cores there are or on what else was in the batch.
"""

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from visrec_cli.errors import DeviceMemoryError, missing_extra
from visrec_cli.runtime.versions import version_of

Array = npt.NDArray[Any]
_FULL = ("bad_alloc", "Failed to allocate memory")
_starting, _started = threading.Lock(), threading.Event()


class Session(Protocol):
    """engine: name, version and arithmetic; equal engines give equal bits."""

    engine: str

    def run(self, inputs: Mapping[str, Array]) -> list[npt.NDArray[np.float32]]:
        """All outputs of the model, in its order. Safe to call from several threads."""


def engine_name(engine: str) -> str:
    """What ``Session.engine`` will be, without loading anything heavy. Raises UnavailableError for a missing extra."""
    package = "onnxruntime" if engine == "onnx" else "openvino"
    found = version_of(package)
    if found is None:
        raise missing_extra(package, package)
    return f"{package} {found} {'bfloat16' if engine.endswith('bf16') else 'float32'}"


def open_session(model: Path, engine: str) -> Session:
    """A session of ``onnx``, ``openvino`` or ``openvino-bf16`` over the file of a compiled model."""
    return OnnxSession(model) if engine == "onnx" else OpenVinoSession(model, engine)


class OnnxSession:
    """onnxruntime on the CPU, float32."""

    def __init__(self, model: Path) -> None:
        # Before it is imported: else it keeps a number of this machine in the home to tell Microsoft with, and says so
        # on the screen where it cannot. The call after it forbids telling alone.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        import onnxruntime

        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors only: what it thinks of our graph is nothing for the user
        self.engine = engine_name("onnx")
        with _memory_errors():
            self._session = onnxruntime.InferenceSession(
                os.fspath(model),
                options,
                providers=["CPUExecutionProvider"],
                enable_fallback=0,  # there is nothing to fall back to, and it prints what is wrong, on stdout
            )
        self.metadata: dict[str, str] = self._session.get_modelmeta().custom_metadata_map

    def run(self, inputs: Mapping[str, Array]) -> list[npt.NDArray[np.float32]]:
        """See Session."""
        with _memory_errors():
            return list(self._session.run(None, dict(inputs)))

    def mismatch(self, picture: tuple[int, int], dimension: int, classes: int | None) -> str | None:
        """In what the model is none from such pictures, (height, width), to such vectors and classes; None: it is."""
        taken = {one.name: (one.type, one.shape) for one in self._session.get_inputs()}
        given = {one.name: (one.type, one.shape) for one in self._session.get_outputs()}
        wanted = {"vectors": ("tensor(float)", (None, dimension))}
        wanted |= {} if classes is None else {"classes": ("tensor(float)", (None, classes))}
        for what, found, kinds in (("takes", taken, {"pixels": ("tensor(uint8)", (None, *picture, 3))}),
                                   ("gives", given, wanted)):  # fmt: skip
            if list(found) != list(kinds):
                return f"the model {what} {', '.join(found) or 'nothing'}, not {', '.join(kinds)}"
            for name, (kind, shape) in kinds.items():
                if found[name][0] != kind or not _fits(found[name][1], shape):
                    return (
                        f"the model {what} {name} as {found[name][0]} of {found[name][1]}, not {kind} of {list(shape)}"
                    )
        return None


@contextmanager
def _memory_errors() -> Iterator[None]:
    """Running out of memory is a DeviceMemoryError; onnxruntime has no class for it, only words."""
    try:
        yield
    except Exception as error:
        if not any(words in str(error) for words in _FULL):
            raise
        raise DeviceMemoryError(
            "out of memory", fix=("use fewer --threads, or a smaller --batch-size for texts", "a machine with more")
        ) from error


def _fits(found: Sequence[Any], wanted: Sequence[int | None]) -> bool:
    """Whether a shape is the wanted one; words in it stand for any number, as None does."""
    pairs = zip(found, wanted, strict=False)
    return len(found) == len(wanted) and all(b is None or not isinstance(a, int) or a == b for a, b in pairs)


class OpenVinoSession:
    """OpenVINO on the CPU; with ``-bf16`` in bfloat16 where the processor has it."""

    def __init__(self, model: Path, engine: str) -> None:
        import openvino

        self.engine = engine_name(engine)
        settings = {
            "INFERENCE_PRECISION_HINT": "bf16" if engine.endswith("bf16") else "f32",
            "INFERENCE_NUM_THREADS": 1,
            "NUM_STREAMS": 1,
        }
        core = openvino.Core()
        self._compiled: Callable[[], Any] = lambda: core.compile_model(core.read_model(model), "CPU", settings)
        self._mine = threading.local()

    def run(self, inputs: Mapping[str, Array]) -> list[npt.NDArray[np.float32]]:
        """See Session. The first call of the process is alone: OpenVINO's bindings set up tables in it, and two threads
        that do so at once wait for each other for ever, one holding Python's lock and the other the table's."""
        if _started.is_set():
            return self._infer(inputs)
        with _starting:
            results = self._infer(inputs)
            _started.set()
        return results

    def _infer(self, inputs: Mapping[str, Array]) -> list[npt.NDArray[np.float32]]:
        """Each thread has a compiled copy: one has as many streams as it was compiled for."""
        if not hasattr(self._mine, "request"):
            self._mine.request = self._compiled().create_infer_request()
        results = self._mine.request.infer(dict(inputs))
        return [np.array(results[output]) for output in results]
