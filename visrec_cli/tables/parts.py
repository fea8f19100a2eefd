"""Several tables as one, row by row: their schemas are brought together, then they are read one after the other."""

import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import pyarrow as pa

from visrec_cli.errors import InputError, SpaceMismatchError
from visrec_cli.runtime.report import Report
from visrec_cli.tables.compatibility import require_same_space
from visrec_cli.tables.failures import LIBRARY_FAILURES, in_short
from visrec_cli.tables.spaces import space_of
from visrec_cli.tables.vectors import is_embedding_type

_SHOWN = 8
_KEPT = 1 << 28  # bytes of text that are not read again


@dataclass(frozen=True)
class Part:
    """One of the tables. open(as_text): a reader; its columns ``as_text`` stay text in a CSV. size: bytes of a text,
    which is read whole to learn its types, and is not read twice if it is small; None where opening costs nothing.
    once: whether it can be opened only once, as stdin."""

    where: str
    open: Callable[[Collection[str]], pa.RecordBatchReader]
    size: int | None = None
    once: bool = False


def one_table(
    parts: Sequence[Part],
    *,
    same_columns: bool,
    report: Report | None = None,
    check: Callable[[pa.RecordBatch, str], None] = lambda batch, where: None,
) -> pa.RecordBatchReader:
    """The rows of all parts in their order, batch by batch.

    same_columns: whether each must have the columns of the first; else what one lacks is null there, which the report
    says. check: is given each batch, and the name of its part. Types are those that hold the values of all parts
    without loss. Raises InputError that names part and column where there is none, or where a value does not fit,
    SpaceMismatchError for vectors of two spaces.
    """
    readers: list[pa.RecordBatchReader | None] = []
    schemas, kept = [], 0
    for part in parts:
        reader = part.open(())
        schemas.append(reader.schema)
        held = part.once or (part.size is not None and kept + part.size <= _KEPT)
        kept += (part.size or 0) if held else 0
        readers.append(reader if held else None)
    if same_columns:
        _require_columns(parts, schemas)
    texts: dict[int, set[str]] = {}
    schema = _Union(parts, schemas, texts).schema()
    if report is not None:
        _tell(parts, schemas, schema, report)

    def batches() -> Iterator[pa.RecordBatch]:
        for at, part in enumerate(parts):
            held, readers[at] = readers[at], None
            for batch in held if held is not None and at not in texts else part.open(texts.get(at, ())):
                fitted = _fitted(batch, schema, part.where)
                check(fitted, part.where)
                yield fitted

    return pa.RecordBatchReader.from_batches(schema, batches())


def _require_columns(parts: Sequence[Part], schemas: Sequence[pa.Schema]) -> None:
    first = schemas[0]
    for part, schema in zip(parts[1:], schemas[1:], strict=True):
        lacking = [name for name in first.names if name not in schema.names]
        more = [name for name in schema.names if name not in first.names]
        if lacking or more:
            what = f"lacks the column '{lacking[0]}', which" if lacking else f"has a column '{more[0]}', which"
            raise InputError(
                f"{part.where} {what} {parts[0].where} {'has' if lacking else 'lacks'}",
                fix="all parts of one table have the same columns; visrec concat fills what some lack with nulls",
            )


def _tell(parts: Sequence[Part], schemas: Sequence[pa.Schema], union: pa.Schema, report: Report) -> None:
    """Say what is null in some parts, and which vectors are taken to be in the space of others."""
    for part, schema in zip(parts, schemas, strict=True):
        lacking = [f"'{name}'" for name in union.names if name not in schema.names]
        if lacking:
            report.warn(f"{part.where} lacks {', '.join(lacking[:_SHOWN])}{' …' * (len(lacking) > _SHOWN)}: null there")
        for field in union:
            if space_of(field) and field.name in schema.names and space_of(schema.field(field.name)) is None:
                report.warn(f"'{field.name}' of {part.where} names no space: it is taken to be that of the others")


