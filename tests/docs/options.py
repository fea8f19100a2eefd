"""The page of options: every option of every verb, and what it needs. ``python -m tests.docs.options`` rewrites it."""

from collections.abc import Iterator
from typing import Any

from tests.conftest import ROOT
from visrec_cli.commands.lazy_commands import VERBS, Verbs
from visrec_cli.options.requirements import Requirement, flag_of

PAGE = ROOT / "docs" / "options.md"
HEAD = """# Options, and what each needs

<!-- made from what the options declare: `make docs` -->

No option is accepted without effect. One that means something only beside another, in a certain way of asking, or with
a certain input says so here; where that is not so, it is refused with exit code 2 before any work, or, where only the
input can tell, as soon as that is read. A test goes through every option of every verb: it changes something, or is
refused and says why. What the options mean: [the reference](reference/preprocess.md), a page per verb.
"""


def options_of(verb: str) -> Iterator[tuple[Any, tuple[Requirement, ...]]]:
    """The options of a verb in the order of its help, each with what it declares."""
    command = Verbs()[verb]
    for parameter in command.params:
        if parameter.param_type_name == "option":
            yield parameter, tuple(command.requirements.get(parameter.name, ()))


def section(verb: str) -> str:
    """What is said of one verb."""
    parameters = {one.name: one for one in Verbs()[verb].params}
    free, bound = [], []
    for parameter, declared in options_of(verb):
        names = " / ".join(dict.fromkeys(f"`{flag_of(parameter, off=off)}`" for off in (False, True)))
        if declared:
            words = "; ".join(one.words(parameters) for one in declared)
            bound.append(f"| {names} | {words.replace('|', chr(92) + '|')} |")
        else:
            free.append(names)
    lines = [f"## {verb}", "", f"In every run: {', '.join(free)}."] if free else [f"## {verb}"]
    return "\n".join([*lines, *(["", "| option | needs |", "|---|---|", *bound] if bound else [])])


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, "\n\n".join(map(section, VERBS))]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
