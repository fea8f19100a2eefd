"""What is recorded of an option: a line that it changes."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.options.runner import Spy


@dataclass(frozen=True)
class Case:
    """The option, with its value, put behind a line changes what that does: what comes out, is said or is written.

    add: the option. base: the line without it, where not the verb's usual one. stdin: a file of the desk. spy: what
    options of speed reach, which nobody may see in a result. code: with which it then ends; before: and without it.
    """

    add: str
    base: str | None = None
    stdin: str = ""
    spy: Spy | None = None
    code: int = 0
    before: int = 0


@dataclass(frozen=True)
class Verb:
    """The usual line of a verb, and the cases of all its options, by their longest name."""

    base: str
    options: Mapping[str, Case]


#: Options of every verb that writes a table.
WRITES = {"--output": Case("-o x.arrow"), "--format": Case("--format ndjson")}
