"""``fuse``: the embedding columns of one or several tables into one column."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from visrec_cli import registry
from visrec_cli.errors import InputError, UsageError
from visrec_cli.fusion.recipe import MISSING, NORMALISE, Recipe
from visrec_cli.items.source import open_items
from visrec_cli.runtime.report import Report
from visrec_cli.stages.fuse.inputs import recipe_of
from visrec_cli.stages.fuse.layouts import PLACES, VECTORS, check_places, with_places
from visrec_cli.stages.fuse.supervision import Learning, check, find_method
from visrec_cli.tables.join import join_items
from visrec_cli.tables.npy import is_npy
from visrec_cli.tables.readers import Tabular, name_of
from visrec_cli.tables.vectors import column_of, matrix_of


def fuse(
    *tables: Tabular,
    method: str = "concat",
    columns: Sequence[str] = (),
    weights: Mapping[str, float] | None = None,
    normalise: str = "l2",
    missing: str = "zero",
    reduce: str | None = None,
    dim: int | None = None,
    into: str = "embedding",
    half: bool = False,
    target: str | None = None,
    settings: Mapping[str, Any] | None = None,
    validation: float = 0.1,
    patience: int = 10,
    seed: int = 0,
    device: str = "auto",
    report: Report | None = None,
    **npy: Any,
) -> pa.RecordBatchReader:
    """The table (several are joined by item_id) with one more column, ``into``: its embedding columns fused.

    columns: which to fuse, in this order (default: all that are not themselves fused from others here). weights:
    column (or its part before ``_embedding``) → factor. missing: what becomes of an item that lacks a part: ``zero``
    (that part says nothing), ``mean`` (the average vector stands in), ``drop`` (no vector), ``fail``. reduce: ``pca``,
    ``whiten`` or ``lda`` to ``dim`` numbers, fitted on this table. target, settings, validation, patience, seed,
    device: of methods that learn, see stages.fuse.supervision. ``tsne`` and ``umap`` add columns of places and no
    vectors, see stages.fuse.layouts. Streams when nothing has to be fitted. Raises InputError without embedding
    columns or with nothing to learn from, SpaceMismatchError when ``mean`` would average unrelated spaces, UsageError
    for unknown names and what does not go together.
    """
    report = report or Report()
    if method in PLACES:
        others = {"--target": target, "--set": settings, "--reduce": reduce, "--half": half}
        wide = check_places(method, dim, others)
        fused = fuse(
            *tables, columns=columns, weights=weights, normalise=normalise, missing=missing, into=VECTORS,
            report=report, **npy,
        )  # fmt: skip
        placed = with_places(fused.read_all(), method=method, dim=wide, seed=seed, report=report)
        return placed.to_reader(max_chunksize=8192)
    kind = find_method(method)
    _one_of("--missing", missing, MISSING)
    _one_of("--normalise", normalise, NORMALISE)
    learning = Learning(target, settings or {}, validation, patience, seed, device)
    learning = check(method, kind, learning, reduce=reduce, dim=dim, weighted=bool(weights))
    reader = _joined(tables or ("-",), report, npy)
    recipe = recipe_of(reader.schema, method, columns, weights or {}, normalise, missing, into)
    if kind is not None:
        kind.require_sides([source.column for source in recipe.sources])
    if kind is not None or reduce is not None or missing == "mean":
        table = reader.read_all()
        _fit(recipe, table, learning, kind is not None, reduce, dim, report)
        reader = table.to_reader(max_chunksize=8192)
    schema = _with_field(reader.schema, recipe.space().field(into, half=half))
    return pa.RecordBatchReader.from_batches(schema, _fused(reader, recipe, schema, into, half, report))


def _fit(
    recipe: Recipe, table: pa.Table, learning: Learning, learns: bool, reduce: str | None, dim: int | None,
    report: Report,
) -> None:  # fmt: skip
    """Fit on the whole table, and say how it went."""
    from visrec_cli.fusion.learned.base import FuserTrainingData
    from visrec_cli.stages.fuse.fuser_targets import labels_of, target_of

    supervised = reduce is not None and registry.find("reduction", reduce).supervised
    labels = labels_of(table, learning.target or "") if supervised else ()
    examples = None
    if learns:
        examples = FuserTrainingData(
            tuple(source.column for source in recipe.sources), (), (), target_of(table, learning, report), dim or 64,
            learning.validation, learning.patience, learning.seed, learning.device, report,
        )  # fmt: skip
    recipe.fit(
        _parts(recipe, table), reduce=reduce, dim=dim, labels=labels, examples=examples, settings=learning.settings
    )
    facts = recipe.learned.facts if recipe.learned else (recipe.learned_by or {}).get("facts")
    if facts:
        report.warn(_words(recipe, facts))
    if recipe.reduction is not None:
        kept = recipe.reduction
        report.warn(f"{kept.name} keeps {kept.explained:.1%} {kept.measure} in {len(kept.components)} numbers")


def _words(recipe: Recipe, facts: Mapping[str, Any]) -> str:
    """How the learning went, in one line."""
    words = [f"learned from {facts['target']}" if "target" in facts else f"learned by {recipe.method}"]
    if "validation" in facts and "metric" in facts:
        words.append(f"{facts['metric']} {facts['validation']:.3f} on what was held back")
    words += [f"{name} {facts[name]:g}" for name in ("epoch", "ridge") if name in facts]
    if recipe.learned_by:
        words.append("weights " + ", ".join(f"{name} {weight:.3f}" for name, weight in recipe.weights.items()))
    return " · ".join(words)


def _fused(
    reader: pa.RecordBatchReader, recipe: Recipe, schema: pa.Schema, into: str, half: bool, report: Report
) -> Iterator[pa.RecordBatch]:
    for batch in reader:
        parts = _parts(recipe, batch)
        for name, (_, present) in parts.items():
            lacking = int((~present).sum())
            if lacking:
                report.count(f"items without {name}", lacking)
                if recipe.missing == "fail":
                    first = batch.column("item_id")[int((~present).argmax())].as_py()
                    raise InputError(f"item '{first}' has no {name}", fix="--missing zero, mean or drop")
        vectors, valid = recipe.apply(parts)
        if not valid.all():
            report.count("items without a vector", int((~valid).sum()))
        report.advance(len(valid))
        arrays = dict(zip(batch.schema.names, batch.columns, strict=True))
        arrays[into] = column_of(vectors, valid, half=half)
        yield pa.RecordBatch.from_arrays([arrays[name] for name in schema.names], schema=schema)


def _joined(tables: Sequence[Tabular], report: Report, npy: dict[str, Any]) -> pa.RecordBatchReader:
    if sum(str(t) == "-" for t in tables if isinstance(t, str)) > 1:
        raise UsageError("stdin can be only one of the tables", fix="write the other to a file first")
    matrices = [is_npy(table) for table in tables]
    readers = [
        open_items(table, report=report, **(npy if matrix or not any(matrices) else {}))
        for table, matrix in zip(tables, matrices, strict=True)
    ]
    if len(readers) == 1:
        return readers[0]
    joined = join_items([r.read_all() for r in readers], [name_of(t) for t in tables], report)
    return joined.to_reader(max_chunksize=8192)


def _one_of(option: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise UsageError(f"{option} cannot be '{value}'", fix=f"one of {', '.join(allowed)}")


def _parts(recipe: Recipe, table: pa.Table | pa.RecordBatch) -> dict[str, Any]:
    ids = table.column("item_id")
    return {s.column: matrix_of(table.column(s.column), name=s.column, ids=ids) for s in recipe.sources}


def _with_field(schema: pa.Schema, field: pa.Field) -> pa.Schema:
    at = schema.get_field_index(field.name)
    return schema.append(field) if at < 0 else schema.set(at, field)
