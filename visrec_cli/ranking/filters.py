"""Rows that satisfy an SQL condition, as every ``--where`` takes: ``price < 50 and category = 'shoes'``."""

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from visrec_cli.errors import InputError, UsageError
from visrec_cli.ranking.conditions.columns import NOTHING, TRUTH, comparable
from visrec_cli.ranking.conditions.expressions import Expressions
from visrec_cli.ranking.conditions.parser import parse_condition
from visrec_cli.ranking.conditions.terms import Term, quoted
from visrec_cli.ranking.conditions.typed import column_name
from visrec_cli.runtime.display import counted
from visrec_cli.tables.failures import in_short
from visrec_cli.tables.unicode_forms import FORM

_ROWS = 1 << 14  # evaluated at a time, to bound the memory of intermediate results


def rows_where(items: pa.Table, where: str) -> npt.NDArray[np.bool_]:
    """Evaluate a condition for each row of a table.

    The condition is parsed and rebuilt here, and never passed to an SQL engine. Only the columns in it are read.

    Parameters
    ----------
    items : pa.Table
        The table.
    where : str
        An SQL expression over the columns, of the operations in ``conditions.terms.ALLOWED`` (docs/conditions.md).

    Returns
    -------
    npt.NDArray[np.bool_]
        (n,) True where the condition holds; False where it is unknown (null).

    Raises
    ------
    UsageError
        If something in it is not allowed, a column does not exist, or types do not match.
    InputError
        If it cannot be evaluated, or if no row passes but some would in another Unicode form of its texts.
    """
    term = parse_condition(where)
    passing = _passing(items, term, where)
    if not passing.any():
        _refuse_other_form(items, term, where)
    return passing


def _passing(items: pa.Table, term: Term, where: str) -> npt.NDArray[np.bool_]:
    found = Expressions(items.schema, where).of(term)
    if found.kind.name not in (TRUTH, NOTHING):
        raise UsageError(
            f"--where {quoted(where)} is not a condition: it gives {found.kind.name}, not true or false",
            fix="compare something: --where \"category = 'shoes'\"",
        )
    used = {items.schema.names.index(name): name for name in _columns(term)}
    passing = np.zeros(items.num_rows, bool)
    for start in range(0, items.num_rows, _ROWS):
        part = items.slice(start, _ROWS)
        # a full column repeats a condition that is one value for all rows, such as "true"
        columns = [pl.Series("each", np.ones(part.num_rows, bool))]
        columns += [pl.Series(column_name(at), comparable(part.column(at), name)) for at, name in used.items()]
        try:
            result = pl.DataFrame(columns).select(found.expression.cast(pl.Boolean) & pl.col("each")).to_series()
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            raise InputError(
                f"--where {quoted(where)} cannot be evaluated: {in_short(error)}",
                fix="use a shorter pattern, or filter the table first (duckdb, polars)",
            ) from error
        passing[start : start + part.num_rows] = result.fill_null(False).to_numpy()
    return passing


def _refuse_other_form(items: pa.Table, term: Term, where: str) -> None:
    """Raise InputError if no row passes only because letters of the condition are in another Unicode form."""
    for form in ("NFC", "NFD"):
        other = _rewritten(term, partial(unicodedata.normalize, form))
        many = int(_passing(items, other, where).sum()) if other != term else 0
        if many:
            raise InputError(
                f"no row passes --where {quoted(where)}; {counted(many, 'rows')} would but for {FORM}",
                fix="write the condition with letters as one character each (NFC)"
                if form == "NFC"
                else "normalise the column (with polars: pl.col('COLUMN').str.normalize('NFC'))",
            )


def _rewritten(term: Term, transform: Callable[[str], str]) -> Term:
    """The condition with its texts transformed; names of columns stay."""

    def rewritten(value: Any) -> Any:
        return transform(value) if isinstance(value, str) else value

    value = term.value
    if term.name != "column":
        value = tuple(map(rewritten, value)) if isinstance(value, tuple) else rewritten(value)
    return replace(term, parts=tuple(_rewritten(part, transform) for part in term.parts), value=value)


def _columns(term: Term) -> Iterator[str]:
    if term.name == "column":
        yield str(term.value)
    for part in term.parts:
        yield from _columns(part)
