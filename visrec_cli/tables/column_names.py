"""Handling of repeated column names."""

from collections import Counter
from collections.abc import Iterable, Sequence

from visrec_cli.runtime.report import Report

REPEATED = "_duplicated_"
"""Stands between the name of a column that was there before and its number, from 0 on; polars has the same form."""

_SHOWN = 3


def unique_names(names: Iterable[str]) -> list[str]:
    """The names in their order: the first of several equal ones keeps it, the others become ``NAME_duplicated_0`` …"""
    names = list(names)
    taken = set(names)
    seen: set[str] = set()
    found = []
    for name in names:
        unique, number = name, 0
        while unique in seen or (unique != name and unique in taken):
            unique, number = f"{name}{REPEATED}{number}", number + 1
        seen.add(unique)
        found.append(unique)
    return found


def original_name(name: str) -> str:
    """The name as it stood in the file."""
    return name.split(REPEATED)[0]


def note_repeated(names: Sequence[str], where: str, report: Report) -> None:
    """Say which columns have one name, and which of them is taken by it."""
    given = unique_names(names)
    for name, n in Counter(names).items():
        if n > 1:
            others = [f"'{new}'" for old, new in zip(names, given, strict=True) if old == name != new]
            who = "another is" if n == 2 else "the others are"
            called = ", ".join(others[:_SHOWN]) + (" …" if len(others) > _SHOWN else "")
            report.warn(f"{where} has {n} columns '{name}': the first is taken; {who} called {called} here")
