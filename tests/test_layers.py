"""Imports go one way: no module reaches itself again, by imports inside of functions either."""

from graphlib import CycleError, TopologicalSorter

import grimp
import pytest


def circle(imports: dict[str, set[str]]) -> list[str]:
    """The modules of a circle in their order, none where there is no circle."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = grimp.build_graph("visrec_cli", cache_dir=None)
    assert circle({module: graph.find_modules_directly_imported_by(module) for module in graph.modules}) == []


@pytest.mark.parametrize("third", ["a", "b"])
def test_a_circle_is_found(third: str) -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {third}})
