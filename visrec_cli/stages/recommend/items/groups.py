"""Groups of items, such as brands, as mean vectors."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from visrec_cli.errors import InputError, UsageError, unknown
from visrec_cli.items.attributes import words_of
from visrec_cli.items.catalogue_items import CatalogueItems
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.tables.vectors import Mask, Matrix, Rows, unit_rows

_NAMED = 3


@dataclass(frozen=True)
class Groups:
    """names: in order. members: rows of the catalogue of each, in the order of their ids. small: names of too small
    groups, with their sizes."""

    catalogue: CatalogueItems
    column: str
    names: tuple[str, ...]
    members: tuple[Rows, ...]
    small: dict[str, int]

    @cached_property
    def middles(self) -> Matrix:
        """(groups, d) of length 1: the mean of the unit vectors of each group."""
        vectors = self.catalogue.vectors
        return unit_rows(np.stack([vectors[rows].mean(axis=0, dtype=np.float64) for rows in self.members]).astype("f4"))

    def row(self, name: str) -> int:
        """The place of a group. Raises UsageError, with near names, or InputError for one of too few items."""
        if name in self.names:
            return self.names.index(name)
        if name in self.small:
            raise InputError(
                f"'{name}' has {counted(self.small[name], 'items')} with a vector, too few for a direction",
                fix=f"--min-items {self.small[name]}",
            )
        raise unknown(self.column, name, list(self.names))

    def nearest(self, group: int, to: Matrix) -> int:
        """The row of the catalogue of the group's item nearest to a direction (d,); of equals the first by id."""
        rows = self.members[group]
        return int(rows[int(np.argmax(self.catalogue.vectors[rows] @ to))])


def groups_of(catalogue: CatalogueItems, column: str, *, allowed: Mask, min_items: int, report: Report) -> Groups:
    """The groups that a column names: texts such as ``A|B``, and lists, put an item into several.

    allowed: (n,) the rows of the catalogue that count. Groups of fewer than ``min_items`` items with a vector are left
    out, and noted. Raises UsageError for a column that is not there, InputError where fewer than two groups are left.
    """
    if column not in catalogue.items.column_names or column == "item_id":
        known = [name for name in catalogue.items.column_names if name != "item_id"]
        raise unknown("column", column, known)
    group_names = words_of(catalogue.items[column])
    found: dict[str, list[int]] = {}
    for row in catalogue.in_order(allowed & catalogue.present):
        for name in group_names[row]:
            found.setdefault(name, []).append(int(row))
    nameless = sum(not group_names[row] for row in np.flatnonzero(catalogue.present))
    report.count(f"items without {column}, left out", nameless)
    names = sorted(name for name, rows in found.items() if len(rows) >= min_items)
    small = {name: len(rows) for name, rows in found.items() if len(rows) < min_items}
    if small:
        shown = ", ".join(sorted(small, key=lambda name: (-small[name], name))[:_NAMED])
        more = " …" if len(small) > _NAMED else ""
        report.warn(f"{counted(len(small), 'groups')} of fewer than {min_items} items left out: {shown}{more}")
    if len(names) < 2:
        raise InputError(
            f"'{column}' has {counted(len(names), 'groups')} of at least {min_items} items with a vector",
            fix="--min-items 1, or group by another column",
        )
    members = tuple(np.array(found[name], np.int64) for name in names)
    return Groups(catalogue, column, tuple(names), members, small)


def asked_groups(groups: Groups, names: Sequence[str], everything: bool) -> list[int]:
    """The groups that are asked about. Raises UsageError for none, or for all and some."""
    if everything and names:
        raise UsageError("--all selects every group and cannot be used with --group", fix="leave out one of them")
    if not everything and not names:
        raise UsageError(
            "no group was given", fix=f"--group NAME, such as {', '.join(groups.names[:_NAMED])}, or --all"
        )
    return list(range(len(groups.names))) if everything else [groups.row(name) for name in dict.fromkeys(names)]
