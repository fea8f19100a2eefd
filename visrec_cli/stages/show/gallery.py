"""``show --html``: a gallery of tables and their pictures on one page."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.errors import InputError, UsageError, unknown
from visrec_cli.items.page_pictures import Locate, pictures_of, thumbnails_of
from visrec_cli.items.pictures import PictureSource
from visrec_cli.reports.gallery_items import PRICES, card, result_row
from visrec_cli.reports.gallery_page import GalleryPage, items_page, recommendations_page
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.stages.show import open_any
from visrec_cli.tables.conversions import python_rows
from visrec_cli.tables.picture_types import is_picture_type
from visrec_cli.tables.readers import Tabular, is_path
from visrec_cli.tables.vectors import is_embedding_type

QUERIES, ITEMS, PER_QUERY = 50, 500, 60  # what fits on a page that a phone still opens
SORTABLE = 8


@dataclass
class _Kept:
    """The part of the tables that goes onto the page, and how much does not."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    pictures: list[PictureSource] = field(default_factory=list)
    asked: list[PictureSource] = field(default_factory=list)
    before: list[list[dict[str, Any]]] = field(default_factory=list)  # what the user of each query liked,
    liked: list[list[PictureSource]] = field(default_factory=list)  # and how that looked
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
    Raises UsageError where tables of both kinds are mixed, InputError where there is nothing to show.
    """
    report = report or Report()
    readers = [open_any(source, report) for source in sources]
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
    pictures = thumbnails_of([*kept.pictures, *kept.asked, *chain.from_iterable(kept.liked)], report)
    report.count("results" if group else "items", len(kept.rows))
    report.count("pictures", len({one.uri for one in pictures if one}))
    in_order = iter(pictures)
    of_rows, of_queries = list(islice(in_order, len(kept.rows))), list(islice(in_order, len(kept.asked)))
    left_out = _left_out(kept, bool(group))
    for sentence in left_out:
        report.warn(sentence)
    if group:
        shelves = [
            result_row(
                [kept.rows[i] for i in at],
                [of_rows[i] for i in at],
                query,
                shown,
                list(zip(before, islice(in_order, len(before)), strict=True)),
            )
            for at, query, before in zip(kept.groups.values(), of_queries, kept.before, strict=True)
        ]
        meta = (counted(len(shelves), "users" if group == "user_id" else "queries"), counted(len(kept.rows), "results"))
        return recommendations_page(GalleryPage(title or "Recommendations", meta, left_out), shelves)
    missing = "no picture" if any(of_rows) else ""
    cards = [card(row, picture, shown=shown, missing=missing) for row, picture in zip(kept.rows, of_rows, strict=True)]
    numbers = [n for n in names if any(n in one.values for one in cards)][:SORTABLE]
    return items_page(GalleryPage(title or "Catalogue", (counted(len(cards), "items"),), left_out, numbers), cards)


def _group(readers: Sequence[pa.RecordBatchReader]) -> str | None:
    """The column of queries, None for items. Raises UsageError unless all tables are of one kind."""
    kinds = [next((n for n in ("query_id", "user_id") if n in reader.schema.names), None) for reader in readers]
    if len(set(kinds)) > 1:
        raise UsageError("these tables are of different kinds: recommendations and items", fix="a page for each")
    return kinds[0]


def _keep(kept: _Kept, reader: pa.RecordBatchReader, group: str | None, limit: int, folder: Path | None) -> None:
    """Take the rows that go onto the page, batch by batch: a table may be far larger than any page."""
    plain = [f.name for f in reader.schema if not is_embedding_type(f.type) and not is_picture_type(f.type)]
    locate = pictures_of(reader.schema, None, folder)
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
        rows = python_rows(batch.select(plain))
        for row, picture, query_picture in zip(rows, locate(batch), asked(batch), strict=True):
            if group is not None:
                at = kept.groups[str(row[group])]
                if len(at) >= PER_QUERY:
                    kept.cut += 1
                    continue
                if not at:
                    kept.asked.append(query_picture)
                    kept.before.append(_before(row))
                    kept.liked.append(_liked(kept.before[-1], folder))
                at.append(len(kept.rows))
            kept.rows.append(row)
            kept.pictures.append(picture)


def _asked(schema: pa.Schema, folder: Path | None) -> Locate:
    """The place of each query's picture: stored with its first row, or a file."""
    stored, files = (pictures_of(schema, name, folder) for name in ("query_image", "query_image_path"))
    return lambda batch: [a if a.data is not None else b for a, b in zip(stored(batch), files(batch), strict=True)]


def _before(row: dict[str, Any]) -> list[dict[str, Any]]:
    """What a user liked, as recommend --show-history tells it."""
    history = row.get("history")
    if not isinstance(history, list):
        return []
    return [step for step in history if isinstance(step, dict) and step.get("item_id") is not None]


def _liked(rows: list[dict[str, Any]], folder: Path | None) -> list[PictureSource]:
    """The places of their pictures."""
    schema = pa.schema([("item_id", pa.string()), ("image_path", pa.string())])
    batch = pa.RecordBatch.from_pylist(
        [{"item_id": str(row["item_id"]), "image_path": row.get("image_path")} for row in rows], schema
    )
    return list(pictures_of(schema, None, folder)(batch))


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
