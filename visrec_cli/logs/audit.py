"""Audit of a log: size, time span, and overlap with the item table."""

import zlib
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.errors import InputError
from visrec_cli.logs.reader import LogNotes, singles
from visrec_cli.runtime.display import counted
from visrec_cli.tables.time import are_positions
from visrec_cli.tables.unicode_forms import FORM, composed
from visrec_cli.tables.vectors import is_embedding_type

_SHOWN = 3
_SPACES = "spaces around them"
_NEVER_MEANT = (_SPACES, FORM)  # two ids that differ in nothing else are one
# Ways in which one id is written as two, each with the words for it.
_SPELLINGS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("leading zeros (007 and 7)", lambda text: text.lstrip("0")),
    ("a '.0' at the end (7.0 and 7: numbers with gaps, as pandas writes them)", lambda text: text.removesuffix(".0")),
    (_SPACES, str.strip),
    (FORM, composed),
    ("capital letters", str.lower),
    ("a folder or an ending (imgs/7.jpg and 7)", lambda text: text.rsplit("/", 1)[-1].rsplit(".", 1)[0]),
)


def audit(table: pa.Table, notes: LogNotes, *, items: pa.Table | None = None) -> None:
    """Put users, items, density, spread and time range of a log into the report, and what it shares with ``items``.

    table: of ``read_log``, cleaned or not. items: with ``item_id``, and any of ``image_path``, ``image`` and vectors.
    Raises InputError if no interaction has an item in that table.
    """
    users, products = overview(table, notes)
    notes.report.count("users", users)
    notes.report.count("items", products)
    if items is not None:
        _meet(table, items, notes)


def overview(table: pa.Table, notes: LogNotes) -> tuple[int, int]:
    """Tell density, spread and time range of a log; how many users and items it has."""
    per_user, per_item = (_sizes(table[name]) for name in ("user_id", "item_id"))
    density = table.num_rows / (len(per_user) * len(per_item))
    notes.tell(
        "density",
        f"density {_percent(density)}; {_spread(per_user)} per user, {_spread(per_item)} per item{_range(table)}",
    )
    for kind, text in singles(table):
        notes.tell(kind, text)
    return len(per_user), len(per_item)


def _sizes(ids: pa.ChunkedArray) -> np.ndarray:
    return pc.value_counts(ids).field("counts").to_numpy()


def _spread(sizes: np.ndarray) -> str:
    return f"median {np.median(sizes):g} ({sizes.min():,} to {sizes.max():,})"


def _range(table: pa.Table) -> str:
    if "timestamp" not in table.column_names or are_positions(table["timestamp"]):
        return ""
    first, last = pc.min_max(table["timestamp"]).as_py().values()
    return f"; {first:%Y-%m-%d} to {last:%Y-%m-%d}"


def _meet(table: pa.Table, items: pa.Table, notes: LogNotes) -> None:
    """Shares of the interactions whose item has a row, a picture, a vector; ids that match no item."""
    known = items["item_id"].combine_chunks()
    place = pc.index_in(table["item_id"], known)
    matched = place.is_valid().to_numpy()
    unmatched = pc.unique(table["item_id"].filter(pa.array(~matched))).to_pylist()
    if unmatched:
        names = ", ".join(repr(one) for one in unmatched[:_SHOWN])
        what = (
            f"not in the table of items: {counted(len(unmatched), 'items')} of the log, "
            f"{_percent(1 - matched.mean())} of the interactions: {names}{' …' if len(unmatched) > _SHOWN else ''}"
        )
        hint = spelling(unmatched, known.to_pylist())
        if not matched.any():
            raise InputError(what, fix=hint or f"the items are called {', '.join(map(repr, known.to_pylist()[:3]))}")
        _tell(notes, f"{what}{f'; {hint}' if hint else ''}")
    shares = [f"{_percent(matched.mean())} of the interactions are with items of the table"]
    rows = place.filter(pa.array(matched)).combine_chunks()
    for word, has in _possessions(items):
        share = has[rows.to_numpy()].sum() / table.num_rows
        shares.append(f"{_percent(share)} with items that have {word}")
    untouched = items.num_rows - len(pc.unique(rows))
    _tell(notes, ", ".join(shares))
    if untouched:
        notes.report.count("items without interactions", untouched)


def _tell(notes: LogNotes, text: str) -> None:
    """Of log and items together: it is another note where it says another thing, as with other items."""
    notes.tell(f"items {zlib.crc32(text.encode()):08x}", text)


def _possessions(items: pa.Table) -> list[tuple[str, np.ndarray]]:
    """What items can have, each with (items,) bool."""
    pictures = [items[name].is_valid().to_numpy() for name in ("image_path", "image") if name in items.column_names]
    found = [("a picture", np.logical_or.reduce(pictures))] if pictures else []
    vectors = [field.name for field in items.schema if is_embedding_type(field.type)]
    return found + [(name, items[name].is_valid().to_numpy()) for name in vectors]


def spelling(unmatched: Sequence[str], known: Sequence[str]) -> str:
    """In what the ids differ, if that alone would make most of them match, or some where it is never meant."""
    few = ""
    for words, plain in _SPELLINGS:
        known_forms = {plain(one) for one in known}
        matching = sum(plain(one) in known_forms for one in unmatched)
        if matching > len(unmatched) / 2:
            return f"most would match but for {words}: write them alike"
        if matching and words in _NEVER_MEANT and not few:
            few = f"{matching:,} would match but for {words}: write them alike"
    return few


def _percent(share: float) -> str:
    """A share as people say it; 100 % is said only of all."""
    percent = 100 * float(share)
    digits = 0 if percent in (0, 100) else 1 if percent >= 1 else 2 if percent >= 0.1 else 4
    return f"{percent:.{digits}f} %" if percent == 100 or percent < 99.95 else "over 99.9 %"
