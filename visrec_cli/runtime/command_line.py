"""The command line that runs in this process, for those below who must know what was written on it."""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field

from visrec_cli.errors import UsageProblem


@dataclass(frozen=True)
class CommandLine:
    """A verb, all options that it has (``--store``, ``-o`` …), and those that were written, by their parameter's name.

    A stage that is called from Python has none: nothing was written, and ``require`` refuses nothing.
    """

    verb: str = ""
    options: frozenset[str] = frozenset()
    written: Mapping[str, str] = field(default_factory=dict)

    def require(self, met: bool, option: str, needs: str, *, fix: str | None = None) -> None:
        """Refuse the option of the parameter ``option`` if it was written and its need, of the input, is not ``met``.

        needs: in words, as in "--patience needs a recommender that learns in epochs". For options whose default is a
        value like any other; what is None by default can be refused wherever it is not None. Raises UsageProblem.
        """
        if not met and option in self.written:
            flag = self.written[option]
            raise UsageProblem(f"{flag} needs {needs}", fix=fix or f"leave out {flag}")


_running: ContextVar[CommandLine | None] = ContextVar("visrec_command_line", default=None)


def run_under(line: CommandLine) -> None:
    """Say which command line runs from here on."""
    _running.set(line)


def command_line() -> CommandLine:
    """The one that runs; an empty one where none does."""
    return _running.get() or CommandLine()
