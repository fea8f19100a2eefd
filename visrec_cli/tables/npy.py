"""NPY in: the matrix of one embedding column, its ids in ``x.ids.txt``, its space in ``x.space.json``.

An NPY file has rows and no names; visrec never joins by row number unless told to in so many words. Nor has it a place
for a checksum: those of the three files are in ``x.sha256``.
"""

import hashlib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from visrec_cli.errors import InputError, MissingInputError, UsageError
from visrec_cli.runtime.report import Report
from visrec_cli.tables.checksum_list import SUFFIX, Listed
from visrec_cli.tables.checksums import Verification, sha256_of
from visrec_cli.tables.documents import Origin
from visrec_cli.tables.id_lines import ids_of_lines, row_numbers
from visrec_cli.tables.picture_types import is_pixel_tensor
from visrec_cli.tables.spaces import Space, space_from
from visrec_cli.tables.text_codec import in_utf8
from visrec_cli.tables.vectors import column_of, matrix_of, taken_as_they_are

ROWS = 8192
WIDEST = 1 << 24  # numbers in a row: more is no vector, and no Arrow list
_LARGEST = (1 << 31) - 1  # bytes of a picture
_AT_ONCE = 32 << 20  # bytes of pictures in a batch
IDS, SPACE = ".ids.txt", ".space.json"
NPY = b"\x93NUMPY"


def read_npy(
    source: Any, stream: Any, where: str, *, ids: str | Path | None, row_ids: bool, column: str | None,
    verification: Verification | None = None, report: Report | None = None,
) -> pa.RecordBatchReader:  # fmt: skip
    """``item_id`` and one embedding column from an NPY file of shape (n, d), or ``image`` from pixels: uint8 of shape
    (n, height, width), with 1, 3 or 4 channels behind these or before them.

    Raises UsageError when nothing names the rows, InputError for other shapes, objects, NaN, or a wrong count of ids;
    TruncatedStreamError where a file is not what ``x.sha256`` says of it, for the matrix when all of it was read.
    """
    path = None if str(source) == "-" else Path(source)
    matrix = _array(path, stream, where)
    if _holds_pictures(matrix):
        return _pictures(matrix, _ids(path, where, len(matrix), None, ids=ids, row_ids=row_ids), column or "image")
    _require_matrix(matrix, where)
    name = column or "embedding"
    if report is not None and matrix.dtype.itemsize == 1:
        report.warn(taken_as_they_are(where, name, str(matrix.dtype)))
    listed = None if path is None else Listed(path)
    if verification is not None and listed:
        listed.require_all()
    names = _ids(path, where, len(matrix), listed, ids=ids, row_ids=row_ids)
    space = _sidecar(path, matrix.shape[1], listed)
    if verification is not None and not listed:
        beside = "" if path is None else f" in {path.with_suffix(SUFFIX)}"
        verification.remarks.append(f"{where} has no checksum{beside}: changed numbers and ids are not noticed")
    kind = pa.list_(pa.float32(), matrix.shape[1])
    field = space.field(name) if space else pa.field(name, kind)
    schema = pa.schema([pa.field("item_id", pa.string()), field])

    def batches() -> Iterator[pa.RecordBatch]:
        running = hashlib.sha256()
        if path is not None and listed:
            with path.open("rb") as raw:
                running = sha256_of(raw, 0, matrix.offset)
        for start in range(0, len(matrix), ROWS):
            rows = matrix[start : start + ROWS]
            if listed:
                running.update(np.ascontiguousarray(rows).view(np.uint8).data)
            part = column_of(np.asarray(rows, np.float32))
            own = names[start : start + ROWS].cast(pa.string())
            if not _is_finite(rows):
                matrix_of(part, name=name, ids=own)  # which says so, at the door
            yield pa.RecordBatch.from_arrays([own, part], schema=schema)
        if path is not None and listed:
            with path.open("rb") as raw:
                running = sha256_of(raw, matrix.offset + matrix.nbytes, running=running)
            listed.require(path.suffix, running.hexdigest())

    return pa.RecordBatchReader.from_batches(schema, batches())


def _is_finite(rows: Any) -> bool:
    """Whether there is surely no NaN or infinity: a sum of squares costs a fifth of looking at each number."""
    with np.errstate(all="ignore"):
        return rows.dtype == np.float32 and bool(np.isfinite(np.vecdot(rows, rows)).all())


