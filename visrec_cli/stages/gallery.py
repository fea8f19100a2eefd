"""``show --html``: tables and their pictures become one page."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.catalogue import unknown
from visrec_cli.errors import InputError, UsageProblem
from visrec_cli.images.decode import PictureError, load_picture
from visrec_cli.images.parallel import ordered_map
from visrec_cli.reports.cards import PRICES, card, shelf
from visrec_cli.reports.gallery import Page, items_page, recommendations_page
from visrec_cli.reports.thumbnails import SIDE, Thumbnail, thumbnail
from visrec_cli.runtime.reporting import Report
from visrec_cli.runtime.words import counted
from visrec_cli.stages.pictures import PictureColumns, PictureSource
from visrec_cli.stages.show import open_any
from visrec_cli.tables.columns import is_embedding_type
from visrec_cli.tables.reading import Tabular, is_path

QUERIES, ITEMS, PER_QUERY = 50, 500, 60  # what fits on a page that a phone still opens
SORTABLE = 8
Locate = Callable[[pa.RecordBatch], Iterable[PictureSource]]


@dataclass
class _Kept:
    """The part of the tables that goes onto the page, and how much does not."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    pictures: list[PictureSource] = field(default_factory=list)
    asked: list[PictureSource] = field(default_factory=list)
    groups: dict[str, list[int]] = field(default_factory=dict)  # query → its rows
    others: set[str] = field(default_factory=set)  # queries left out
    cut: int = 0  # rows left out


def gallery(
    sources: Sequence[Tabular],
    *,
    title: str | None = None,
    columns: Sequence[str] = (),
    limit: int | None = None,
    report: Report | None = None,
) -> str:
    """One HTML page: queries beside their results where there is a ``query_id`` (or ``user_id``), else a grid of items.

    columns: values to show on each card (by default the price). limit: queries, or items, on the page.
    Raises UsageProblem where tables of both kinds are mixed, InputError where there is nothing to show.
    """
    report = report or Report()
    readers = [open_any(source) for source in sources]
    group = _group(readers)
    names = list(dict.fromkeys(name for reader in readers for name in reader.schema.names))
    for name in columns:
        if name not in names:
            raise unknown("column", name, names)
    shown = columns or [name for name in names if name.lower() in PRICES][:1]
    kept = _Kept()
    for source, reader in zip(sources, readers, strict=True):
        _keep(kept, reader, group, limit or (QUERIES if group else ITEMS), _folder(source))
    if not kept.rows:
        raise InputError("there are no rows to show", fix="look at the table with: visrec show TABLE")
    pictures = _thumbnails([*kept.pictures, *kept.asked], report)
    report.count("results" if group else "items", len(kept.rows))
    report.count("pictures", len({one.uri for one in pictures if one}))
    of_rows, of_queries = pictures[: len(kept.rows)], pictures[len(kept.rows) :]
    left_out = _left_out(kept, bool(group))
    for sentence in left_out:
        report.warn(sentence)
    if group:
        shelves = [
            shelf([kept.rows[i] for i in at], [of_rows[i] for i in at], query, shown)
            for at, query in zip(kept.groups.values(), of_queries, strict=True)
        ]
        meta = (counted(len(shelves), "queries"), counted(len(kept.rows), "results"))
        return recommendations_page(Page(title or "Recommendations", meta, left_out), shelves)
    missing = "no picture" if any(of_rows) else ""
    cards = [card(row, picture, shown=shown, missing=missing) for row, picture in zip(kept.rows, of_rows, strict=True)]
    numbers = [n for n in names if any(n in one.values for one in cards)][:SORTABLE]
    return items_page(Page(title or "Catalogue", (counted(len(cards), "items"),), left_out, numbers), cards)


def _group(readers: Sequence[pa.RecordBatchReader]) -> str | None:
    """The column of queries, None for items. Raises UsageProblem unless all tables are of one kind."""
    kinds = [next((n for n in ("query_id", "user_id") if n in reader.schema.names), None) for reader in readers]
    if len(set(kinds)) > 1:
        raise UsageProblem("these tables are of different kinds: recommendations and items", fix="a page for each")
    return kinds[0]


