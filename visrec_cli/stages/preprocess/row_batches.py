"""From examined pictures to batches of the output table: its schema, and rows that become columns."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from visrec_cli.images.duplicates import Duplicate
from visrec_cli.images.examination import Examined
from visrec_cli.runtime.report import Report
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
_ISSUES = pa.field("quality_issues", pa.list_(pa.string()))


@dataclass(frozen=True, slots=True)
class Finished:
    """One row of the output with what its picture told; ``examined`` is None without a usable picture."""

    row: Row
    examined: Examined | None
    duplicate: Duplicate | None
    issues: list[str]


class Batcher:
    """Makes batches of one schema: the pictures' columns first, then those of the items."""

    def __init__(self, items: pa.Table | None, *, store: bool, flag: bool, report: Report) -> None:
        fields = [pa.field("item_id", pa.string()), pa.field("image_path", pa.string())]
        fields += [pa.field("image", pa.binary())] if store else []
        fields += [*_NUMBERS, *_DUPLICATES, *([_ISSUES] if flag else [])]
        self._own = [field.name for field in fields]
        if items is not None:
            replaced = [name for name in items.column_names if name in self._own[2:] and name != "image"]
            if replaced and not set(replaced) >= {"width", "sharpness", "clutter"}:  # else made by an earlier run
                report.warn(f"the column {', '.join(replaced)} of the items is replaced by that of the pictures")
            items = items.drop_columns([name for name in items.column_names if name in self._own]).combine_chunks()
            fields += [field.with_nullable(True) for field in items.schema]
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
        arrays = [columns[field.name] for field in self.schema]
        return pa.RecordBatch.from_arrays(
            [array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array for array in arrays],
            schema=self.schema,
        )


def _value(one: Finished, name: str) -> object:
    if name == "item_id":
        return one.row.item_id
    if one.examined is None:
        return None
    if name == "image_path":
        return one.row.path
    if name == "image":
        return one.examined.stored
    if name == "quality_issues":
        return one.issues
    if name == "duplicate_of":
        return one.duplicate and one.duplicate.of
    if name == "duplicate_kind":
        return one.duplicate and one.duplicate.kind
    return getattr(one.examined.quality, name)
