"""Folders of other tools that are one table in a layout of their own: Hive's, clip-retrieval's and LensKit's."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import msgspec
import pyarrow as pa

from visrec_cli.errors import InputError
from visrec_cli.tables.documents import Origin
from visrec_cli.tables.ids import is_id_name
from visrec_cli.tables.npy import matrix_in
from visrec_cli.tables.parts import Part
from visrec_cli.tables.vectors import column_of, matrix_of

_NUMBERED = re.compile(r"(img_emb|text_emb|metadata)_(\d+)\.(npy|parquet)")
_COLUMNS = {"img_emb": "image_embedding", "text_emb": "text_embedding"}
_WHOLE = re.compile(r"0|-?[1-9]\d{0,17}")
Opener = Callable[[str], pa.RecordBatchReader]


def hive_columns(root: str, files: list[str]) -> list[dict[str, pa.Scalar]]:
    """Of each file, the columns that its folders below ``root`` name, as ``day=2026-01-01``. Ids stay text."""
    places = [PurePosixPath(file).relative_to(root).as_posix() for file in files]
    parts = [part for place in places for part in place.split("/")[:-1]]
    names = list(dict.fromkeys(part.split("=")[0] for part in parts if "=" in part))
    if not names:
        return [{} for _ in files]
    import pyarrow.dataset as ds  # takes .2 s to import

    texts = ds.partitioning(pa.schema([(name, pa.string()) for name in names]), flavor="hive")
    found = [ds.get_partition_keys(texts.parse(place)) for place in places]
    for file, keys in zip(files, found, strict=True):
        if lacking := [name for name in names if name not in keys]:
            raise InputError(
                f"{file} lies in no folder {lacking[0]}=…, as others do", fix="all parts of one table lie alike"
            )
    kinds = {}
    for name in names:
        values = [keys[name] for keys in found if keys[name] is not None]
        whole = values and not is_id_name(name) and all(_WHOLE.fullmatch(value) for value in values)
        kinds[name] = pa.int64() if whole else pa.string()
    return [
        {
            name: pa.scalar(int(value) if value is not None and kinds[name] == pa.int64() else value, kinds[name])
            for name, value in keys.items()
        }
        for keys in found
    ]


def with_constants(reader: pa.RecordBatchReader, columns: dict[str, pa.Scalar]) -> pa.RecordBatchReader:
    """The table with columns of one value each, but those that it has itself, as files of polars do."""
    columns = {name: value for name, value in columns.items() if name not in reader.schema.names}
    if not columns:
        return reader
    schema = pa.schema([*reader.schema, *(pa.field(name, value.type) for name, value in columns.items())])

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in reader:
            more = [pa.repeat(value, batch.num_rows) for value in columns.values()]
            yield pa.RecordBatch.from_arrays([*batch.columns, *more], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def clip_parts(files: list[str], open_one: Opener) -> list[Part]:
    """``metadata_N.parquet`` with the vectors of ``img_emb_N.npy`` and ``text_emb_N.npy`` as columns, by N."""
    groups: dict[int, dict[str, str]] = {}
    for file in files:
        if one := _NUMBERED.fullmatch(PurePosixPath(file).name):
            groups.setdefault(int(one[2]), {})[one[1]] = file
    kinds = {kind for group in groups.values() for kind in group}
    parts = []
    for number, group in sorted(groups.items()):
        if lacking := sorted(kinds - set(group)):
            raise InputError(
                f"{next(iter(group.values()))} has no {lacking[0]}_{number} beside it, as others have",
                fix="fetch it, or move the incomplete part away",
            )
        parts.append(Part(group["metadata"], lambda _, group=group: _clip_reader(group, open_one)))  # type: ignore[misc]
    return parts


def _clip_reader(group: dict[str, str], open_one: Opener) -> pa.RecordBatchReader:
    reader = open_one(group["metadata"])
    matrices = {_COLUMNS[kind]: (file, matrix_in(file)) for kind, file in group.items() if kind in _COLUMNS}
    fields = [pa.field(name, pa.list_(pa.float32(), matrix.shape[1])) for name, (_, matrix) in matrices.items()]
    schema = pa.schema([*reader.schema, *fields])

    def batches() -> Iterator[pa.RecordBatch]:
        start = 0
        for batch in reader:
            end = start + batch.num_rows
            columns = [column_of(matrix[start:end]) for _, matrix in matrices.values()]
            if any(len(column) < batch.num_rows for column in columns):
                break
            for column, name in zip(columns, matrices, strict=True):
                matrix_of(column, name=name)  # NaN is refused at the door
            yield pa.RecordBatch.from_arrays([*batch.columns, *columns], schema=schema)
            start = end
        rows = start + sum(batch.num_rows for batch in reader)
        for file, matrix in matrices.values():
            if len(matrix) != rows or start < rows:
                raise InputError(
                    f"{file} has {len(matrix):,} rows, and {group['metadata']} has not as many", fix="fetch both again"
                )

    return pa.RecordBatchReader.from_batches(schema, batches())


class _Relationship(msgspec.Struct):
    """A table of LensKit that joins entities."""

    entities: dict[str, str | None]
    interaction: bool = False


class _LensKit(msgspec.Struct):
    """The schema of a data set of LensKit, as far as it is looked at."""

    entities: dict[str, Any]
    relationships: Annotated[dict[str, _Relationship], msgspec.Meta(max_length=256)]
    default_interaction: str | None = None


def lenskit_part(document: str, role: str | None, open_one: Opener) -> Part:
    """The interactions of a data set that LensKit has saved, with ids for its numbers; its items where they are due."""
    folder = Path(document).parent
    origin = Origin(f"{document} is not the schema of a LensKit data set", fix="save it again")
    schema = origin.read(Path(document).read_bytes(), _LensKit)
    logs = [name for name, one in schema.relationships.items() if one.interaction]
    name = "item" if role == "items" else schema.default_interaction or next(iter(logs), None)
    if name is None:
        raise InputError(f"{folder} is a LensKit data set without interactions", fix="name a table in it")
    path = str(folder / f"{name}.parquet")
    if role == "items":
        return Part(path, lambda _: open_one(path))
    sides = schema.relationships[name].entities if name in schema.relationships else {}
    return Part(path, lambda _: _numbered(path, folder, sides, open_one))


def _numbered(path: str, folder: Path, sides: dict[str, str | None], open_one: Opener) -> pa.RecordBatchReader:
    """A table of LensKit with ``user_id`` for ``user_num``: the row of an entity's own table."""
    reader = open_one(path)
    ids = {
        f"{alias}_num": (f"{alias}_id", _ids(str(folder / f"{entity or alias}.parquet"), entity or alias, open_one))
        for alias, entity in sides.items()
        if f"{alias}_num" in reader.schema.names
    }
    fields = [pa.field(ids[one.name][0], ids[one.name][1].type) if one.name in ids else one for one in reader.schema]
    schema = pa.schema(fields)

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in reader:
            arrays = []
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                try:
                    arrays.append(ids[name][1].take(column) if name in ids else column)
                except pa.ArrowException as error:
                    raise InputError(f"{path}: '{name}' names a row that is not there", fix="save it again") from error
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _ids(path: str, entity: str, open_one: Opener) -> pa.Array:
    table = open_one(path).read_all()
    if f"{entity}_id" not in table.column_names:
        raise InputError(f"{path} has no column '{entity}_id'", fix="save the data set again")
    return table[f"{entity}_id"].combine_chunks()
