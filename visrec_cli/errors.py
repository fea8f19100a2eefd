"""Every way visrec can refuse, each with the exit code that `app.main` turns it into.

A message says *what* is wrong and *where*; ``fix`` says what to do about it. Each class is also a fitting
built-in, so that Python callers can catch ``ValueError`` or ``FileNotFoundError`` without knowing visrec.
Codes follow sysexits.h where it has one (docs/errors.md lists them with real messages).
"""

import unicodedata
from collections.abc import Sequence
from difflib import get_close_matches
from typing import ClassVar


class VisrecError(Exception):
    """Base of all refusals. ``str(error)`` is the one-line message; ``fix`` the line that mends it.

    What is raised far below the verbs may give several such lines: said is the first that names no option which the
    verb that runs lacks. The last should name none.
    """

    exit_code: ClassVar[int] = 70

    def __init__(self, what: str, *, fix: str | tuple[str, ...] | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.ways = fix if isinstance(fix, tuple) else ()
        self.fix = fix[0] if isinstance(fix, tuple) else fix

    def __str__(self) -> str:  # OSError and KeyError would otherwise decorate the text
        return self.what


class CheckFailedError(VisrecError):
    """The run worked and the answer is no (``--strict``, ``--fail-under``)."""

    exit_code = 1


class UsageError(VisrecError, ValueError):
    """Flags that contradict each other, or a name nobody knows."""

    exit_code = 2


class InputError(VisrecError, ValueError):
    """The input is there and is wrong."""

    exit_code = 65


class TruncatedStreamError(InputError):
    """A stream ended before its producer said that it was whole."""


class UnpackedError(InputError):
    """A compressed input would become larger than the limit."""


class SpaceMismatchError(InputError):
    """Vectors of different spaces were about to be compared."""


class MissingInputError(VisrecError, FileNotFoundError):
    """A named input is not there."""

    exit_code = 66


class UnavailableError(VisrecError, RuntimeError):
    """An optional package, or weights, cannot be had here; ``fix`` is the line that mends it."""

    exit_code = 69


class OutputError(VisrecError, OSError):
    """The output cannot be made."""

    exit_code = 73


class TransferError(VisrecError, OSError):
    """Reading or writing failed half-way (a full disk, a broken share)."""

    exit_code = 74


class DeviceMemoryError(VisrecError, MemoryError):
    """The device ran out of memory for this batch; the stage halves the batch and tries again."""

    exit_code = 71


def unknown(what: str, name: str, known: list[str], *, fix: str | None = None) -> UsageError:
    """A refusal that shows the nearest of the known names."""
    return UsageError(
        f"unknown {what} '{name}'", fix=fix or did_you_mean(name, known, " or ") or f"one of {', '.join(known[:20])}"
    )


def did_you_mean(name: str, known: Sequence[str], join: str = ", ") -> str | None:
    """The nearest of the known names as a question; it says where only the Unicode form differs, which nobody sees."""
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    if not near:
        return None
    same = near[0] != name and unicodedata.normalize("NFC", near[0]) == unicodedata.normalize("NFC", name)
    form = " (the same letters in another Unicode form: é as one character, or as two)" if same else ""
    return f"did you mean {join.join(near)}?{form}"


def missing_extra(package: str, extra: str, *, note: str = "") -> UnavailableError:
    """The refusal for an optional package that is not installed, with the line that installs it."""
    return UnavailableError(f"{package} is not installed{note}", fix=f"pip install 'visrec-cli[{extra}]'")


AnswerIsNo, UsageProblem, CutStreamError = CheckFailedError, UsageError, TruncatedStreamError  # their names in 0.1
