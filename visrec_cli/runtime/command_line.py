"""The command line that runs in this process, for those below who must know what was written on it."""

import re
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field

from visrec_cli.errors import UsageError

_OPTION = re.compile(r"(?<![\w-])(?:--[a-z][a-z0-9-]*|-o(?= ))")
_ANOTHER = re.compile(r"\bvisrec [a-z-]+[^,;]*")  # a command line that stands in a text, of another verb


def options_in(text: str) -> list[str]:
    """The options of the verb that runs which a text names; those of another command in it are not meant."""
    return _OPTION.findall(_ANOTHER.sub("", text))


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
        value like any other; what is None by default can be refused wherever it is not None. Raises UsageError.
        """
        if not met and option in self.written:
            flag = self.written[option]
            raise UsageError(f"{flag} needs {needs}", fix=fix or f"leave out {flag}")

    def hint(self, text: str) -> str:
        """The text, or nothing where it names an option that the verb does not have."""
        return text if not self.verb or self.options.issuperset(options_in(text)) else ""

    def suited(self, hints: Iterable[str]) -> str | None:
        """The first of the ways out that this verb has; None where it has none."""
        return next(filter(None, map(self.hint, hints)), None)


_running: ContextVar[CommandLine | None] = ContextVar("visrec_command_line", default=None)


def run_under(line: CommandLine) -> None:
    """Say which command line runs from here on."""
    _running.set(line)


def command_line() -> CommandLine:
    """The one that runs; an empty one where none does."""
    return _running.get() or CommandLine()
