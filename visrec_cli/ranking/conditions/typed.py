"""Parts of a condition for polars, each with what it gives; and the small steps that make them."""

import re
from datetime import date, datetime
from functools import reduce
from typing import Any, NamedTuple

import polars as pl

from visrec_cli.ranking.conditions.columns import DATE, NOTHING, NUMBER, TEXT, TIME, TRUTH, ColumnKind


def column_name(place: int) -> str:
    """What the column at this place is called for polars: of the user's names, some stand for several columns there."""
    return f"c{place}"


class Typed(NamedTuple):
    """An expression and what it gives."""

    expression: pl.Expr
    kind: ColumnKind


def literal(value: Any) -> Typed:
    """What stands in the condition as it is."""
    kinds = ((bool, TRUTH), (int | float, NUMBER), (str, TEXT), (datetime, TIME), (date, DATE))
    for kind, name in kinds:
        if isinstance(value, kind):
            return Typed(pl.lit(value), ColumnKind(name, "whole" if type(value) is int else ""))
    return Typed(pl.lit(None), ColumnKind(NOTHING))


def among(about: Typed, values: list[Any]) -> pl.Expr:
    """Whether a part is one of the values, all of its kind."""
    expression, kind = about.expression, None
    if about.kind.name == NUMBER:
        whole = about.kind.form == "whole" and all(isinstance(value, int) for value in values)
        kind = pl.Int64 if whole else pl.Float32 if about.kind.form == "single" else pl.Float64
        expression = expression if whole else expression.cast(kind)
    return expression.is_in(pl.Series(values, dtype=kind, strict=False).implode())


def joined(truths: list[pl.Expr], how: str) -> pl.Expr:
    """All of them joined by "and" or "or"; by halves: a chain of hundreds would nest as deep."""
    while len(truths) > 1:
        pairs = [truths[at : at + 2] for at in range(0, len(truths), 2)]
        truths = [reduce(lambda a, b: a & b if how == "and" else a | b, pair) for pair in pairs]
    return truths[0]


def automaton(pattern: str, *, loose: bool) -> str:
    """The regular expression of a pattern of LIKE: % is any text, _ any one character."""
    words = "".join(".*" if one == "%" else "." if one == "_" else re.escape(one) for one in re.sub("%+", "%", pattern))
    return f"(?s{'i' if loose else ''})^{words}$"


def as_time(side: Typed) -> Typed:
    """A date as its first moment, to be compared with times."""
    return Typed(side.expression.cast(pl.Datetime("us")), ColumnKind(TIME)) if side.kind.name == DATE else side


def midnight(day: date) -> datetime:
    """The first moment of a day."""
    return datetime(day.year, day.month, day.day)  # UTC without a zone, as all times here
