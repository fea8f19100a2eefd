"""The users with the lowest scores of a run: their relevant items beside their list."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.items.page_pictures import pictures_of, thumbnails_of
from visrec_cli.metrics.base import Places
from visrec_cli.registry import find
from visrec_cli.reports.evaluation_page import Tile, WorstUser
from visrec_cli.reports.gallery_items import title_of
from visrec_cli.reports.thumbnails import Thumbnail
from visrec_cli.runtime.report import Report
from visrec_cli.stages.eval.runs import Run, ScatteredError
from visrec_cli.stages.eval.truth import Truth
from visrec_cli.stages.eval.user_scores import PerUserScores

USERS, ITEMS = 12, 10  # on the page


@dataclass(frozen=True)
class _Pair:
    """A user's places: liked and got are numbers of items."""

    row: int
    liked: Places
    got: Places


def worst_served(
    scores: PerUserScores, run: Run, truth: Truth, metric: str, report: Report, *, folder: Path | None = None
) -> list[WorstUser]:
    """Those with the lowest values (the highest, of an error), among equals those with the most to find, then by id.

    metric: one of ``scores.values``. folder: where the pictures' paths count from. The run is read once more.
    """
    values = scores.values[metric]
    sign = -1 if find("metric", metric.partition("@")[0]).better == "less" else 1
    order = np.lexsort((-np.diff(truth.relevant.indptr), sign * values))  # NaN is last
    rows = order[: min(USERS, int((~np.isnan(values)).sum()))]
    lists = _lists(run, truth, rows, ITEMS)
    pairs = [_Pair(int(row), _best_first(truth, int(row)), lists.get(int(row), np.zeros(0, np.int64))) for row in rows]
    shown = sorted({int(item) for pair in pairs for item in (*pair.liked[:ITEMS], *pair.got)})
    tiles = _tiles(truth, shown, folder, report)
    return [_loaded(pair, truth, tiles, values[pair.row]) for pair in pairs]


def _lists(run: Run, truth: Truth, rows: Places, width: int) -> dict[int, Places]:
    """The first places of these users' lists."""
    wanted, found = set(map(int, rows)), dict[int, Places]()
    try:
        for block in run.blocks(truth, width):
            for at in np.flatnonzero(np.isin(block.rows, rows)):
                items = block.items[at]
                found[int(block.rows[at])] = items[items >= 0]
            if len(found) == len(wanted):
                break
    except ScatteredError:
        run.gather()
        return _lists(run, truth, rows, width)
    return found


def _best_first(truth: Truth, row: int) -> Places:
    part = truth.relevant[row]
    return part.indices[np.lexsort((part.indices, -part.data))].astype(np.int64)


def _tiles(
    truth: Truth, items: Sequence[int], folder: Path | None, report: Report
) -> dict[int, tuple[str, Thumbnail | None]]:
    """Title and picture of each item; an item that nobody knows has neither."""
    known = [item for item in items if item < len(truth.item_ids)]
    ids = [truth.item_ids[item].as_py() for item in known]
    if truth.features is None:
        return {item: (name, None) for item, name in zip(known, ids, strict=True)}
    places = pc.index_in(pa.array(ids, pa.string()), truth.features.table["item_id"].combine_chunks())
    columns = ["item_id", *truth.features.about.column_names]
    shown = truth.features.table.select(
        columns + [name for name in truth.features.table.column_names if name == "image" and name not in columns]
    )
    table = shown.take(places).combine_chunks()
    rows = table.select(columns).to_pylist()
    titles = [title_of({**row, "item_id": name}) for name, row in zip(ids, rows, strict=True)]
    batches: Iterable[pa.RecordBatch] = table.to_batches()
    locate = pictures_of(table.schema, None, folder)
    pictures = thumbnails_of([one for batch in batches for one in locate(batch)], report)
    return {item: (title, picture) for item, title, picture in zip(known, titles, pictures, strict=True)}


def _loaded(pair: _Pair, truth: Truth, tiles: dict[int, tuple[str, Thumbnail | None]], value: float) -> WorstUser:
    got, liked = set(map(int, pair.got)), set(map(int, pair.liked))

    def row(items: Places, others: set[int]) -> tuple[Tile, ...]:
        return tuple(
            Tile(*tiles.get(item, ("an item that nobody knows", None)), item in others) for item in map(int, items)
        )

    first = sorted(map(int, pair.liked), key=lambda item: item not in got)[:ITEMS]  # what was found, then the rest
    more = len(pair.liked) - len(first)
    return WorstUser(
        str(truth.users[pair.row]),
        f"{value:.3f}",
        row(np.array(first, np.int64), got),
        row(pair.got, liked),
        f"and {more:,} more to find" if more else "",
    )
