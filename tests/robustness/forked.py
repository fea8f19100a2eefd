"""Processes of visrec that start in no time: forks of one that has loaded what they use.

What a fork runs is what ``visrec`` runs, from its ``main`` on, with its own streams, folder and environment; only the
second in which a process loads its libraries is not there. Run by its path, this is the process that is forked.
"""

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import resource
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

STEPS = ("os.rename", "os.remove", "os.chmod", "os.mkdir", "os.rmdir", "tempfile.mkstemp", "sqlite3.connect")
LOADED = (
    "numpy",
    "polars",
    "pyarrow.csv",
    "pyarrow.parquet",
    "PIL.Image",
    "jinja2",
    "scipy.sparse",
    "skimage.feature",
    "sqlglot",
)


class Forks:
    """The process that is forked, and its forks. more: modules besides that it loads, as torch."""

    def __init__(self, more: Sequence[str] = ()) -> None:
        self._socket, other = socket.socketpair()
        with other:
            command = [sys.executable, __file__, str(other.fileno()), *more]
            self._process = subprocess.Popen(command, pass_fds=[other.fileno()])

    def start(
        self,
        words: Sequence[str],
        streams: Sequence[int],
        folder: Path,
        env: Mapping[str, str],
        watch: Any = None,
        grown: int | None = None,
    ) -> int:
        """The id of a new process. streams: its stdin, stdout and stderr.

        watch: the number of the touch of the disk at which it kills itself, or a file for how many there were. grown:
        it is killed by the system when a file that it writes is to have more bytes.
        """
        request = json.dumps({"words": words, "folder": str(folder), "env": dict(env), "watch": watch, "grown": grown})
        socket.send_fds(self._socket, [request.encode()], list(streams))
        return self._answer()

    def wait(self, process: int, seconds: float) -> int:
        """How a process ended: its exit code, or less than 0 for a signal. Raises TimeoutError."""
        self._socket.settimeout(seconds)
        self._socket.send(json.dumps({"wait": process}).encode())
        return self._answer()

    def _answer(self) -> int:
        answer = self._socket.recv(100)
        assert answer, "the process that is forked has ended"
        return int(answer)

    def close(self) -> None:
        """End it."""
        self._socket.close()
        self._process.wait()


def serve(wire: socket.socket) -> None:
    """Fork and wait, as asked, until nobody asks any more."""
    while True:
        data, streams, _, _ = socket.recv_fds(wire, 1 << 16, 3)
        if not data:
            return
        request = json.loads(data)
        if "wait" in request:
            wire.send(str(os.waitstatus_to_exitcode(os.waitpid(request["wait"], 0)[1])).encode())
            continue
        process = os.fork()
        if process == 0:
            wire.close()
            become(request, streams)
        for stream in streams:
            os.close(stream)
        wire.send(str(process).encode())


def become(request: Mapping[str, Any], streams: Sequence[int]) -> NoReturn:
    """Be the command that is asked for, to its end."""
    from visrec_cli.app import main

    for place, stream in enumerate(streams):
        os.dup2(stream, place)
        os.close(stream)
    sys.stdin, sys.stdout, sys.stderr = (open(n, "w" if n else "r", closefd=False) for n in range(3))  # noqa: SIM115
    os.chdir(request["folder"])
    os.environ.update(request["env"])
    sys.argv[:] = ["visrec", *request["words"]]
    watch, grown = request["watch"], request["grown"]
    if grown is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (grown, grown))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    seen = counted(watch if isinstance(watch, int) else None) if watch is not None else lambda: 0
    code: object = 1
    try:
        main()
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
    finally:
        if isinstance(watch, str):
            Path(watch).write_text(str(seen()))
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):
                stream.flush()
        os._exit(code if isinstance(code, int) else 0)  # to take apart all that is loaded takes longer than the command


def counted(last: int | None) -> Callable[[], int]:
    """Count how often this process is about to touch the disk, and end it at the last one.

    So a kill lands between any two steps of writing a file, and at the same ones on every machine.
    """
    seen = 0

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        if touches(event, arguments):
            seen += 1
            if seen == last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    return lambda: seen


def touches(event: str, arguments: tuple[Any, ...]) -> bool:
    """Whether this changes what is on the disk: files that are opened to be written, renamed, removed."""
    if event != "open":
        return event in STEPS
    name, _, flags = arguments
    writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    return bool(writes) and isinstance(name, str | bytes) and b"__pycache__" not in os.fsencode(name)


def load(more: Sequence[str]) -> None:
    """Load what commands use: all that is light of visrec itself, and what is not."""
    import visrec_cli.commands
    import visrec_cli.stages
    from visrec_cli.runtime.startup import claim

    claim()
    for package in (visrec_cli.commands, visrec_cli.stages):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    for name in (*LOADED, *more):
        importlib.import_module(name)


if __name__ == "__main__":
    sys.path.pop(0)  # this folder: its modules are nobody's
    load(sys.argv[2:])
    gc.freeze()
    serve(socket.socket(fileno=int(sys.argv[1])))
