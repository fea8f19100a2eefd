"""Reading of recommendations of any tool into one form."""

import re
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.errors import InputError, UsageError
from visrec_cli.runtime.report import Report
from visrec_cli.tables.ids import ITEM_ALIASES, USER_ALIASES, as_ids, plain_name
from visrec_cli.tables.provenance import passed_on
from visrec_cli.tables.readers import Tabular, name_of, open_table
from visrec_cli.tables.wide_format import across, is_list, unrolled

ALIASES = {
    "user": (*USER_ALIASES, "query_id", "query", "qid", "q_id"),
    "item": (*(alias for alias in ITEM_ALIASES if alias != "id"), "docno", "doc_id", "docid"),
    "rank": ("rank", "position", "place"),
    "score": (
        "score", "scores", "prediction", "predictions", "pred", "predicted", "predicted_rating", "est", "rating",
        "similarity",
    ),
}  # fmt: skip
_LISTS = ("items", "item_ids", "itemids", "recommendations", "recommended", "recs", "topk", "top_k", *ALIASES["item"])
_PLACE = re.compile(r"(?:top|item|rec|rank)_?(\d+)")
_RUNS = ("run", "run_id", "run_name", "algorithm", "algo", "recommender")
_ROWS = 1 << 17


def open_recommendations(
    source: Tabular, *, user: str | None = None, item: str | None = None, report: Report | None = None
) -> pa.RecordBatchReader:
    """A stream of ``user_id``, ``item_id`` (string), and ``rank`` (int64) and ``score`` (float64) where there are any.

    Read are tables with one row per recommendation under the usual names (ours, LensKit's, RecBole's), TREC run files,
    and tables with one row per user: a list of items (and of scores) or columns ``top_0``, ``top_1`` … user, item: the
    names of those columns where they are unusual. The schema keeps what is told of the models (tables.provenance).
    Raises InputError where there are no users or items, or an id is missing, UsageError for a column that is not
    there.
    """
    where = name_of(source)
    named = [name for name in (user, item) if name]
    reader = open_table(source, as_text=[*ALIASES["user"], *ALIASES["item"], *named], report=report)
    schema = reader.schema
    asked = {"user": user, "item": item, "rank": None, "score": None}
    columns = {kind: _find(schema, kind, name, where) for kind, name in asked.items()}
    places, listed = _places(schema.names), _list_column(schema, item)
    places = places if len(places) > 1 and columns["item"] is None else ()
    columns["item"] = listed or columns["item"]
    if places or listed:  # one row per user, whom id may number
        columns["user"] = columns["user"] or next((name for name in schema.names if plain_name(name) == "id"), None)
    lacking = [kind for kind in ("user", "item") if columns[kind] is None and not (places and kind == "item")]
    if lacking:
        fix = f"recommendations have user_id, item_id and rank or score; --{lacking[0]}-column names another"
        if all(is_list(field.type) for field in schema):
            fix = 'an object per user: {"user_id": "7", "items": ["a", "b"]}'
        names = ", ".join(schema.names[:20])
        raise InputError(f"{where} has no column of {lacking[0]}s (its columns are: {names})", fix=fix)
    run = next((name for name in schema.names if plain_name(name) in _RUNS), None)
    return _streamed(reader, columns, places, where, run)


def _find(schema: pa.Schema, kind: str, asked: str | None, where: str) -> str | None:
    if asked is not None:
        if asked not in schema.names:
            raise UsageError(f"{where} has no column '{asked}'", fix=f"its columns are: {', '.join(schema.names)}")
        return asked
    plain = {plain_name(name): name for name in reversed(schema.names)}
    return next((plain[alias] for alias in ALIASES[kind] if alias in plain), None)


def _places(names: Sequence[str]) -> tuple[str, ...]:
    """The columns ``top_0``, ``top_1`` … in the order of their numbers."""
    found = [(int(match[1]), name) for name in names if (match := _PLACE.fullmatch(plain_name(name)))]
    return tuple(name for _, name in sorted(found))


def _list_column(schema: pa.Schema, item: str | None) -> str | None:
    plain = {plain_name(name): name for name in reversed(schema.names) if is_list(schema.field(name).type)}
    return item if item in plain.values() else next((plain[alias] for alias in _LISTS if alias in plain), None)


