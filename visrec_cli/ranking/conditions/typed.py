"""Parts of a condition as polars expressions with their kinds, and helpers that build them."""

import re
from datetime import date, datetime
from functools import reduce
from typing import Any, NamedTuple

import polars as pl

from visrec_cli.ranking.conditions.columns import DATE, NOTHING, NUMBER, TEXT, TIME, TRUTH, ColumnKind


def column_name(place: int) -> str:
    """Name of the column at this position in polars, because names of the user need not be unique."""
    return f"c{place}"


class Typed(NamedTuple):
    """An expression and its kind.

    Attributes
    ----------
    expression : pl.Expr
        The expression.
    kind : ColumnKind
        Kind of its values.
    """

    expression: pl.Expr
    kind: ColumnKind


def literal(value: Any) -> Typed:
    """A literal value as an expression."""
    kinds = ((bool, TRUTH), (int | float, NUMBER), (str, TEXT), (datetime, TIME), (date, DATE))
    for kind, name in kinds:
        if isinstance(value, kind):
            return Typed(pl.lit(value), ColumnKind(name, "whole" if type(value) is int else ""))
    return Typed(pl.lit(None), ColumnKind(NOTHING))


def is_one_of(about: Typed, values: list[Any]) -> pl.Expr:
    """Whether a part is one of the values, which are all of its kind."""
    expression, kind = about.expression, None
    if about.kind.name == NUMBER:
        whole = about.kind.form == "whole" and all(isinstance(value, int) for value in values)
        kind = pl.Int64 if whole else pl.Float32 if about.kind.form == "single" else pl.Float64
        expression = expression if whole else expression.cast(kind)
    return expression.is_in(pl.Series(values, dtype=kind, strict=False).implode())


def joined(conditions: list[pl.Expr], how: str) -> pl.Expr:
    """All conditions joined by "and" or "or", pairwise: a chain of hundreds would nest too deeply."""
    while len(conditions) > 1:
        pairs = [conditions[at : at + 2] for at in range(0, len(conditions), 2)]
        conditions = [reduce(lambda a, b: a & b if how == "and" else a | b, pair) for pair in pairs]
    return conditions[0]


def like_pattern(pattern: str, *, ignore_case: bool) -> str:
    """Regular expression of a LIKE pattern: % is any text, _ any one character."""
    words = "".join(".*" if one == "%" else "." if one == "_" else re.escape(one) for one in re.sub("%+", "%", pattern))
    return f"(?s{'i' if ignore_case else ''})^{words}$"


def as_time(side: Typed) -> Typed:
    """A date as its first moment, to compare it with times."""
    return Typed(side.expression.cast(pl.Datetime("us")), ColumnKind(TIME)) if side.kind.name == DATE else side


def midnight(day: date) -> datetime:
    """The first moment of a day."""
    return datetime(day.year, day.month, day.day)  # UTC without a zone, like all times here
