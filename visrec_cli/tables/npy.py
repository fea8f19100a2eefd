"""NPY both ways: the matrix of one embedding column, its ids in ``x.ids.txt``, its space in ``x.space.json``.

An NPY file has rows and no names; visrec never joins by row number unless told to in so many words.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from visrec_cli.errors import InputError, MissingInputError, UsageProblem
from visrec_cli.tables.columns import column_of, embedding_columns, matrix_of
from visrec_cli.tables.spaces import Space, space_from_json, space_of

ROWS = 8192


def read_npy(
    source: Any, stream: Any, where: str, *, ids: str | Path | None, row_ids: bool, column: str | None
) -> pa.RecordBatchReader:
    """``item_id`` and one embedding column from an NPY file of shape (n, d).

    Raises UsageProblem when nothing names the rows, InputError for other shapes, objects, NaN, or a wrong count of ids.
    """
    path = None if str(source) == "-" else Path(source)
    try:
        if path is None:
            matrix = np.load(io.BytesIO(stream.read()), allow_pickle=False)
        else:
            stream.close()
            matrix = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise InputError(f"{where}: not a whole NPY matrix ({str(error)[:120]})", fix="make the file again") from error
    if matrix.ndim != 2 or matrix.dtype.kind not in "fiu" or matrix.shape[1] == 0:
        raise InputError(f"{where}: shape {matrix.shape} of {matrix.dtype}, expected (items, numbers) of floats")
    names = _ids(path, where, len(matrix), ids=ids, row_ids=row_ids)
    space = _sidecar(path, matrix.shape[1])
    name = column or "embedding"
    kind = pa.list_(pa.float32(), matrix.shape[1])
    field = space.field(name) if space else pa.field(name, kind)
    schema = pa.schema([pa.field("item_id", pa.string()), field])

    def batches() -> Iterator[pa.RecordBatch]:
        for start in range(0, len(matrix), ROWS):
            part = column_of(np.asarray(matrix[start : start + ROWS], np.float32))
            matrix_of(part, name=name, ids=names[start : start + ROWS])  # NaN is refused at the door
            yield pa.RecordBatch.from_arrays([pa.array(names[start : start + ROWS], pa.string()), part], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _ids(path: Path | None, where: str, rows: int, *, ids: str | Path | None, row_ids: bool) -> list[str]:
    if row_ids:
        return [str(row) for row in range(rows)]
    file = Path(ids) if ids else path.with_suffix(".ids.txt") if path else None
    if file is None or not (ids or file.exists()):
        raise UsageProblem(
            f"{where} is a bare matrix: nothing says which row is which item",
            fix="--ids FILE with one id per line, or --row-ids to call the rows 0, 1, 2 …",
        )
    try:
        names = file.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError as error:
        raise MissingInputError(f"{file} does not exist") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 text") from error
    names = [name.removesuffix("\r") for name in (names[:-1] if names[-1] == "" else names)]
    if len(names) != rows:
        raise InputError(f"{file} names {len(names)} items, {where} has {rows} rows", fix="write both again together")
    return names


def _sidecar(path: Path | None, dimension: int) -> Space | None:
    file = path.with_suffix(".space.json") if path else None
    if file is None or not file.exists():
        return None
    try:
        space = space_from_json(file.read_text(encoding="utf-8"))
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{file} is damaged ({error})", fix="delete it, or make the files again") from error
    if space.dimension != dimension:
        raise InputError(f"{file} says {space.dimension} numbers, the matrix has {dimension}", fix=f"delete {file}")
    return space


class NpyWriter:
    """Writes ``x.npy`` with ``x.ids.txt`` and ``x.space.json`` beside it, batch by batch.

    Rows without a vector cannot be held by a matrix: they are left out of all three, and counted in ``left_out``.
    """

    def __init__(self, raw: Any, schema: pa.Schema, column: str | None) -> None:
        found = embedding_columns(schema)
        if column is None and len(found) != 1:
            column = "embedding" if "embedding" in found else None
        column = column or (found[0] if len(found) == 1 else None)
        if column not in found:
            raise UsageProblem(
                f"NPY holds one embedding column; this table has {', '.join(found) or 'none'}",
                fix="name one with --column",
            )
        if "item_id" not in schema.names:
            raise InputError("the table has no column 'item_id' to name the rows of the matrix")
        self.column, self.space = column, space_of(schema.field(column))
        self.dtype = np.float16 if schema.field(column).type.value_type == pa.float16() else np.float32
        self.width = schema.field(column).type.list_size
        self._raw, self.ids, self.left_out = raw, list[str](), 0
        self._header(0)

    def _header(self, rows: int) -> None:
        # numpy pads the header for the first axis, so that the same space holds the final count
        np.lib.format.write_array_header_1_0(
            self._raw,
            {
                "descr": np.lib.format.dtype_to_descr(np.dtype(self.dtype)),
                "fortran_order": False,
                "shape": (rows, self.width),
            },
        )

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Append the vectors of one batch."""
        names = batch.column("item_id").to_pylist()
        vectors, valid = matrix_of(batch.column(self.column), name=self.column, ids=names)
        self._raw.write(np.ascontiguousarray(vectors[valid], self.dtype).tobytes())
        for name, kept in zip(names, valid, strict=True):
            if kept and ("\n" in name or "\r" in name):
                raise InputError(f"item_id {name!r} has a line break and cannot stand in an .ids.txt")
            if kept:
                self.ids.append(name)
        self.left_out += int((~valid).sum())

    def close(self) -> None:
        """Write the final row count into the header."""
        self._raw.seek(0)
        self._header(len(self.ids))

    def sidecars(self, target: Path) -> dict[Path, str]:
        """Name and text of the files that belong beside the matrix."""
        files = {target.with_suffix(".ids.txt"): "".join(f"{name}\n" for name in self.ids)}
        if self.space is not None:
            files[target.with_suffix(".space.json")] = self.space.to_json() + "\n"
        return files
