"""Standard input, output and error of a process of ours: there, though closed, and never stopped by an alphabet.

A shell may close them (``<&-``), a service may start without them. Python then has none, and the first file that is
opened takes the number of the one that is missing: what a library prints would end up in a table. So a closed one is
opened anew on the null device, the wrong way round, which no one can read from or write to by mistake.
"""

import io
import json
import math
import os
import stat
import sys
from typing import Any, BinaryIO

from visrec_cli.errors import MissingInputError, OutputError

_MODES = (os.O_WRONLY, os.O_RDONLY, os.O_WRONLY)  # what is said on a closed standard error goes nowhere
_closed: set[int] = set()


class _Forgiving(io.FileIO):
    """Standard error: words that cannot be written are lost, and change nothing about the result."""

    def write(self, data: Any) -> int:
        """As many bytes as were given."""
        try:
            return super().write(data) or 0
        except OSError:
            return memoryview(data).nbytes


def make_whole() -> None:
    """Open what is closed; let characters that a terminal does not have be shown as others. Once, before all else."""
    for number, mode in enumerate(_MODES):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, mode)  # the lowest number that is free, which is this one
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            _closed.add(number)
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, "r", closefd=False)))
    if sys.stdout is None:
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "w", closefd=False)))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    raw = io.BufferedWriter(_Forgiving(2, "w", closefd=False))
    sys.stderr = io.TextIOWrapper(raw, encoding=encoding, errors="backslashreplace", line_buffering=True)


def standard_input() -> BinaryIO:
    """The bytes of standard input. Raises MissingInputError where it is closed."""
    if 0 in _closed or sys.stdin is None:
        raise MissingInputError("stdin is closed", fix="name a file, or pipe a table in: … | visrec …")
    return sys.stdin.buffer


def standard_output() -> BinaryIO:
    """Where the bytes of results go. Raises OutputError where it is closed."""
    if output_is_closed():
        raise OutputError(
            "cannot write stdout: it is closed", fix=("-o FILE, or leave stdout open", "leave stdout open")
        )
    return sys.stdout.buffer


def output_is_closed() -> bool:
    """Whether the process was started without a standard output."""
    return 1 in _closed or sys.stdout is None


def is_log() -> bool:
    """Whether standard output is neither a file nor a pipe nor a terminal, nor thrown away: a socket of a service."""
    try:
        mode = os.fstat(sys.stdout.fileno())
        null = os.stat(os.devnull)  # noqa: PTH116
    except (OSError, ValueError):  # not of the system: somebody collects it
        return False
    if stat.S_ISREG(mode.st_mode) or stat.S_ISFIFO(mode.st_mode):
        return False
    return not sys.stdout.isatty() and mode.st_rdev != null.st_rdev


def write_json(value: Any) -> None:
    """One line of JSON on standard output, in UTF-8 whatever a terminal has, and at once."""
    line = json.dumps(value, default=str, ensure_ascii=False) + "\n"
    raw = standard_output()
    sys.stdout.flush()
    raw.write(line.encode("utf-8", "backslashreplace"))  # half of a character becomes the escape that JSON has for it
    raw.flush()


def without_nan(value: Any) -> Any:
    """JSON has no NaN and no infinity, and its readers stop at them: null, as pandas and polars write them."""
    if isinstance(value, dict):
        return {name: without_nan(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
