"""Diagnostics of a run: oddities counted while it is read and reported at its end."""

from collections.abc import Collection
from dataclasses import dataclass, field

import pyarrow as pa

from visrec_cli.errors import InputError
from visrec_cli.logs.audit import spelling
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.stages.eval.truth import Truth

_SOME = 100


@dataclass
class RunDiagnostics:
    """Counts of one run.

    users: all that are recommended something; unknown_ids: those of them without truth; unserved: users of the truth
    without recommendations. places: recommendations looked at; seen: those of them that the user had before,
    and validated: of these, those from validation rows.
    odd_ranks, equal_ranks, disagreeing: users whose ranks are not 1 to n, occur twice, or contradict the scores.
    as_written: the order of the file is the order, for want of ranks and scores.
    """

    rows: int = 0
    users: int = 0
    unknown_ids: int = 0
    unserved: int = 0
    known_items: int = 0
    unknown_items: int = 0
    nan_scores: int = 0
    ties: int = 0
    odd_ranks: int = 0
    equal_ranks: int = 0
    disagreeing: int = 0
    longest: int = 0
    as_written: bool = False
    places: int = 0
    seen: int = 0
    validated: int = 0
    some_users: list[str] = field(default_factory=list)
    some_items: list[str] = field(default_factory=list)

    def show(self, some: list[str], ids: pa.Array | pa.ChunkedArray) -> None:
        """Keep a few ids for messages."""
        some.extend(ids.slice(0, _SOME - len(some)).to_pylist() if len(some) < _SOME else [])

    def refuse_strangers(self, where: str, truth: Truth) -> None:
        """Raises InputError if no user has truth, or no item is one that the truth or the catalogue knows."""
        loaded = self.users - self.unknown_ids
        if not loaded:
            known = truth.users.to_pylist()
            all_of_them = counted(self.users, truth.who)
            raise InputError(
                f"none of the {all_of_them} of {where} is in {truth.called}: '{self.some_users[0]}' …",
                fix=spelling(self.some_users, known) or f"its {truth.who} are called {_listed(known)}",
            )
        if not self.known_items:
            known = truth.item_ids.to_pylist()
            raise InputError(
                f"none of the items of {where} is in {truth.called} or the catalogue: '{self.some_items[0]}' …",
                fix=spelling(self.some_items, known) or f"its items are called {_listed(known)}",
            )

    def tell(self, name: str, truth: Truth, ks: Collection[int], report: Report) -> None:
        """Put everything that a reader of the numbers should know into the report."""
        remarks = (
            (self.unserved, truth.who, f"of {len(truth.users):,} without recommendations: counted as 0"),
            (self.unknown_ids, f"recommended {truth.who}", "without truth: left out"),
            (self.unknown_items, "recommendations", "of unknown items: each takes a place, and is wrong"),
            (self.nan_scores, "scores", "NaN or empty: the ranks are the order"),
            (self.odd_ranks, truth.who, "with ranks other than 1, 2, 3 …: taken as the order"),
            (self.equal_ranks, truth.who, "with a rank twice: there the scores decide, then lots"),
            (self.disagreeing, truth.who, "with scores that contradict the ranks: the ranks are the order"),
            (self.ties, "neighbours", "with equal scores: ordered by lot, a hash of the item's id"),
        )
        for count, what, how in remarks:
            if count:
                report.warn(f"{name}: {counted(count, what)} {how}")
        for strange, known in ((self.some_users, truth.users), (self.some_items, truth.item_ids)):
            hint = spelling(strange, known.to_pylist()) if strange else ""
            if hint:
                report.warn(f"{name}: of these unknown ids ({strange[0]!r} …) {hint}")
        if self.as_written:
            report.warn(f"{name}: neither ranks nor scores: rows are taken in their order")
        longer = [k for k in sorted(ks) if k > self.longest]
        if longer:
            report.warn(f"{name}: the longest list has {counted(self.longest, 'items')}: @{longer[0]} looks further")


def _listed(ids: list[str]) -> str:
    return ", ".join(repr(one) for one in ids[:3])
