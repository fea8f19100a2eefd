"""Running of compiled models by onnxruntime, or by OpenVINO if requested.

A session computes with one thread, and any number of threads may use it at once: pictures are independent, so that many
small jobs side by side keep all cores busy without waiting for each other, and a result cannot depend on the number of
cores or on the other pictures of a batch.
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
    """A compiled model that is ready to run.

    Attributes
    ----------
    engine : str
        Name, version and arithmetic; equal engines give equal bits.
    """

    engine: str

    def run(self, inputs: Mapping[str, Array]) -> list[npt.NDArray[np.float32]]:
        """Run the model. Safe to call from several threads.

        Parameters
        ----------
        inputs : Mapping[str, Array]
            Arrays by name of input.

        Returns
        -------
        list[npt.NDArray[np.float32]]
            All outputs, in the model's order.
        """


def engine_name(engine: str) -> str:
    """Give the ``Session.engine`` of an engine, without importing it.

    Parameters
    ----------
    engine : str
        "onnx", "openvino" or "openvino-bf16".

    Returns
    -------
    str
        Name, version and arithmetic.

    Raises
    ------
    UnavailableError
        If an extra is not installed.
    """
    package = "onnxruntime" if engine == "onnx" else "openvino"
    found = version_of(package)
    if found is None:
        raise missing_extra(package, package)
    return f"{package} {found} {'bfloat16' if engine.endswith('bf16') else 'float32'}"


def open_session(model: Path, engine: str) -> Session:
    """A session of "onnx", "openvino" or "openvino-bf16" over the file of a compiled model."""
    return OnnxSession(model) if engine == "onnx" else OpenVinoSession(model, engine)


class OnnxSession:
    """Session of onnxruntime on the CPU, in float32.

    Parameters
    ----------
    model : Path
        The file.
    """

    def __init__(self, model: Path) -> None:
        # Set before the import: otherwise onnxruntime stores an id of this machine in the home folder for telemetry,
        # and prints a warning where it cannot. The call after the import only disables sending.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        import onnxruntime

        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors only: its remarks on the graph do not concern the user
        self.engine = engine_name("onnx")
        with _memory_errors():
            self._session = onnxruntime.InferenceSession(
                os.fspath(model),
                options,
                providers=["CPUExecutionProvider"],
                enable_fallback=0,  # there is no fallback, and it would print errors on stdout
            )
        self.metadata: dict[str, str] = self._session.get_modelmeta().custom_metadata_map

    def run(self, inputs: Mapping[str, Array]) -> list[npt.NDArray[np.float32]]:
        """See Session."""
        with _memory_errors():
            return list(self._session.run(None, dict(inputs)))

    def mismatch(self, picture: tuple[int, int], dimension: int, classes: int | None) -> str | None:
        """Compare the model's inputs and outputs with those of an exported encoder.

        Parameters
        ----------
        picture : tuple[int, int]
            Height and width of its pictures.
        dimension : int
            Number of dimensions of its vectors.
        classes : int | None
            Number of its classes; None if it has no classifier.

        Returns
        -------
        str | None
            The first difference, in words; None if there is none.
        """
        inputs = {one.name: (one.type, one.shape) for one in self._session.get_inputs()}
        outputs = {one.name: (one.type, one.shape) for one in self._session.get_outputs()}
        wanted = {"vectors": ("tensor(float)", (None, dimension))}
        wanted |= {} if classes is None else {"classes": ("tensor(float)", (None, classes))}
        for what, found, kinds in (("takes", inputs, {"pixels": ("tensor(uint8)", (None, *picture, 3))}),
                                   ("gives", outputs, wanted)):  # fmt: skip
            if list(found) != list(kinds):
                return f"the model {what} {', '.join(found) or 'nothing'}, not {', '.join(kinds)}"
            for name, (kind, shape) in kinds.items():
                if found[name][0] != kind or not _matches(found[name][1], shape):
                    return (
                        f"the model {what} {name} as {found[name][0]} of {found[name][1]}, not {kind} of {list(shape)}"
                    )
        return None


@contextmanager
def _memory_errors() -> Iterator[None]:
    """Raise DeviceMemoryError when onnxruntime runs out of memory, for which it only has messages."""
    try:
        yield
    except Exception as error:
        if not any(words in str(error) for words in _FULL):
            raise
        raise DeviceMemoryError(
            "out of memory",
            fix=("use fewer --threads, or a smaller --batch-size for texts", "use a machine with more memory"),
        ) from error


def _matches(found: Sequence[Any], wanted: Sequence[int | None]) -> bool:
    """Whether a shape matches; names in it stand for any length, as None does."""
    pairs = zip(found, wanted, strict=False)
    return len(found) == len(wanted) and all(b is None or not isinstance(a, int) or a == b for a, b in pairs)


class OpenVinoSession:
    """Session of OpenVINO on the CPU; in bfloat16 with "openvino-bf16", if the processor supports it.

    Parameters
    ----------
    model : Path
        The file.
    engine : str
        "openvino" or "openvino-bf16".
    """

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
        self._of_thread = threading.local()

    def run(self, inputs: Mapping[str, Array]) -> list[npt.NDArray[np.float32]]:
        """Run the model.

        The first call of the process runs alone: OpenVINO's bindings set up tables in it, and two threads that do so at
        once deadlock, one holding Python's lock and the other the table's.

        Parameters
        ----------
        inputs : Mapping[str, Array]
            Arrays by name of input.

        Returns
        -------
        list[npt.NDArray[np.float32]]
            All outputs, in the model's order.
        """
        if _started.is_set():
            return self._infer(inputs)
        with _starting:
            results = self._infer(inputs)
            _started.set()
        return results

    def _infer(self, inputs: Mapping[str, Array]) -> list[npt.NDArray[np.float32]]:
        """Run the thread's own compiled copy: a compiled model has a fixed number of streams."""
        if not hasattr(self._of_thread, "request"):
            self._of_thread.request = self._compiled().create_infer_request()
        results = self._of_thread.request.infer(dict(inputs))
        return [np.array(results[output]) for output in results]
