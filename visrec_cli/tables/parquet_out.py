"""Parquet out, batch by batch; what it has no type for is text."""

from collections.abc import Callable
from functools import partial
from typing import BinaryIO

import pyarrow as pa

from visrec_cli.errors import InputError
from visrec_cli.tables.checksums import with_block
from visrec_cli.tables.stream_frames import HashingSink
from visrec_cli.tables.text_out import flat


class ParquetWriter:
    """Parquet with page checksums, and one of the file (see tables.checksums)."""

    def __init__(self, raw: BinaryIO, schema: pa.Schema) -> None:
        import pyarrow.parquet as pq

        self._sink = HashingSink(raw)
        self._schema = pa.schema([field.with_type(_held(field.type)) for field in schema], metadata=schema.metadata)
        self._writer = pq.ParquetWriter(self._sink, self._schema, compression="zstd", write_page_checksum=True)

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Append one row group. Raises InputError for times that Parquet cannot count."""
        columns = [
            column if column.type == field.type else flat(column).cast(pa.string())
            for column, field in zip(batch.columns, self._schema, strict=True)
        ]
        try:
            self._writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=self._schema))
        except pa.ArrowInvalid as error:
            far = [field.name for field in self._schema if _has(field.type, _is_in_seconds)]
            if not far:
                raise
            raise InputError(
                f"Parquet counts milliseconds in 64 bits, and cannot hold the times in '{far[0]}'",
                fix="-o FILE.arrow holds them, and a CSV as text",
            ) from error

    def close(self) -> None:
        """Write the footer."""
        with self._sink.changed(partial(with_block, magic=b"PAR1")):
            self._writer.close()

    def poison(self) -> None:
        """The file will not be kept: pyarrow would write a footer all the same, and say that it could not."""
        self._writer.is_open = False


def _held(kind: pa.DataType) -> pa.DataType:
    return pa.string() if _has(kind, _is_unknown) else kind


def _is_unknown(kind: pa.DataType) -> bool:
    if pa.types.is_decimal(kind):
        return bool(kind.scale < 0)
    if pa.types.is_fixed_size_list(kind):
        return bool(kind.list_size == 0)
    return bool(pa.types.is_interval(kind) or (pa.types.is_struct(kind) and not kind.num_fields))


def _is_in_seconds(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) and kind.unit == "s")


def _has(kind: pa.DataType, wanted: Callable[[pa.DataType], bool]) -> bool:
    """Whether a type, or one within it, is wanted."""
    if isinstance(kind, pa.BaseExtensionType):
        return _has(kind.storage_type, wanted)
    return wanted(kind) or any(_has(kind.field(at).type, wanted) for at in range(kind.num_fields))
