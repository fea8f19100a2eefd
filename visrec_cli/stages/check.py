"""Is a file whole, and does it keep the contract?"""

import json
from pathlib import Path

import pyarrow as pa

from visrec_cli.errors import CutStreamError
from visrec_cli.tables.columns import embedding_columns, matrix_of
from visrec_cli.tables.ids import with_item_ids
from visrec_cli.tables.reading import Tabular, is_path, name_of, open_table
from visrec_cli.tables.spaces import space_of
from visrec_cli.tables.wire import END_KEY, STREAM_KEY


def check(source: Tabular) -> int:
    """Read everything and return the number of rows.

    Raises InputError for damage, duplicate ids in an item table, NaN in a vector, or an unreadable space. Files
    (not streams, whose reader does it) have the trailer's checksum compared here: it would cost every reader a pass.
    """
    where = name_of(source)
    if is_path(source) and str(source) != "-" and Path(source).is_file():
        _checksum(Path(source), where)
    reader = open_table(source)
    items = "item_id" in reader.schema.names and not {"query_id", "user_id"} & set(reader.schema.names)
    if items:
        reader = with_item_ids(reader, where=where)
    for field in reader.schema:
        space_of(field)
    vectors = embedding_columns(reader.schema)
    rows = 0
    for batch in reader:
        ids = batch.column("item_id").to_pylist() if items else None
        for name in vectors:
            matrix_of(batch.column(name), name=name, ids=ids)
        rows += batch.num_rows
    return rows


def _checksum(path: Path, where: str) -> None:
    import hashlib

    with path.open("rb") as raw:
        if raw.read(6) != b"ARROW1":
            return
        try:
            reader = pa.ipc.open_file(pa.memory_map(str(path)))
            if STREAM_KEY not in (reader.schema.metadata or {}):
                return
            last = reader.num_record_batches - 1
            _, custom = reader.get_batch_with_custom_metadata(last) if last >= 0 else (None, None)
        except (pa.ArrowInvalid, OSError) as error:
            raise CutStreamError(
                f"{where}: the Arrow file is not whole ({error})", fix="make the file again"
            ) from error
        end = (custom or {}).get(END_KEY)
        if end is None:
            raise CutStreamError(f"{where}: visrec wrote its schema and never its trailer", fix="make the file again")
        said = json.loads(end)
        raw.seek(0)
        digest, left = hashlib.sha256(), int(said["bytes"])
        while left > 0 and (block := raw.read(min(left, 1 << 20))):
            digest.update(block)
            left -= len(block)
        if left or digest.hexdigest() != said["sha256"]:
            raise CutStreamError(
                f"{where}: the checksum differs: bytes were changed after they were written", fix="make the file again"
            )
