"""Arrow IPC streams and files in: validated batch by batch, and refused when they were cut."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from visrec_cli.errors import InputError, TruncatedStreamError, UnpackedError
from visrec_cli.runtime.decompression_limits import Unpacking
from visrec_cli.runtime.report import Report
from visrec_cli.tables.batch_validation import plainly
from visrec_cli.tables.checksums import Verification, compare
from visrec_cli.tables.column_names import note_repeated
from visrec_cli.tables.failures import LIBRARY_FAILURES, in_short
from visrec_cli.tables.ipc_messages import FileMessages, StreamMessages
from visrec_cli.tables.stream_frames import END_MARK, HashingSource
from visrec_cli.tables.trailers import END_KEY, FIRST_FORMAT, STREAM_KEY, Arrived, check_trailer, compare_until_trailer
from visrec_cli.tables.types import plain_schema

_OTHERWISE = "or write it with plain columns, without compression"
AGAIN = "the command that wrote it failed or was stopped: see its message, then run it again"


def read_stream(
    source: HashingSource, where: str, verification: Verification | None = None, report: Report | None = None
) -> pa.RecordBatchReader:
    """A reader over an Arrow IPC stream. Its schema must be readable now; batches come as they are asked for.

    Raises TruncatedStreamError when the stream ends before its end mark, lacks the trailer that our own streams carry,
    disagrees with it, or when other bytes follow (a second stream glued on would be dropped in silence);
    UnpackedError when its batches become larger than runtime.decompression_limits allows.
    """
    messages = StreamMessages(where, otherwise=_OTHERWISE)
    source.callback = messages.feed
    try:
        reader = pa.ipc.open_stream(source)
        schema = plain_schema(reader.schema)
    except UnpackedError:
        raise
    except LIBRARY_FAILURES as error:
        raise TruncatedStreamError(
            f"{where}: the stream stops before its schema ({in_short(error)})", fix=AGAIN
        ) from error
    note_repeated(reader.schema.names, where, report or Report())
    form = (schema.metadata or {}).get(STREAM_KEY)
    if verification is not None and form == FIRST_FORMAT:
        verification.remarks.append(
            f"an earlier visrec wrote {where}: its checksum does not cover the trailer that it stands in"
        )
    elif verification is not None and form is None:
        verification.remarks.append(f"{where} has no checksum: another tool wrote it")
    return pa.RecordBatchReader.from_batches(
        _unsigned(schema), _batches(reader, source, schema, where, messages.counted)
    )


def _batches(
    reader: Any, source: HashingSource, schema: pa.Schema, where: str, counted: Unpacking
) -> Iterator[pa.RecordBatch]:
    rows, ended, form = 0, False, (schema.metadata or {}).get(STREAM_KEY)
    while True:
        digest, at = source.digest(), source.count
        source.begin_message()
        try:
            batch, custom = reader.read_next_batch_with_custom_metadata()
        except StopIteration:
            break
        except UnpackedError:
            raise
        except LIBRARY_FAILURES as error:
            raise TruncatedStreamError(
                f"{where}: the stream stops in the middle after {rows} rows ({in_short(error)})", fix=AGAIN
            ) from error
        end = custom.get(END_KEY) if custom else None
        if ended:
            raise TruncatedStreamError(f"{where}: more rows follow the end of the stream", fix="make the file again")
        if end is not None:
            check_trailer(end, Arrived(rows, at, digest, form, source.message()), where)
            ended = True
            continue
        rows += batch.num_rows
        yield plainly(batch, schema, where, counted, before=rows - batch.num_rows)
    if source.count - at != len(END_MARK) or source.last != END_MARK:
        raise TruncatedStreamError(f"{where}: the stream was cut after {rows} rows: it has no end mark", fix=AGAIN)
    if form is not None and not ended:
        raise TruncatedStreamError(
            f"{where}: the stream was cut after {rows} rows: visrec wrote its schema but not its trailer",
            fix=f"{AGAIN} (a tool that rewrote it should drop the schema metadata '{STREAM_KEY.decode()}')",
        )
    if source.read(1):
        raise TruncatedStreamError(
            f"{where}: more bytes follow the end of the stream",
            fix="do not concatenate streams; give the files by name",
        )
    with contextlib.suppress(OSError):
        source.close()


def read_file(
    mapped: Any, where: str, verification: Verification | None = None, report: Report | None = None
) -> pa.RecordBatchReader:
    """A reader over an Arrow IPC file (random access), batch by batch.

    Raises TruncatedStreamError for a damaged footer, UnpackedError for batches that become larger than
    runtime.decompression_limits allows.
    """
    covered = compare(mapped, b"ARROW1", where, whole=verification is not None)
    counted = Unpacking(where, mapped.size, otherwise=_OTHERWISE)
    messages = FileMessages(mapped, counted)
    try:
        reader = pa.ipc.open_file(mapped)
        schema = plain_schema(reader.schema)
    except LIBRARY_FAILURES as error:
        raise TruncatedStreamError(f"{where}: the Arrow file is not whole ({in_short(error)})", fix=AGAIN) from error
    note_repeated(reader.schema.names, where, report or Report())
    if verification is not None and not covered:
        verification.remarks.append(_compare_older(mapped, reader, where))

    def batches() -> Iterator[pa.RecordBatch]:
        rows = 0
        for index in range(reader.num_record_batches):
            messages.count(index)
            batch, _ = _batch_of(reader, index, where)
            if batch.num_rows:
                yield plainly(batch, schema, where, counted, before=rows)
            rows += batch.num_rows

    return pa.RecordBatchReader.from_batches(_unsigned(schema), batches())


def _batch_of(reader: Any, index: int, where: str) -> tuple[pa.RecordBatch, Any]:
    """A batch of a file and its custom metadata."""
    try:
        batch, custom = reader.get_batch_with_custom_metadata(index)
        return batch, custom
    except LIBRARY_FAILURES as error:
        raise InputError(f"{where}: damaged Arrow data ({in_short(error)})", fix="make the file again") from error


def _compare_older(mapped: Any, reader: Any, where: str) -> str:
    """Compare the trailer of a file that has no other checksum; what remains uncovered, in words."""
    if STREAM_KEY not in (reader.schema.metadata or {}):
        return f"{where} has no checksum: another tool wrote it"
    last = reader.num_record_batches - 1
    end = (_batch_of(reader, last, where)[1] or {}).get(END_KEY) if last >= 0 else None
    if end is None:
        raise TruncatedStreamError(f"{where}: visrec wrote its schema but not its trailer", fix="make the file again")
    compare_until_trailer(end, mapped, where)
    return f"an earlier visrec wrote {where}: its checksum does not cover the trailer and the footer"


def _unsigned(schema: pa.Schema) -> pa.Schema:
    """Schema metadata describes bytes that were read; what a stage writes gets its own."""
    return schema.remove_metadata()
