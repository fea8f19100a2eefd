"""From examined pictures to batches of the output table: its schema, and rows that become columns."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from visrec_cli.images.duplicates import Duplicate
from visrec_cli.images.examination import Examined
from visrec_cli.images.sources import PictureError
from visrec_cli.runtime.report import Report
from visrec_cli.stages.preprocess.listed_pictures import StoredPictures
from visrec_cli.stages.preprocess.picture_join import Row

_NUMBERS = [
    pa.field("width", pa.int32()),
    pa.field("height", pa.int32()),
    pa.field("sharpness", pa.float32()),
    pa.field("brightness", pa.float32()),
    pa.field("contrast", pa.float32()),
    pa.field("clutter", pa.float32()),
]
_DUPLICATES = [pa.field("duplicate_of", pa.string()), pa.field("duplicate_kind", pa.string())]
_PATHS, _PICTURES = pa.field("image_paths", pa.list_(pa.string())), pa.field("images", pa.list_(pa.binary()))
_ISSUES = pa.field("quality_issues", pa.list_(pa.string()))


@dataclass(frozen=True, slots=True)
class Look:
    """One picture of a row, and what became of it. at: its place among them, -1 where it is none of the
    table's. path: of its file, None where it is in the table. name: what messages call it. size: bytes in the table.
    """

    at: int
    path: str | None
    name: str | None
    size: int
    examined: Examined | PictureError


@dataclass(frozen=True, slots=True)
class Usable(Look):
    """One that can be used."""

    examined: Examined


@dataclass(frozen=True, slots=True)
class Finished:
    """One row of the output with its usable pictures, of which the first gives its numbers."""

    row: Row
    pictures: list[Usable]
    duplicate: Duplicate | None
    issues: list[str]

    @property
    def weight(self) -> int:
        """Bytes of its pictures in the output, about."""
        return sum(one.size + len(one.examined.stored or b"") for one in self.pictures)


class Batcher:
    """Makes batches of one schema: the pictures' columns first, then those of the items.

    stored: the items' own pictures, which pass on as far as they can be used.
    """

    def __init__(
        self, items: pa.Table | None, stored: StoredPictures | None, *, store: bool, flag: bool, report: Report
    ) -> None:
        fields = [pa.field("item_id", pa.string()), pa.field("image_path", pa.string())]
        fields += [pa.field("image", pa.binary())] if store else []
        if stored is not None and stored.lists:
            fields += [] if pa.types.is_binary(stored.kind.value_type) else [_PATHS]
            fields += [_PICTURES] if store else []
        fields += [*_NUMBERS, *_DUPLICATES, *([_ISSUES] if flag else [])]
        self._own = [field.name for field in fields]
        self._stored: StoredPictures | None = None
        if items is not None:
            made = {*self._own} - {"item_id", "image_path", "image", "image_paths", "images"}
            replaced = [name for name in items.column_names if name in made]
            if replaced and not set(replaced) >= {"width", "sharpness", "clutter"}:  # else made by an earlier run
                report.warn(f"the column {', '.join(replaced)} of the items is replaced by that of the pictures")
            items = items.drop_columns([name for name in items.column_names if name in self._own])
            fields += [field.with_nullable(True) for field in items.schema]
            if stored is not None and stored.column in items.column_names:
                self._stored = stored
                items = items.drop_columns([stored.column])
            items = items.combine_chunks()
        self._items = items
        self.schema = pa.schema(fields)

    def batch(self, rows: Sequence[Finished]) -> pa.RecordBatch:
        """The rows as one batch."""
        columns: dict[str, pa.Array | pa.ChunkedArray] = {
            field.name: pa.array([_value(one, field.name) for one in rows], field.type)
            for field in self.schema
            if field.name in self._own
        }
        if self._items is not None:
            part = self._items.take(pa.array([one.row.item for one in rows], pa.int64()))
            columns |= {name: part[name] for name in part.column_names}
        if self._stored is not None:
            kept = [(one.row.item, [look.at for look in one.pictures if look.at >= 0]) for one in rows]
            columns[self._stored.column] = self._stored.taken(kept)
        arrays = [columns[field.name] for field in self.schema]
        return pa.RecordBatch.from_arrays(
            [array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array for array in arrays],
            schema=self.schema,
        )


def _value(one: Finished, name: str) -> object:
    if name == "item_id":
        return one.row.item_id
    if not one.pictures:
        return None
    first = one.pictures[0]
    if name == "image_path":
        return first.path
    if name == "image":
        return first.examined.stored
    if name == "image_paths":
        paths = [look.path for look in one.pictures]
        return None if None in paths else paths
    if name == "images":
        return [look.examined.stored for look in one.pictures]
    if name == "quality_issues":
        return one.issues
    if name == "duplicate_of":
        return one.duplicate and one.duplicate.of
    if name == "duplicate_kind":
        return one.duplicate and one.duplicate.kind
    return getattr(first.examined.quality, name)