class _Union:
    """The common schema. texts: by the number of a part, what it must be opened with to be text."""

    def __init__(self, parts: Sequence[Part], schemas: Sequence[pa.Schema], texts: dict[int, set[str]]) -> None:
        self._parts, self._schemas, self._texts = parts, schemas, texts

    def schema(self) -> pa.Schema:
        names = dict.fromkeys(name for schema in self._schemas for name in schema.names)
        return pa.schema([self._field(name) for name in names])

    def _field(self, name: str) -> pa.Field:
        there = [(at, schema.field(name)) for at, schema in enumerate(self._schemas) if name in schema.names]
        fields = [field for _, field in there]
        if any(is_embedding_type(field.type) for field in fields):
            self._require_space(name, there)
        kind = _common([field.type for field in fields])
        if kind is None:
            kind = self._from_values(name, there)
        first = next((field for field in fields if space_of(field) is not None), fields[0])
        same = all((field.metadata or {}) == (first.metadata or {}) for field in fields)
        return pa.field(name, kind, metadata=first.metadata if same or space_of(first) is not None else None)

    def _require_space(self, name: str, there: Sequence[tuple[int, pa.Field]]) -> None:
        a, first = next(((at, one) for at, one in there if space_of(one) is not None), there[0])
        for b, second in there:
            what_a, what_b = (f"'{name}' of {self._parts[at].where}" for at in (a, b))
            require_same_space(space_of(first), space_of(second), what_a, what_b)
            widths = [getattr(field.type, "list_size", None) for field in (first, second)]
            if None not in widths and widths[0] != widths[1]:
                raise SpaceMismatchError(
                    f"{what_a} has {widths[0]} numbers in a row, {what_b} has {widths[1]}",
                    fix="embed both with the same encoder and settings",
                )

    def _from_values(self, name: str, there: Sequence[tuple[int, pa.Field]]) -> pa.DataType:
        """A type for what a part without values, or a number in a CSV, has only by chance."""
        kinds = {at: field.type for at, field in there}
        for at, kind in kinds.items():
            if pa.types.is_string(kind) and not self._parts[at].once and self._is_empty(at, name):
                kinds[at] = pa.null()
        found = _common(list(kinds.values()))
        if found is not None:
            return found
        if any(pa.types.is_string(kind) for kind in kinds.values()):
            for at, kind in kinds.items():
                if pa.types.is_primitive(kind) and not self._parts[at].once:
                    reader = self._parts[at].open({name})
                    if pa.types.is_string(reader.schema.field(name).type):
                        self._texts.setdefault(at, set()).add(name)
                        kinds[at] = pa.string()
        found = _common(list(kinds.values()))
        if found is not None:
            return found
        pairs = ((a, b) for a, b in combinations(kinds, 2) if _common([kinds[a], kinds[b]]) is None)
        first, at = next(pairs, (min(kinds), max(kinds)))
        other = f"in {self._parts[first].where} {kinds[first]}"
        raise InputError(
            f"{self._parts[at].where}: column '{name}' is {kinds[at]}, and {other}", fix="give it one type in all"
        )

    def _is_empty(self, at: int, name: str) -> bool:
        reader = self._parts[at].open(())
        return all(batch.column(name).null_count == batch.num_rows for batch in reader)


def _common(kinds: Sequence[pa.DataType]) -> pa.DataType | None:
    """The type that holds the values of all, or None. What only some values allow is seen when they are cast."""
    found = kinds[0]
    for kind in kinds[1:]:
        if kind == found:
            continue
        try:
            both = pa.unify_schemas([pa.schema([("x", one)]) for one in (found, kind)], promote_options="permissive")
        except pa.ArrowException:
            return None
        wide = both.field("x").type
        if {pa.types.is_string(one) or pa.types.is_binary(one) for one in (found, kind)} == {True} or (
            pa.types.is_floating(wide) and any(pa.types.is_decimal(one) for one in (found, kind))
        ):
            return None  # bytes are no text, and a decimal fraction is not always a float
        vectors = next((one for one in (found, kind) if pa.types.is_fixed_size_list(one)), None)
        if vectors is not None and pa.types.is_list(wide):
            wide = pa.list_(wide.value_type, vectors.list_size)
        found = wide
    return found


def _fitted(batch: pa.RecordBatch, schema: pa.Schema, where: str) -> pa.RecordBatch:
    """The batch in the common schema: nulls for what it lacks, and each value as it is, or refused."""
    arrays = []
    for field in schema:
        at = batch.schema.get_field_index(field.name)
        column = pa.nulls(batch.num_rows, field.type) if at < 0 else batch.column(at)
        if column.type != field.type:
            try:
                column = column.cast(field.type)
            except LIBRARY_FAILURES as error:
                raise InputError(
                    f"{where}: column '{field.name}' ({column.type}) does not fit {field.type}, as it is in other "
                    f"parts ({in_short(error)})",
                    fix="give it one type in all of them",
                ) from error
        arrays.append(column)
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def kept(part: Part) -> Part:
    """The part, in a temporary file if it can be read only once."""
    if not part.once:
        return part
    file = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the part
    reader = part.open(())
    with pa.ipc.new_stream(file, reader.schema) as writer:
        for batch in reader:
            writer.write_batch(batch)

    def opened(_: Collection[str]) -> pa.RecordBatchReader:
        file.seek(0)
        again = pa.ipc.open_stream(file)
        return pa.RecordBatchReader.from_batches(again.schema, again)

    return Part(part.where, opened)