def _keep(kept: _Kept, reader: pa.RecordBatchReader, group: str | None, limit: int, folder: Path | None) -> None:
    """Take the rows that go onto the page, batch by batch: a table may be far larger than any page."""
    plain = [f.name for f in reader.schema if not is_embedding_type(f.type) and not pa.types.is_binary(f.type)]
    locate = _pictures(reader.schema, None, folder)
    asked = _asked(reader.schema, folder)
    for whole in reader:
        batch = whole
        if group is None:
            batch = whole.slice(0, max(0, limit - len(kept.rows)))
        else:
            for query in map(str, pc.unique(whole[group]).to_pylist()):
                if len(kept.groups) < limit:
                    kept.groups.setdefault(query, [])
                elif query not in kept.groups:
                    kept.others.add(query)
            batch = whole.filter(pc.is_in(pc.cast(whole[group], pa.string()), pa.array(kept.groups, pa.string())))
        kept.cut += whole.num_rows - batch.num_rows
        rows = batch.select(plain).to_pylist()
        for row, picture, query_picture in zip(rows, locate(batch), asked(batch), strict=True):
            if group is not None:
                at = kept.groups[str(row[group])]
                if len(at) >= PER_QUERY:
                    kept.cut += 1
                    continue
                if not at:
                    kept.asked.append(query_picture)
                at.append(len(kept.rows))
            kept.rows.append(row)
            kept.pictures.append(picture)


def _asked(schema: pa.Schema, folder: Path | None) -> Locate:
    """The place of each query's picture: stored with its first row, or a file."""
    stored, files = (_pictures(schema, name, folder) for name in ("query_image", "query_image_path"))
    return lambda batch: [a if a.data is not None else b for a, b in zip(stored(batch), files(batch), strict=True)]


def _pictures(schema: pa.Schema, column: str | None, folder: Path | None) -> Locate:
    """A function from a batch to the place of each row's picture; "no picture" where the table has none at all."""
    try:
        return PictureColumns(schema, column=column, folder=folder).rows
    except (InputError, UsageProblem):
        return lambda batch: [PictureSource(None, None, None)] * batch.num_rows


def _thumbnails(sources: Sequence[PictureSource], report: Report) -> list[Thumbnail | None]:
    """A thumbnail for each place, each picture read once; what cannot be read is a reject and shown as a frame."""
    once = {(source.data, source.path): source for source in sources}
    report.expect(len(once), "thumbnails")
    made: dict[tuple[bytes | None, str | None], Thumbnail | None] = {}
    for (key, source), result in zip(once.items(), ordered_map(_attempt, once.values()), strict=True):
        report.advance()
        if isinstance(result, str):
            report.reject("show", result, path=source.path, item_id=source.item_id)
        made[key] = result if isinstance(result, Thumbnail) else None
    return [made[source.data, source.path] for source in sources]


def _attempt(source: PictureSource) -> Thumbnail | str | None:
    """The thumbnail, or why a picture that is named cannot be had, or None where none is named."""
    if source.data is None and source.path is None:
        return None
    try:
        return source.refusal or thumbnail(load_picture(source.data or str(source.path), at_least=(SIDE, SIDE)))
    except PictureError as error:
        return str(error)


def _left_out(kept: _Kept, grouped: bool) -> list[str]:
    """What the page does not show, in a sentence."""
    rows = len(kept.rows)
    if kept.others:
        queries = len(kept.groups)
        return [f"Only {queries:,} of {queries + len(kept.others):,} queries are shown (--limit shows more)"]
    if kept.cut:
        what = (
            f"results are shown: at most {PER_QUERY} of a query" if grouped else "items are shown (--limit shows more)"
        )
        return [f"Only {rows:,} of {rows + kept.cut:,} {what}"]
    return []


def _folder(source: Tabular) -> Path | None:
    return Path(source).parent if is_path(source) and str(source) != "-" else None
