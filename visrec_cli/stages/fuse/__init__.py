"""``fuse``: the embedding columns of one or several tables into one column."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from visrec_cli import registry
from visrec_cli.errors import InputError, UsageError
from visrec_cli.fusion.recipe import MISSING, NORMALISE, Recipe
from visrec_cli.items.source import open_items
from visrec_cli.options.classes import options_of, takes
from visrec_cli.options.fuse import FuseOptions
from visrec_cli.runtime.report import Report
from visrec_cli.stages.fuse.inputs import recipe_of
from visrec_cli.stages.fuse.layouts import PLACES, VECTORS, check_places, with_places
from visrec_cli.stages.fuse.supervision import check, find_method
from visrec_cli.tables.join import join_items
from visrec_cli.tables.npy import is_npy
from visrec_cli.tables.readers import Tabular, name_of
from visrec_cli.tables.vectors import column_of, matrix_of


@takes(FuseOptions)
def fuse(
    *tables: Tabular, options: FuseOptions | None = None, report: Report | None = None, **named: Any
) -> pa.RecordBatchReader:
    """Fuse the embedding columns of a table into one more column. Streams when nothing has to be fitted.

    Parameters
    ----------
    *tables : Tabular
        Tables with embeddings; several are joined by ``item_id``. Without any, stdin.
    options : FuseOptions | None, default=None
        How to fuse.
    report : Report | None, default=None
        Takes notes and counts.
    **named : Any
        Fields of FuseOptions, instead of those of ``options``.

    Returns
    -------
    pa.RecordBatchReader
        The table with the new column, a fixed-size list of float32 (float16 with ``half``), null for items without a
        vector. Of a layout: with columns such as ``tsne_x`` and ``tsne_y``, float32, instead.

    Raises
    ------
    InputError
        Without embedding columns, or with nothing to learn from.
    SpaceMismatchError
        Where ``mean`` would average unrelated spaces.
    UsageError
        For unknown names and options that do not go together.
    """
    report, options = report or Report(), options_of(FuseOptions, options, named)
    if options.method in PLACES:
        return _laid_out(tables, options, report)
    kind = find_method(options.method)
    _one_of("--missing", options.missing, MISSING)
    _one_of("--normalise", options.normalise, NORMALISE)
    options = check(kind, options)
    reader = _joined(tables or ("-",), options, report)
    recipe = recipe_of(reader.schema, options)
    if kind is not None:
        kind.require_sides([source.column for source in recipe.sources])
    if kind is not None or options.reduce is not None or options.missing == "mean":
        table = reader.read_all()
        _fit(recipe, table, options, kind is not None, report)
        reader = table.to_reader(max_chunksize=8192)
    schema = _with_field(reader.schema, recipe.space().field(options.into, half=options.half))
    return pa.RecordBatchReader.from_batches(schema, _fused(reader, recipe, schema, options.into, options.half, report))


def _laid_out(tables: Sequence[Tabular], options: FuseOptions, report: Report) -> pa.RecordBatchReader:
    """The table with columns of coordinates, of the concatenated columns."""
    others = {
        "--target": options.target, "--set": options.settings, "--reduce": options.reduce, "--half": options.half,
    }  # fmt: skip
    dim = check_places(options.method, options.dim, others)
    concat = replace(options, method="concat", into=VECTORS, dim=None)
    fused = fuse(*tables, options=concat, report=report)
    placed = with_places(fused.read_all(), method=options.method, dim=dim, seed=options.seed, report=report)
    return placed.to_reader(max_chunksize=8192)


def _fit(recipe: Recipe, table: pa.Table, options: FuseOptions, learns: bool, report: Report) -> None:
    """Fit on the whole table, and say how it went."""
    from visrec_cli.fusion.learned.base import FuserTrainingData
    from visrec_cli.stages.fuse.fuser_targets import labels_of, target_of

    reduce = options.reduce
    supervised = reduce is not None and registry.find("reduction", reduce).supervised
    labels = labels_of(table, options.target or "") if supervised else ()
    examples = None
    if learns:
        examples = FuserTrainingData(
            tuple(source.column for source in recipe.sources), (), (), target_of(table, options, report),
            options.dim or 64, options.validation, options.patience, options.seed, options.device, report,
        )  # fmt: skip
    recipe.fit(
        _parts(recipe, table), reduce=reduce, dim=options.dim, labels=labels, examples=examples,
        settings=options.settings,
    )  # fmt: skip
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


def _joined(tables: Sequence[Tabular], options: FuseOptions, report: Report) -> pa.RecordBatchReader:
    if sum(str(t) == "-" for t in tables if isinstance(t, str)) > 1:
        raise UsageError("stdin can be only one of the tables", fix="write the other to a file first")
    matrices = [is_npy(table) for table in tables]
    npy: dict[str, Any] = {"ids": options.ids, "row_ids": options.row_ids}
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
