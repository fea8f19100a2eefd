"""What refusals and notes advise in the source: an option that no verb which gets there has is an advice to nobody.

``test_hints`` asks this of messages that are really said; here every text counts, also those that no test provokes.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from visrec_cli.commands.lazy_commands import VERBS, Verbs
from visrec_cli.runtime.command_line import options_in

PACKAGE = ROOT / "visrec_cli"
SAYING = {"warn", "say", "hint", "suited", "_complain"}  # and every ``fix=``
ELSEWHERE = {"--force-reinstall", "--help"}  # of pip; of every verb


def _named(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


TREES = {_named(path): ast.parse(path.read_text()) for path in PACKAGE.rglob("*.py")}


def imported(name: str) -> set[str]:
    """Modules of the package that a module imports, at its top or within."""
    found: set[str] = set()
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return found & set(TREES)


def verbs_of_modules() -> dict[str, set[str]]:
    """Which verbs import a module; none for members of the menu, which are loaded by name."""
    links = {name: imported(name) for name in TREES}
    verbs: dict[str, set[str]] = {name: set() for name in TREES}
    for verb in VERBS:
        waiting = [f"visrec_cli.commands.{verb.replace('-', '_')}"]
        while waiting:
            name = waiting.pop()
            if verb not in verbs[name]:
                verbs[name].add(verb)
                waiting += links[name]
    return verbs


def advice(tree: ast.Module) -> Iterator[str]:
    """The texts of advice in a module, each as its source."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            texts = [one.value for one in node.keywords if one.arg == "fix"] + (node.args if name in SAYING else [])
            for text in texts:
                parts = text.elts if isinstance(text, ast.Tuple) else [text]
                yield from ("".join(_constants(part)) for part in parts)


def _constants(node: ast.AST) -> Iterator[str]:
    """The words of a text, with a mark where a value stands."""
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.FormattedValue):
        yield "…"
    else:
        for child in ast.iter_child_nodes(node):
            yield from _constants(child)


OPTIONS = {
    verb: {name for one in Verbs()[verb].params for name in (*one.opts, *one.secondary_opts)} | ELSEWHERE
    for verb in VERBS
}
REACHED = verbs_of_modules()


@pytest.mark.parametrize("module", sorted(TREES))
def test_advice_names_options_that_a_verb_has(module: str) -> None:
    verbs = REACHED[module] or set(VERBS)
    for text in advice(TREES[module]):
        for name in options_in(text):
            assert any(name in OPTIONS[verb] for verb in verbs), (text, sorted(verbs))


@pytest.mark.parametrize("module", sorted(TREES))
def test_the_last_of_several_ways_names_none(module: str) -> None:
    for node in ast.walk(TREES[module]):
        for fix in (one.value for one in getattr(node, "keywords", ()) if one.arg == "fix"):
            if isinstance(fix, ast.Tuple):
                assert not options_in("".join(_constants(fix.elts[-1])))
