"""Choice of the index, and its recall."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from visrec_cli.errors import UsageError
from visrec_cli.registry import find
from visrec_cli.runtime.report import Report
from visrec_cli.tables.unit_vectors import UnitVectors
from visrec_cli.tables.vectors import Matrix

SETTINGS = {"exact": (), "annoy": ("trees", "search_k"), "faiss": ("nlist", "nprobe")}


class Index(Protocol):
    """What all indexes can do; see tests/contracts/index_suite.py for what they promise."""

    def build(self, vectors: Matrix) -> None:
        """Take the catalogue."""

    def search(self, queries: Matrix, k: int) -> tuple[Matrix, npt.NDArray[np.int64]]:
        """The k nearest of each query: scores and rows, best first, -inf and -1 where there are fewer."""


@dataclass(frozen=True)
class IndexOpener:
    """open: from (n, d) vectors of length 1 to an index over them. exact: it may also be of vectors in their column."""

    open: Callable[[Any], Index]
    exact: bool


def index_opener(
    name: str, settings: Mapping[str, int | None], k: int, *, passing: bool, report: Report
) -> IndexOpener:
    """What opens an index of this name; an approximate one is calibrated, and says so.

    settings: those that are not None must belong to this index, else UsageError. passing: there are only the items
    that pass a condition, for which no index is built or kept. Raises UnavailableError for a missing extra.
    """
    given = {key: value for key, value in settings.items() if value is not None}
    make = find("index", name)
    for key in given:
        if key not in SETTINGS.get(name, ()):
            owner = next(other for other, keys in SETTINGS.items() if key in keys)
            raise UsageError(f"--{key.replace('_', '-')} belongs to --index {owner}", fix=f"--index {owner}")
    if passing and name != "exact":
        report.warn(f"--where leaves a part of the items, which is searched exactly, without the {name} index")
    if passing or name == "exact":
        return IndexOpener(_exact, exact=True)
    make(**given)  # a missing extra is told now
    return IndexOpener(lambda vectors: _approximate(make(**given, report=report), vectors, k, report), exact=False)


def _exact(vectors: Matrix | UnitVectors) -> Index:
    from visrec_cli.indexes.exact import ExactIndex

    index = ExactIndex()
    index.build(vectors)
    return index


def _approximate(index: Any, vectors: Matrix, k: int, report: Report) -> Index:
    from visrec_cli.indexes.recall import calibrate

    index.build(vectors)
    recall, sampled = calibrate(index, k)
    report.warn(f"{index.name} recall@{k} {recall:.2f} on {sampled} sampled items ({index.effort})")
    opened: Index = index
    return opened