def _streamed(
    reader: pa.RecordBatchReader, columns: dict[str, str | None], places: Sequence[str], where: str, run: str | None
) -> pa.RecordBatchReader:
    """The stream in batches of many rows: files hold small ones, and each costs some work."""
    kept = {kind: name for kind, name in columns.items() if name is not None}
    wide = bool(places) or ("item" in kept and is_list(reader.schema.field(kept["item"]).type))
    fields = [pa.field("user_id", pa.string()), pa.field("item_id", pa.string())]
    if "rank" in kept or wide:
        fields.append(pa.field("rank", pa.int64()))
    if ("score" in kept and not places) or (wide and _with_scores(reader.schema, kept)):
        fields.append(pa.field("score", pa.float64()))
    schema = pa.schema(fields, metadata=passed_on(reader.schema))

    def batches() -> Iterator[pa.RecordBatch]:
        runs: set[str] = set()
        for part in _context(reader, [*kept.values(), *places, *([run] if run else [])]):
            if run:
                runs.update(map(str, pc.unique(part[run]).drop_null().to_pylist()))
                _refuse_several(runs, where, run)
            yield _long(part, kept, places, schema, where)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _refuse_several(runs: Iterable[str], where: str, column: str) -> None:
    """Raises InputError if a file has the lists of several runs: read together, they are nobody's."""
    some = [f"'{run}'" for run in sorted(runs)]
    if len(some) > 1:
        raise InputError(
            f"{where} holds several runs: {', '.join(some[:3])} (column '{column}')", fix="make each a file of its own"
        )


def _with_scores(schema: pa.Schema, kept: dict[str, str]) -> bool:
    """Whether the list is one of items with scores."""
    kind = schema.field(kept["item"]).type if "item" in kept else pa.null()
    if not is_list(kind) or not pa.types.is_struct(kind.value_type):
        return False
    return _find(pa.schema(list(kind.value_type)), "score", None, "") is not None


def _fields(pairs: pa.StructArray, where: str) -> dict[str, pa.Array]:
    """What a list of items with scores holds, by the names of its fields."""
    schema = pa.schema(list(pairs.type))
    names = {kind: _find(schema, kind, None, where) for kind in ("item", "score")}
    if names["item"] is None:
        names["item"] = schema.names[0]  # LensKit and others put it first
    return {kind: pc.struct_field(pairs, name) for kind, name in names.items() if name is not None}


def _context(reader: pa.RecordBatchReader, names: Sequence[str]) -> Iterator[pa.Table]:
    names = list(dict.fromkeys(names))
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in reader:
        waiting.append(batch.select(names))
        rows += batch.num_rows
        if rows >= _ROWS:
            yield pa.Table.from_batches(waiting).combine_chunks()
            waiting, rows = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting).combine_chunks()


def _long(part: pa.Table, kept: dict[str, str], places: Sequence[str], schema: pa.Schema, where: str) -> pa.RecordBatch:
    """One row per recommendation."""
    columns = {kind: part[name].combine_chunks() for kind, name in kept.items()}
    if places:
        columns |= across(columns["user"], [part[name].combine_chunks() for name in places], where)
    elif is_list(columns["item"].type):
        columns |= unrolled(columns["user"], columns["item"], columns.get("score"), where)
        if pa.types.is_struct(columns["item"].type):
            columns |= _fields(columns["item"], where)
    arrays = []
    for field in schema:
        kind = field.name.removesuffix("_id")
        if kind in ("user", "item"):
            arrays.append(as_ids(columns[kind], name=kept.get(kind, kind), where=where))
        else:
            arrays.append(_numbers(columns[kind], field.type, kept.get(kind, kind), where))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _numbers(column: pa.Array, kind: pa.DataType, name: str, where: str) -> pa.Array:
    what, fix = ("ranks", "whole numbers, 1 is first") if kind == pa.int64() else ("numbers", "drop it, or mend it")
    try:
        values = column.cast(pa.float64())
        return values if kind == pa.float64() else pc.if_else(pc.is_nan(values), None, values).cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(f"{where}: column '{name}' holds no {what}", fix=fix) from error
