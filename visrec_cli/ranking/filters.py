"""Which items pass a condition in SQL: ``price < 50 and category = 'shoes'``. The one door for every ``--where``."""

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

_ROWS = 1 << 14  # evaluated at a time, so that what a condition makes on its way stays small


def rows_where(items: pa.Table, where: str) -> npt.NDArray[np.bool_]:
    """(n,) bool, True where the condition holds; where it is unknown (a null) it does not.

    where: an expression of SQL over the columns, of what ``conditions.terms.ALLOWED`` lists (docs/conditions.md). It is
    parsed and rebuilt here, and never handed to an engine. Only the columns in it are looked at.
    Raises UsageError, saying what is not allowed, which columns there are, or what does not go together; InputError
    where no row passes, and some would if the letters of its texts stood in their other Unicode form.
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
    asked = {items.schema.names.index(name): name for name in _columns(term)}
    passing = np.zeros(items.num_rows, bool)
    for start in range(0, items.num_rows, _ROWS):
        part = items.slice(start, _ROWS)
        # a condition that is one value for all ("true") meets a full column, and so is repeated in each row
        columns = [pl.Series("each", np.ones(part.num_rows, bool))]
        columns += [pl.Series(column_name(at), comparable(part.column(at), name)) for at, name in asked.items()]
        try:
            answer = pl.DataFrame(columns).select(found.expression.cast(pl.Boolean) & pl.col("each")).to_series()
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            raise InputError(
                f"--where {quoted(where)} cannot be answered: {in_short(error)}",
                fix="a shorter pattern, or a filter before (duckdb, polars)",
            ) from error
        passing[start : start + part.num_rows] = answer.fill_null(False).to_numpy()
    return passing


def _refuse_other_form(items: pa.Table, term: Term, where: str) -> None:
    """Raises InputError if a condition that no row passes is one of form: of texts whose letters stand otherwise."""
    for form in ("NFC", "NFD"):
        other = _rewritten(term, partial(unicodedata.normalize, form))
        many = int(_passing(items, other, where).sum()) if other != term else 0
        if many:
            raise InputError(
                f"no row passes --where {quoted(where)}; {counted(many, 'rows')} would but for {FORM}",
                fix="write the condition with letters as one character each (NFC)"
                if form == "NFC"
                else "bring the column into the usual form (with polars: pl.col('COLUMN').str.normalize('NFC'))",
            )


def _rewritten(term: Term, way: Callable[[str], str]) -> Term:
    """The condition with its texts written in another way; names of columns stay."""

    def rewritten(value: Any) -> Any:
        return way(value) if isinstance(value, str) else value

    value = term.value
    if term.name != "column":
        value = tuple(map(rewritten, value)) if isinstance(value, tuple) else rewritten(value)
    return replace(term, parts=tuple(_rewritten(part, way) for part in term.parts), value=value)


def _columns(term: Term) -> Iterator[str]:
    if term.name == "column":
        yield str(term.value)
    for part in term.parts:
        yield from _columns(part)
