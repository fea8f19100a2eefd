"""What onnxruntime does beside computing, and what it says when memory runs out."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from visrec_cli.encoders.compiled import exported, inference_sessions
from visrec_cli.encoders.compiled.inference_sessions import OnnxSession, OpenVinoSession
from visrec_cli.errors import DeviceMemoryError

OPEN = """
import contextlib, pathlib
from visrec_cli.encoders.compiled.inference_sessions import OnnxSession
with contextlib.suppress(Exception):
    OnnxSession(pathlib.Path("nothing.onnx"))
"""


@pytest.mark.parametrize("home", ["home", "nowhere/home"])
def test_nothing_is_kept_to_tell_microsoft_with_and_nothing_said(tmp_path: Path, home: str) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "nowhere").touch()
    others = {
        name: value for name, value in os.environ.items() if name not in ("XDG_CACHE_HOME", "ORT_DISABLE_TELEMETRY")
    }
    done = subprocess.run(
        [sys.executable, "-c", OPEN],
        env={**others, "HOME": os.fspath(tmp_path / home)},
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    assert not done.stderr
    assert not list((tmp_path / "home").iterdir())


class Full:
    """A session for which there is no memory."""

    def run(self, *_: object) -> list[object]:
        """As onnxruntime says it."""
        raise RuntimeError("[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : std::bad_alloc")


def test_no_memory_is_no_bug_and_no_fault_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    session = OnnxSession.__new__(OnnxSession)
    session._session = Full()
    with pytest.raises(DeviceMemoryError, match="out of memory") as refused:
        session.run({})
    assert refused.value.exit_code == 71
    session.engine = "onnx"
    with pytest.raises(DeviceMemoryError):
        exported._Guarded(Path("model.onnx"), session).run({})
    monkeypatch.setattr(exported, "OnnxSession", lambda path: session.run({}))
    with pytest.raises(DeviceMemoryError):
        exported._session(Path("model.onnx"))


def test_the_first_call_of_openvino_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    alone: list[bool] = []

    def infer(*_: object) -> list[object]:
        alone.append(inference_sessions._starting.locked())
        return []

    monkeypatch.setattr(inference_sessions, "_started", threading.Event())
    monkeypatch.setattr(OpenVinoSession, "_infer", infer)
    session = OpenVinoSession.__new__(OpenVinoSession)
    for _ in range(3):
        assert session.run({}) == []
    assert alone == [True, False, False]
