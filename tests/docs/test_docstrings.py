"""Rules for docstrings that pydoclint does not check, in the rooms that pyproject.toml lists for it.

pydoclint compares sections with signatures; the tests here say which docstrings need sections.
"""

import ast
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pydoclint"]["paths"]
PLACES = [ROOT / room for room in ROOMS]
FILES = sorted(file for place in PLACES for file in ([place] if place.is_file() else place.rglob("*.py")))
_NOTHING = {"None", "Never", "NoReturn", "Iterator[None]"}  # the last: a context manager
SECTIONS = ("Parameters", "Returns", "Yields", "Raises", "Attributes", "Notes", "References")


def sections(docstring: str) -> set[str]:
    """Titles of the numpydoc sections, as ``Returns`` above a line of as many dashes."""
    lines = docstring.split("\n")
    return {title for title, rule in pairwise(lines) if rule == "-" * len(title) and rule}


def public(node: ast.Module | ast.ClassDef) -> Iterator[tuple[ast.FunctionDef, ast.ClassDef | None]]:
    """Public functions and methods of a module, with their classes."""
    for child in node.body:
        if isinstance(child, ast.ClassDef) and not child.name.startswith("_"):
            yield from public(child)
        elif isinstance(child, ast.FunctionDef) and not child.name.startswith("_"):
            yield child, node if isinstance(node, ast.ClassDef) else None


def is_property(function: ast.FunctionDef) -> bool:
    """Whether it is read as an attribute, which one line describes."""
    return any(ast.unparse(one).endswith("property") for one in function.decorator_list)


def is_interface(function: ast.FunctionDef, owner: ast.ClassDef | None) -> bool:
    """Whether others write it: a method of a protocol, or an abstract one."""
    protocol = owner is not None and any(ast.unparse(base).startswith("Protocol") for base in owner.bases)
    return protocol or any(ast.unparse(one).endswith("abstractmethod") for one in function.decorator_list)


def raised(function: ast.FunctionDef) -> set[str]:
    """Names of the exception classes that the function itself raises."""
    calls = [node.exc for node in ast.walk(function) if isinstance(node, ast.Raise) and node.exc is not None]
    names = {ast.unparse(call.func if isinstance(call, ast.Call) else call) for call in calls}
    return {name for name in names if name[0].isupper() and name != "NotImplementedError"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_docstring_is_one_line_or_has_the_sections_that_it_needs(file: Path) -> None:
    wrong = []
    for function, owner in public(ast.parse(file.read_text())):
        docstring = ast.get_docstring(function) or ""
        if is_property(function) or ("\n" not in docstring and not is_interface(function, owner)):
            continue
        arguments = function.args
        parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        needed = {"Parameters"} if [one for one in parameters if one.arg not in {"self", "cls"}] else set()
        returns = function.returns is not None and ast.unparse(function.returns) not in _NOTHING
        found = {title if title != "Yields" else "Returns" for title in sections(docstring)}
        missing = sorted((needed | ({"Returns"} if returns else set())) - found)
        unnamed = sorted(name for name in raised(function) if name not in docstring)
        wrong += [f"{file.name}:{function.lineno} {function.name}: {name}" for name in missing + unnamed]
    assert wrong == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_class_has_one_line_or_the_sections_that_it_needs(file: Path) -> None:
    wrong = []
    for node in ast.walk(ast.parse(file.read_text())):
        docstring = (ast.get_docstring(node) or "") if isinstance(node, ast.ClassDef) else ""
        if not isinstance(node, ast.ClassDef) or node.name.startswith("_") or "\n" not in docstring:
            continue
        record = any("dataclass" in ast.unparse(one) for one in node.decorator_list)
        record |= any(ast.unparse(base) in {"msgspec.Struct", "NamedTuple"} for base in node.bases)
        made = [one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"]
        arguments = [one for method in made for one in [*method.args.args[1:], *method.args.kwonlyargs]]
        needed = ({"Attributes"} if record else set()) | ({"Parameters"} if arguments else set())
        wrong += [f"{file.name}:{node.lineno} {node.name}: {name}" for name in needed - sections(docstring)]
    assert wrong == []


def test_every_title_of_a_section_is_one_that_is_known() -> None:
    titles = {
        title
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.Module)
        for title in sections(ast.get_docstring(node) or "")
    }
    assert titles <= set(SECTIONS)
