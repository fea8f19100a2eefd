"""The pictures in the cells of a column, whatever its type: bytes, paths, structs of both, pixels, lists of these."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from visrec_cli.tables.picture_types import is_file_struct, is_pixel_tensor

Cell = tuple[bytes | None, str | None]
"""The bytes of a picture file, and its path or name; either may be None."""


def cells_of(column: pa.Array) -> Iterator[list[Cell]]:
    """The pictures of each row, in order; none where the row is null. Each is made when it is asked for."""
    for at in range(len(column)):
        yield cells_at(column, at)


def cells_at(column: pa.Array, at: int) -> list[Cell]:
    """The pictures of one row."""
    value = column[at]
    if not value.is_valid:
        return []
    kind = column.type
    if pa.types.is_list(kind):
        return [cell for one in range(len(value.values)) for cell in cells_at(value.values, one)]
    if is_pixel_tensor(kind):
        return [(_pixels(column, at), None)]
    if is_file_struct(kind):
        path = value.get("path")
        return _worth(value["bytes"].as_py(), path.as_py() if isinstance(path, pa.StringScalar) else None)
    return _worth(value.as_py(), None) if pa.types.is_binary(kind) else _worth(None, value.as_py())


def _worth(content: bytes | None, path: str | None) -> list[Cell]:
    """The cell, unless it is empty."""
    path = path if path and path.strip() else None
    return [(content, path)] if content is not None or path is not None else []


def _pixels(column: Any, at: int) -> bytes:
    from visrec_cli.images.arrays import picture_file

    kind = column.type
    flat = np.asarray(column.storage.slice(at, 1).flatten(), np.uint8)
    whole = flat.reshape(kind.shape)
    return picture_file(whole if kind.permutation is None else whole.transpose(kind.permutation))
