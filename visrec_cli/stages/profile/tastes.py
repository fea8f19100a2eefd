"""One user's taste: prototypes, categories, recency, change, and remarks on small samples."""

from dataclasses import dataclass

import numpy as np

from visrec_cli.recommenders.data import Times
from visrec_cli.runtime.display import counted
from visrec_cli.stages.profile.likes import Likes
from visrec_cli.stages.profile.prototypes import FEW, Grouping, prototypes_of
from visrec_cli.stages.profile.statistics import HALF, SIGNIFICANT, ShareChange, changed, drift_of, surely
from visrec_cli.tables.time import are_positions
from visrec_cli.tables.vectors import Rows


@dataclass(frozen=True)
class TastePart:
    """A prototype or a category. items: of the user, the most typical first (of a category the latest first).

    everyone: its share of what all users liked, of categories only. early, late: its share of each half of the
    history, None where there are no halves. sure: "more" or "less" than everyone. change: "rose" or "fell".
    """

    name: str | None
    items: Rows
    share: float
    everyone: float | None = None
    sure: str | None = None
    early: float | None = None
    late: float | None = None
    change: str | None = None
    alike: float | None = None

    @property
    def lift(self) -> float | None:
        """How many times everyone's share."""
        return self.share / self.everyone if self.everyone else None


@dataclass(frozen=True)
class Taste:
    """items: what the user liked, oldest first; times: when. notes: what cannot be said, in sentences."""

    user: str
    items: Rows
    times: Times | None
    prototypes: tuple[TastePart, ...]
    categories: tuple[TastePart, ...]
    grouping: Grouping | None
    drift: ShareChange | None
    notes: tuple[str, ...]

    @property
    def dated(self) -> bool:
        """Whether somebody knows when, and not only in which order."""
        return self.times is not None and not are_positions(self.times)

    def span(self, items: Rows) -> tuple[int, int] | None:
        """The first and the last time of some of the items; None where nobody knows, or only in which order."""
        if self.times is None or not self.dated or not len(items):
            return None
        when = self.times[np.isin(self.items, items)]
        return int(when.min()), int(when.max())


def taste_of(likes: Likes, user: str, *, seed: int = 0) -> Taste:
    """The taste of one user."""
    items, times = likes.of(user)
    notes: list[str] = []
    halves = _halves(items, times, notes)
    prototypes, grouping, drift = _looks(likes, items, halves, notes, seed)
    categories = _categories(likes, items, halves, notes)
    return Taste(user, items, times, prototypes, categories, grouping, drift, tuple(notes))


def _halves(items: Rows, times: Times | None, notes: list[str]) -> tuple[Rows, Rows] | None:
    if times is None:
        notes.append("Nothing says when this was liked: no recency, and no change")
    elif len(items) < 2 * HALF:
        notes.append(f"{counted(len(items), 'liked items')}: too few to tell whether the taste changed ({2 * HALF} do)")
    elif times[0] == times[-1]:
        notes.append("All was liked at one time: no change can be seen")
    else:
        return items[: len(items) // 2], items[len(items) // 2 :]
    return None


def _looks(
    likes: Likes, items: Rows, halves: tuple[Rows, Rows] | None, notes: list[str], seed: int
) -> tuple[tuple[TastePart, ...], Grouping | None, ShareChange | None]:
    if likes.content is None:
        notes.append("Nothing says what the items look like: no prototypes (--items TABLE with vectors)")
        return (), None, None
    embedded = items[likes.content.valid[items]]
    if len(embedded) < len(items):
        notes.append(f"{len(items) - len(embedded):,} of {counted(len(items), 'liked items')} without a vector")
    if not len(embedded):
        return (), None, None
    vectors = likes.content.vectors[embedded]
    found = prototypes_of(vectors, seed=seed)
    if len(embedded) < FEW:
        notes.append(
            f"{counted(len(embedded), 'items')} with a vector: too few to tell groups of looks apart ({FEW} do)"
        )
    elif found.p is not None and not found.p <= SIGNIFICANT:
        notes.append(
            f"No distinct styles found (p = {found.p:.2f}); the groups below are only a way to browse this user's likes"
        )
    parts = tuple(_part(None, embedded[one.members], items, halves, alike=one.alike) for one in found.prototypes)
    enough = halves is not None and len(embedded) >= 2 * HALF
    return parts, found, drift_of(vectors, seed=seed) if enough else None


def _categories(likes: Likes, items: Rows, halves: tuple[Rows, Rows] | None, notes: list[str]) -> tuple[TastePart, ...]:
    """Those that the user has, most frequent first, then those that are surely rarer than everyone's."""
    if likes.kinds is None:
        notes.append("Nothing says of which category the items are (--items TABLE, --category COLUMN)")
        return ()
    kinds = likes.kinds.astype(np.int64)
    everyone = np.asarray(kinds[likes.history.indices].sum(axis=0)).ravel() / max(likes.history.nnz, 1)
    part_items = kinds[items].toarray() > 0
    counts = part_items.sum(axis=0)
    sure = surely(counts, len(items), everyone)
    half = len(items) // 2
    ways = (
        changed(part_items[:half].sum(axis=0), part_items[half:].sum(axis=0), half, len(items) - half)
        if halves
        else None
    )
    wanted = [kind for kind in range(len(likes.kind_names)) if counts[kind] or sure[kind]]
    wanted.sort(key=lambda kind: (-counts[kind], -everyone[kind], likes.kind_names[kind]))
    if len(items) < 2 * HALF and not any(sure):
        notes.append(f"{counted(len(items), 'liked items')}: shares of categories may be chance")
    return tuple(
        _part(
            likes.kind_names[kind], items[part_items[:, kind]][::-1], items, halves,
            everyone=float(everyone[kind]), sure=sure[kind], change=ways[kind] if ways else None,
        )
        for kind in wanted
    )  # fmt: skip


def _part(
    name: str | None, part_items: Rows, items: Rows, halves: tuple[Rows, Rows] | None, **more: object
) -> TastePart:
    early, late = (float(np.isin(half, part_items).mean()) for half in halves) if halves else (None, None)
    return TastePart(name, part_items, len(part_items) / max(len(items), 1), early=early, late=late, **more)  # type: ignore[arg-type]
