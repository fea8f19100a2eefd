"""Arrow IPC streams and files in: validated batch by batch, and refused when they were cut."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from visrec_cli.errors import CutStreamError, InputError
from visrec_cli.tables.types import plain_batch, plain_schema
from visrec_cli.tables.wire import END_KEY, END_MARK, STREAM_KEY, HashingSource, check_trailer

AGAIN = "the command that wrote it failed or was stopped: see its message, then run it again"


def safely(batch: pa.RecordBatch, where: str) -> pa.RecordBatch:
    """The batch, after Arrow's full validation: unchecked offsets in a damaged file crash other libraries."""
    try:
        batch.validate(full=True)
    except pa.ArrowInvalid as error:
        raise InputError(f"{where}: damaged Arrow data ({error})", fix="make the file again") from error
    return batch


def read_stream(source: HashingSource, where: str) -> pa.RecordBatchReader:
    """A reader over an Arrow IPC stream. Its schema must be readable now; batches come as they are asked for.

    Raises CutStreamError when the stream ends before its end mark, lacks the trailer that our own streams carry,
    disagrees with it, or when other bytes follow (a second stream glued on would be dropped in silence).
    """
    try:
        reader = pa.ipc.open_stream(source)
    except (pa.ArrowInvalid, OSError, EOFError) as error:
        raise CutStreamError(f"{where}: the stream stops before its schema ({_short(error)})", fix=AGAIN) from error
    schema = plain_schema(reader.schema)
    ours = STREAM_KEY in (reader.schema.metadata or {})
    return pa.RecordBatchReader.from_batches(_unsigned(schema), _batches(reader, source, schema, ours, where))


def _batches(reader: Any, source: HashingSource, schema: pa.Schema, ours: bool, where: str) -> Iterator[pa.RecordBatch]:
    rows, ended = 0, False
    while True:
        digest, at = source.digest(), source.count
        try:
            batch, custom = reader.read_next_batch_with_custom_metadata()
        except StopIteration:
            break
        except (pa.ArrowInvalid, pa.ArrowSerializationError, OSError, EOFError) as error:
            raise CutStreamError(
                f"{where}: the stream stops in the middle after {rows} rows ({_short(error)})", fix=AGAIN
            ) from error
        end = custom.get(END_KEY) if custom else None
        if end is not None:
            check_trailer(end, rows=rows, digest=digest, where=where)
            ended = True
            continue
        rows += batch.num_rows
        yield plain_batch(safely(batch, where), schema).replace_schema_metadata(None)
    if source.count - at != len(END_MARK) or source.last != END_MARK:
        raise CutStreamError(f"{where}: the stream was cut after {rows} rows: it has no end mark", fix=AGAIN)
    if ours and not ended:
        raise CutStreamError(
            f"{where}: the stream was cut after {rows} rows: visrec wrote its schema and never its trailer",
            fix=f"{AGAIN} (a tool that rewrote it should drop the schema metadata '{STREAM_KEY.decode()}')",
        )
    if source.read(1):
        raise CutStreamError(
            f"{where}: more bytes follow the end of the stream", fix="do not glue streams together; join files by name"
        )
    with contextlib.suppress(OSError):
        source.close()


def read_file(mapped: Any, where: str) -> pa.RecordBatchReader:
    """A reader over an Arrow IPC file (random access), batch by batch."""
    try:
        reader = pa.ipc.open_file(mapped)
    except (pa.ArrowInvalid, OSError, EOFError) as error:
        raise CutStreamError(f"{where}: the Arrow file is not whole ({_short(error)})", fix=AGAIN) from error
    schema = plain_schema(reader.schema)

    def batches() -> Iterator[pa.RecordBatch]:
        for index in range(reader.num_record_batches):
            try:
                batch = reader.get_batch(index)
            except (pa.ArrowInvalid, pa.ArrowSerializationError, OSError, EOFError) as error:
                raise InputError(f"{where}: damaged Arrow data ({_short(error)})", fix="make the file again") from error
            if batch.num_rows:
                yield plain_batch(safely(batch, where), schema).replace_schema_metadata(None)

    return pa.RecordBatchReader.from_batches(_unsigned(schema), batches())


def _unsigned(schema: pa.Schema) -> pa.Schema:
    """Schema metadata describes bytes that were read; what a stage writes gets its own."""
    return schema.remove_metadata()


def _short(error: BaseException) -> str:
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__
