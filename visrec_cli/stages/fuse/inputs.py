"""Selection and checks of the columns to fuse."""

from collections.abc import Sequence

import pyarrow as pa

from visrec_cli.errors import SpaceMismatchError, UsageError, unknown
from visrec_cli.fusion.recipe import Recipe
from visrec_cli.options.fuse import FuseOptions
from visrec_cli.tables.compatibility import require_same_version
from visrec_cli.tables.spaces import Source, space_of
from visrec_cli.tables.vectors import embedding_columns, no_vectors


def recipe_of(schema: pa.Schema, options: FuseOptions) -> Recipe:
    """How to fuse the columns that were asked for, or all that are no results. Raises as ``fuse`` says."""
    columns, into = options.columns, options.into
    every = embedding_columns(schema)
    found = [name for name in every if not _is_result(schema, name, into)] or every
    if not found:
        raise no_vectors(
            schema,
            purpose=" to fuse",
            fix="run embed-images or embed-text first: visrec embed-images ./imgs | visrec fuse",
        )
    if into in schema.names and into not in every:
        raise UsageError(f"--into '{into}' would replace a column that holds no vectors", fix="--into embedding")
    chosen = [_named(name, every) for name in columns] or found
    if len(set(chosen)) < len(chosen):
        raise UsageError(f"--columns {','.join(columns)} names a column twice", fix="--weights makes one count more")
    factors = {_named(name, chosen): float(factor) for name, factor in (options.weights or {}).items()}
    bad = next((name for name, factor in factors.items() if not factor > 0 or factor == float("inf")), None)
    if bad is not None:
        raise UsageError(f"the weight of '{bad}' must be a positive number", fix="leave a column out with --columns")
    sources = tuple(Source(name, space_of(schema.field(name)), schema.field(name).type.list_size) for name in chosen)
    if options.method == "mean":
        _require_one_space(sources)
    every_factor = {name: factors.get(name, 1.0) for name in chosen}
    return Recipe(options.method, sources, every_factor, options.normalise, options.missing)


def _is_result(schema: pa.Schema, name: str, into: str) -> bool:
    """Whether a column was fused from others that are here: an earlier result is no ingredient.

    What lost its space on the way (pandas) is judged by its name, unless a join found several of that name (NPY).
    """
    space = space_of(schema.field(name))
    if space is None:
        return name == into and f"{into}_2" not in schema.names
    return bool(space.sources) and all(s.column in schema.names and s.column != name for s in space.sources)


def _require_one_space(sources: Sequence[Source]) -> None:
    """Averages of unrelated spaces mean nothing, even where the dimensions happen to agree."""
    first = sources[0]
    for other in sources[1:]:
        a, b = first.space, other.space
        require_same_version(a, b, f"'{first.column}'", f"'{other.column}'")
        if other.dimension != first.dimension or (a is not None and b is not None and a != b):
            raise SpaceMismatchError(
                f"--method mean cannot average '{first.column}' [{a.describe() if a else first.dimension}] "
                f"and '{other.column}' [{b.describe() if b else other.dimension}]: they are different spaces",
                fix="use --method concat",
            )


def _named(name: str, known: Sequence[str]) -> str:
    for candidate in (name, f"{name}_embedding"):
        if candidate in known:
            return candidate
    raise unknown("embedding column", name, list(known))
