"""Which rows of a concatenation are kept, by their ids."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.runtime.report import Report
from visrec_cli.tables.conversions import polars_series
from visrec_cli.tables.ids import as_ids


class KeptRows:
    """All rows, or those that are the last of their id and whose id is not deleted.

    Attributes
    ----------
    column : str, optional
        The column of ids; None where all rows are kept.
    """

    def __init__(self, report: Report) -> None:
        self.column: str | None = None
        self._report = report
        self._deleted = pa.array([], pa.string())
        self._last: pa.Array | None = None

    def delete(self, ids: Sequence[str]) -> None:
        """Leave out the rows of these ids."""
        self._deleted = pa.array(ids, pa.string())

    def check(self, batch: pa.RecordBatch, where: str) -> None:
        """Raise InputError, naming the table, where a row has no id."""
        if self.column is not None:
            as_ids(batch.column(self.column), name=self.column, where=where)

    def keep_last(self, table: pa.RecordBatchReader) -> None:
        """Read all ids once, and remember which rows are the last of theirs: a bit per row."""
        ids = pa.chunked_array([self._ids(batch) for batch in table], pa.string())
        last = polars_series("ids", ids).is_last_distinct()
        self._report.count("rows replaced by later ones", len(last) - int(last.sum()))
        self._last = last.to_arrow()

    def of(self, table: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        """The batches of the same table with the rows that are kept."""
        start, left_out = 0, 0
        found = np.zeros(len(self._deleted), bool)
        for batch in table:
            self._report.advance(batch.num_rows)
            if self.column is None:
                yield batch
                continue
            kept = pa.repeat(True, batch.num_rows) if self._last is None else self._last.slice(start, batch.num_rows)
            start += batch.num_rows
            if len(self._deleted):
                places = pc.index_in(self._ids(batch), self._deleted)
                found[places.drop_null().to_numpy()] = True
                left_out += pc.sum(pc.and_(kept, places.is_valid())).as_py() or 0
                kept = pc.and_(kept, places.is_null())
            yield batch.filter(kept)
        self._report.count("rows deleted", left_out)
        if not found.all():
            lacking = self._deleted.filter(pa.array(~found))
            first = ", ".join(f"'{one}'" for one in lacking[:3].to_pylist())
            self._report.warn(f"{len(lacking):,} of the {len(found):,} ids to delete are in no table: {first}")

    def _ids(self, batch: pa.RecordBatch) -> pa.Array:
        assert self.column is not None  # only then are there ids
        return as_ids(batch.column(self.column), name=self.column)
