"""Parquet in: row group by row group, each asked for its size before it is unpacked."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from visrec_cli.errors import InputError
from visrec_cli.runtime.decompression_limits import Unpacking
from visrec_cli.runtime.report import Report
from visrec_cli.tables.batch_validation import plainly
from visrec_cli.tables.checksums import Verification, compare
from visrec_cli.tables.column_names import note_repeated
from visrec_cli.tables.failures import LIBRARY_FAILURES, in_short
from visrec_cli.tables.parquet_pages import Chunk, Page, chunks_of, pages_of
from visrec_cli.tables.types import plain_schema

_OTHERWISE = "or leave out rows or columns before (duckdb, polars)"
_ROWS = 8192
_TEXTS = 1 << 28  # bytes of texts from dictionaries in a batch, at most, if a single row does not have more
_WIDTHS = {"BOOLEAN": 1, "INT32": 4, "INT64": 8, "INT96": 8, "FLOAT": 4, "DOUBLE": 8, "BYTE_ARRAY": 4}
_HARDLY = (0, 1)  # codecs: none, and snappy, which packs to a twentieth at most; their pages need not be looked at
_LEVELS = 4  # bytes of a value of lists besides: where its list begins, and whether it is there


def read_parquet(mapped: Any, where: str, verification: Verification | None, report: Report) -> pa.RecordBatchReader:
    """A reader over a Parquet file. Raises InputError for what is none or is damaged, UnpackedError for pages, or
    rows, that become larger than runtime.decompression_limits allows."""
    covered = compare(mapped, b"PAR1", where, whole=verification is not None)
    if verification is not None and not covered:
        verification.remarks.append(
            f"{where} has no checksum but those of its pages: another tool or an earlier visrec wrote it"
        )
    counted = Unpacking(where, mapped.size, otherwise=_OTHERWISE)
    try:
        file = _opened(mapped)
        schema = plain_schema(file.schema_arrow)
        chunks = chunks_of(mapped)
    except LIBRARY_FAILURES as error:
        raise InputError(
            f"{where}: the Parquet file is not whole ({in_short(error)})", fix="make the file again"
        ) from error
    note_repeated(file.schema_arrow.names, where, report)

    def batches() -> Iterator[pa.RecordBatch]:
        before = 0
        for group in range(file.num_row_groups):
            try:
                size, rows = _sizes(file, mapped, chunks[group], group)
            except LIBRARY_FAILURES as error:
                raise _damaged(where, error, file) from error
            counted.add(size)
            for batch in _group(file, group, rows, where):
                size -= batch.nbytes
                counted.add(max(0, -size))
                size = max(0, size)
                yield plainly(batch, schema, where, counted, before=before)
                before += batch.num_rows

    return pa.RecordBatchReader.from_batches(schema.remove_metadata(), batches())


def _opened(mapped: Any) -> pq.ParquetFile:
    """Texts in lists stay dictionaries, so that somebody counts what they become."""
    file = pq.ParquetFile(mapped, page_checksum_verification=True)
    columns = (file.schema.column(at) for at in range(len(file.schema)))
    nested = [one.path for one in columns if one.max_repetition_level and one.physical_type == "BYTE_ARRAY"]
    if not nested:
        return file
    return pq.ParquetFile(mapped, metadata=file.metadata, read_dictionary=nested, page_checksum_verification=True)


def _group(file: pq.ParquetFile, group: int, rows: int, where: str) -> Iterator[pa.RecordBatch]:
    stream = file.iter_batches(batch_size=rows, row_groups=[group])
    while True:
        try:
            batch = next(stream)
        except StopIteration:
            return
        except LIBRARY_FAILURES as error:
            raise _damaged(where, error, file) from error
        yield batch


def _damaged(where: str, error: BaseException, file: pq.ParquetFile) -> InputError:
    fix = "make the file again"
    if "list offsets" in str(error) and "DuckDB" in str(file.metadata.created_by):  # duckdb issue 24731
        fix = "in duckdb, cast the arrays to lists (vector::FLOAT[]): it writes NULL among arrays wrongly"
    return InputError(f"{where}: damaged Parquet data ({in_short(error)})", fix=fix)


def _sizes(file: pq.ParquetFile, mapped: Any, chunks: list[Chunk], group: int) -> tuple[int, int]:
    """Bytes that a row group has at least, and how many of its rows may be read at once."""
    size = long = 0
    for at, chunk in enumerate(chunks[: len(file.schema)]):
        column, found = file.schema.column(at), pages_of(mapped, chunk.start, chunk.end)
        if chunk.codec in _HARDLY and not column.max_repetition_level:
            found = islice(found, 1)  # where the dictionary is
        pages = list(found)
        own = sum(page.size for page in pages)
        if column.max_repetition_level:
            width = _WIDTHS.get(column.physical_type, column.length) + _LEVELS
            own = max(own, width * sum(page.values for page in pages if not page.dictionary))
        elif pages and pages[0].dictionary:
            long += _longest(file, mapped, group, column, pages[0])
        size += own
    return size, max(1, min(_ROWS, _TEXTS // max(1, long)))


def _longest(file: pq.ParquetFile, mapped: Any, group: int, column: Any, page: Page) -> int:
    """Bytes of the longest text in a dictionary that could matter, else 0."""
    if page.size * _ROWS < _TEXTS:
        return 0
    if column.physical_type != "BYTE_ARRAY":
        return max(0, column.length)
    try:
        as_it_is = pq.ParquetFile(mapped, metadata=file.metadata, read_dictionary=[column.path])
        first = next(as_it_is.iter_batches(batch_size=1, row_groups=[group], columns=[column.path]))
        found = first.column(0)
        while not pa.types.is_dictionary(found.type):  # within structs
            found = found.field(0)
        return pc.max(pc.binary_length(found.dictionary)).as_py() or 0
    except LIBRARY_FAILURES:  # as its reader will say
        return page.size