def is_npy(source: Any) -> bool:
    """Whether a file holds an NPY matrix, by its first bytes; False for stdin, which would be gone by then."""
    if not isinstance(source, str | os.PathLike) or not Path(source).is_file():
        return False
    with Path(source).open("rb") as raw:
        return raw.read(len(NPY)) == NPY


def matrix_in(file: str) -> Any:
    """(n, d) of numbers, mapped from a file. Raises InputError for other shapes, and objects."""
    matrix = _array(Path(file), io.BytesIO(), file)
    _require_matrix(matrix, file)
    return matrix


def _holds_pictures(array: Any) -> bool:
    shape = array.shape[1:]
    possible = array.dtype == np.uint8 and len(shape) > 1 and 0 < int(np.prod(shape)) <= _LARGEST
    return possible and is_pixel_tensor(pa.fixed_shape_tensor(pa.uint8(), shape))


def _pictures(pixels: Any, ids: pa.LargeStringArray, name: str) -> pa.RecordBatchReader:
    """Tensors of pixels, which are mapped and not copied."""
    kind = pa.fixed_shape_tensor(pa.uint8(), pixels.shape[1:])
    size = int(np.prod(pixels.shape[1:]))
    schema = pa.schema([("item_id", pa.string()), (name, kind)])
    rows = max(1, min(ROWS, _AT_ONCE // size))

    def batches() -> Iterator[pa.RecordBatch]:
        for start in range(0, len(pixels), rows):
            part = np.ascontiguousarray(pixels[start : start + rows])
            flat = pa.Array.from_buffers(pa.uint8(), part.size, [None, pa.py_buffer(part)])
            tensors = pa.ExtensionArray.from_storage(kind, pa.FixedSizeListArray.from_arrays(flat, size))
            yield pa.RecordBatch.from_arrays([ids[start : start + rows].cast(pa.string()), tensors], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _array(path: Path | None, stream: Any, where: str) -> Any:
    """What an NPY file holds, mapped where it is a file."""
    try:
        if path is None:
            matrix = np.load(io.BytesIO(stream.read()), allow_pickle=False)  # noqa: TID251
        else:
            stream.close()
            matrix = np.load(path, mmap_mode="r", allow_pickle=False)  # noqa: TID251
    except Exception as error:  # the header is Python, and a damaged one raises what Python's own parser does
        raise InputError(f"{where}: not a whole NPY matrix ({str(error)[:120]})", fix="make the file again") from error
    return matrix


def _require_matrix(matrix: Any, where: str) -> None:
    """Raise InputError for what is no (n, d) of numbers."""
    if matrix.ndim != 2 or matrix.dtype.kind not in "fiu" or not 0 < matrix.shape[1] <= WIDEST:
        raise InputError(
            f"{where}: shape {matrix.shape} of {matrix.dtype}, expected (items, numbers) of floats, or pictures: "
            "(items, height, width, 3) of uint8"
        )


def _ids(
    path: Path | None, where: str, rows: int, listed: Listed | None, *, ids: str | Path | None, row_ids: bool
) -> pa.LargeStringArray:
    if row_ids:
        return row_numbers(rows)
    file = Path(ids) if ids else path.with_suffix(IDS) if path else None
    if file is None or not (ids or file.exists()):
        raise UsageError(
            f"{where} is a matrix without ids for its rows",
            fix=(
                "--ids FILE with one id per line, or --row-ids to use the row numbers 0, 1, 2 …",
                f"write the ids, one per line, into {'a table with it' if path is None else path.with_suffix(IDS)}",
            ),
        )
    try:
        content = file.read_bytes()
        if listed and not ids:
            listed.compare(IDS, content)
        else:  # by another tool
            content = in_utf8(content, str(file), "> ids.txt")
        names = ids_of_lines(content)
    except FileNotFoundError as error:
        raise MissingInputError(f"{file} does not exist") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 text") from error
    if len(names) != rows:
        raise InputError(f"{file} names {len(names)} items, {where} has {rows} rows", fix="write both again together")
    return names


def _sidecar(path: Path | None, dimension: int, listed: Listed | None) -> Space | None:
    file = path.with_suffix(SPACE) if path else None
    if file is None or not file.exists():
        return None
    content = file.read_bytes()
    if listed:
        listed.compare(SPACE, content)
    origin = Origin(f"{file} is damaged", fix="delete it, or make the files again")
    space = space_from(origin.json(content), origin)
    if space.dimension != dimension:
        raise InputError(f"{file} says {space.dimension} numbers, the matrix has {dimension}", fix=f"delete {file}")
    return space
