"""From the tree of a condition to an expression that polars evaluates: no SQL, and only the functions named here."""

from datetime import date
from typing import Any

import polars as pl
import pyarrow as pa

from visrec_cli.errors import UsageError
from visrec_cli.ranking.conditions.columns import (
    DATE,
    NOTHING,
    NUMBER,
    OTHER,
    TEXT,
    TIME,
    TRUTH,
    ColumnKind,
    kind_of_type,
)
from visrec_cli.ranking.conditions.terms import Term, quoted, refused
from visrec_cli.ranking.conditions.typed import (
    Typed,
    as_time,
    column_name,
    is_one_of,
    joined,
    like_pattern,
    literal,
    midnight,
)

_MOST_DIGITS = 15
_SHOWN = 20  # columns that a message lists


class Expressions:
    """Builds the expressions of one condition over the columns of a table.

    Null is SQL's unknown: it passes no comparison, and neither does its opposite. Arithmetic is in 64-bit floats;
    undefined results (0 / 0) are unknown. % has the sign of its right side. round rounds half to even.

    Parameters
    ----------
    schema : pa.Schema
        Schema of the table.
    text : str
        The condition, for messages.
    """

    def __init__(self, schema: pa.Schema, text: str) -> None:
        self._schema, self._names, self._text = schema, schema.names, text

    def of(self, term: Term) -> Typed:
        """Build the expression of a term.

        Parameters
        ----------
        term : Term
            The term.

        Returns
        -------
        Typed
            The expression and its kind.

        Raises
        ------
        UsageError
            If a column does not exist, or types do not match.
        """
        if term.name == "value":
            return literal(term.value)
        if term.name == "column":
            return self._column(str(term.value))
        parts = [self.of(part) for part in term.parts]
        if term.name in ("and", "or", "not"):
            conditions = [self._checked(part, TRUTH, term.name.upper()).expression.cast(pl.Boolean) for part in parts]
            return Typed(~conditions[0] if term.name == "not" else joined(conditions, term.name), ColumnKind(TRUTH))
        if term.name == "is null":
            return Typed(parts[0].expression.is_null(), ColumnKind(TRUTH))
        if term.name in ("=", "<>", "<", "<=", ">", ">="):
            return self._compared(term.name, *parts)
        if term.name == "between":
            low, high = self._compared(">=", parts[0], parts[1]), self._compared("<=", parts[0], parts[2])
            return Typed(low.expression & high.expression, ColumnKind(TRUTH))
        if term.name == "in":
            return self._among(parts[0], term.value)
        if term.name in ("like", "ilike"):
            text = self._checked(parts[0], TEXT, "LIKE").expression
            return Typed(
                text.str.contains(like_pattern(term.value, ignore_case=term.name == "ilike")), ColumnKind(TRUTH)
            )
        if term.name in ("+", "-", "*", "/", "%", "negative"):
            return self._arithmetic(term.name, parts)
        if term.name == "number":
            text = self._checked(parts[0], TEXT, "TRY_CAST", also=NUMBER).expression
            if term.value is int:
                return Typed(text.cast(pl.Int64, strict=False), ColumnKind(NUMBER, "whole"))
            return Typed(text.cast(pl.Float64, strict=False).fill_nan(None), ColumnKind(NUMBER))
        return self._function(term, parts)

    def _column(self, name: str) -> Typed:
        if name not in self._names:
            raise UsageError(f"--where {quoted(self._text)}: there is no column '{name}'", fix=self._hint(name))
        place = self._names.index(name)
        kind = kind_of_type(self._schema.field(place).type)
        return Typed(pl.col(column_name(place)) if kind.name != NOTHING else pl.lit(None), kind)

    def _hint(self, name: str) -> str:
        if f'"{name}"' in self._text:
            return "write text in single quotes; double quotes name a column: --where \"category = 'shoes'\""
        shown = [f"{field.name} ({field.type})" for field in self._schema][:_SHOWN]
        return f"the columns are {', '.join(shown)}" + (" …" if len(self._names) > _SHOWN else "")

    def _compared(self, operator: str, one: Typed, other: Typed) -> Typed:
        if NOTHING in (one.kind.name, other.kind.name):
            return Typed(pl.lit(None, dtype=pl.Boolean), ColumnKind(TRUTH))
        if {one.kind.name, other.kind.name} == {DATE, TIME}:
            one, other = (as_time(side) for side in (one, other))
        if one.kind.name != other.kind.name or one.kind.name == OTHER:
            raise self._mismatch(one, other)
        a, b = one.expression, other.expression
        found = {"=": a == b, "<>": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]
        return Typed(found, ColumnKind(TRUTH))

    def _among(self, about: Typed, values: tuple[Any, ...]) -> Typed:
        given = [value for value in values if value is not None]
        kinds = {literal(value).kind.name for value in given}
        if {DATE, TIME} <= kinds | {about.kind.name}:
            about, given = as_time(about), [midnight(value) if type(value) is date else value for value in given]
            kinds = {literal(value).kind.name for value in given}
        if about.kind.name == NOTHING or not given:
            return Typed(pl.lit(None, dtype=pl.Boolean), ColumnKind(TRUTH))
        if kinds != {about.kind.name}:
            raise self._mismatch(about, next(one for one in map(literal, given) if one.kind.name != about.kind.name))
        found = is_one_of(about, given)
        return Typed(found if len(given) == len(values) else found | pl.lit(None, dtype=pl.Boolean), ColumnKind(TRUTH))

    def _arithmetic(self, operator: str, parts: list[Typed]) -> Typed:
        a, *rest = (self._checked(part, NUMBER, operator).expression.cast(pl.Float64) for part in parts)
        if operator == "negative":
            return Typed(-a, ColumnKind(NUMBER))
        b = rest[0]
        found = {"+": a + b, "-": a - b, "*": a * b, "/": a / b, "%": a % b}[operator]
        return Typed(found.fill_nan(None), ColumnKind(NUMBER))

    def _function(self, term: Term, parts: list[Typed]) -> Typed:
        name = term.name
        if name in ("abs", "round"):
            number, kind = self._checked(parts[0], NUMBER, f"{name}()")
            form = "single" if kind.form == "single" else ""
            number = number if form else number.cast(pl.Float64)
            found = number.abs() if name == "abs" else number.round(self._digits(term), mode="half_to_even")
            return Typed(found, ColumnKind(NUMBER, form))
        if name == "coalesce":
            typed = [part for part in parts if part.kind.name != NOTHING] or parts[:1]
            for part in typed[1:]:
                if part.kind.name != typed[0].kind.name:
                    raise self._mismatch(typed[0], part)
            if typed[0].kind.name == NUMBER and len({part.kind.form for part in typed}) > 1:
                typed = [Typed(part.expression.cast(pl.Float64), ColumnKind(NUMBER)) for part in typed]
            return Typed(pl.coalesce([part.expression for part in typed]), typed[0].kind)
        texts = [self._checked(part, TEXT, f"{name}()").expression for part in parts]
        if name == "length":
            return Typed(texts[0].str.len_chars().cast(pl.Int64), ColumnKind(NUMBER, "whole"))
        if name in ("lower", "upper"):
            return Typed(
                texts[0].str.to_lowercase() if name == "lower" else texts[0].str.to_uppercase(), ColumnKind(TEXT)
            )
        whole, sought = texts[0], texts[1].cast(pl.String)
        answer = {
            "starts_with": lambda: whole.str.starts_with(sought),
            "ends_with": lambda: whole.str.ends_with(sought),
            "contains": lambda: whole.str.contains(sought, literal=True),
        }[name]()
        return Typed(answer, ColumnKind(TRUTH))

    def _digits(self, term: Term) -> int:
        digits = term.parts[1] if len(term.parts) == 2 else Term("value", value=0)
        if digits.name != "value" or type(digits.value) is not int or not 0 <= digits.value <= _MOST_DIGITS:
            raise refused(self._text, f"round() to anything but 0 to {_MOST_DIGITS} digits")
        return digits.value

    def _checked(self, part: Typed, kind: str, by: str, *, also: str = "") -> Typed:
        if part.kind.name == OTHER:
            raise self._mismatch(part, part)
        if part.kind.name not in (kind, NOTHING, also):
            raise UsageError(
                f"--where {quoted(self._text)}: {by} needs {kind}, but got {part.kind.name}",
                fix="compare something: --where \"category = 'shoes'\"" if kind == TRUTH else self._number_hint(part),
            )
        plain = {TRUTH: pl.Boolean, NUMBER: pl.Float64, TEXT: pl.String}[kind]
        return part if part.kind.name != NOTHING else Typed(pl.lit(None, dtype=plain), ColumnKind(kind))

    def _mismatch(self, one: Typed, other: Typed) -> UsageError:
        for side in (one, other):
            if side.kind.name == OTHER:
                field = self._schema.field(self._place(side))
                return UsageError(
                    f"--where {quoted(self._text)}: column '{field.name}' is {field.type}, which cannot be compared",
                    fix=f"use {field.name} IS NOT NULL to check whether it is there, or compare another column",
                )
        names = {one.kind.name, other.kind.name}
        fix = "compare values of the same type"
        if names == {TEXT, NUMBER}:
            fix = self._number_hint(one if one.kind.name == TEXT else other)
        elif TEXT in names and names & {DATE, TIME}:
            fix = "a date is written as DATE '2026-01-31', a time as TIMESTAMP '2026-01-31 12:00:00'"
        return UsageError(
            f"--where {quoted(self._text)}: {one.kind.name} cannot be compared with {other.kind.name}", fix=fix
        )

    def _number_hint(self, part: Typed) -> str:
        if part.kind.name == TEXT and part.expression.meta.root_names():
            name = self._names[self._place(part)]
            return f"column '{name}' is text; write TRY_CAST({name} AS DOUBLE) for its numbers"
        return "write text in single quotes, and numbers without quotes"

    def _place(self, part: Typed) -> int:
        """Position of the first column in a part of the condition."""
        root = part.expression.meta.root_names()[0]
        return next(at for at in range(len(self._names)) if column_name(at) == root)
