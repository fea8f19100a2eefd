"""NPY out: the matrix of one embedding column, and beside it what tables.npy reads."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from visrec_cli.errors import InputError, UsageError
from visrec_cli.tables.checksum_list import SUFFIX, checksum_list
from visrec_cli.tables.checksums import sha256_of
from visrec_cli.tables.npy import IDS, SPACE
from visrec_cli.tables.spaces import space_of
from visrec_cli.tables.vectors import embedding_columns, matrix_of


class NpyWriter:
    """Writes ``x.npy``, batch by batch, with ``x.ids.txt``, ``x.space.json`` and ``x.sha256`` beside it.

    Rows without a vector cannot be held by a matrix: they are left out of all, and counted in ``left_out``.
    """

    def __init__(self, raw: Any, schema: pa.Schema, column: str | None) -> None:
        found = embedding_columns(schema)
        if column is None and len(found) != 1:
            column = "embedding" if "embedding" in found else None
        column = column or (found[0] if len(found) == 1 else None)
        if column not in found:
            raise UsageError(
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
        """Name and text of the files that belong beside the matrix; to be asked after ``close``."""
        files = {target.with_suffix(IDS): "".join(f"{name}\n" for name in self.ids)}
        if self.space is not None:
            files[target.with_suffix(SPACE)] = self.space.to_json() + "\n"
        digests = {target.name: sha256_of(self._raw, 0).hexdigest()}
        digests |= {file.name: hashlib.sha256(text.encode()).hexdigest() for file, text in files.items()}
        return {**files, target.with_suffix(SUFFIX): checksum_list(digests)}
