"""From the tree of a condition to what polars evaluates row by row: no SQL, no functions but those named here."""

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
from visrec_cli.ranking.conditions.typed import Typed, among, as_time, automaton, column_name, joined, literal, midnight

_MOST_DIGITS = 15
_SHOWN = 20  # columns that a message lists


class Expressions:
    """Makes the expressions of one condition over the columns of a table.

    Null is SQL's unknown: it passes no comparison, and its opposite does not either. Arithmetic is in 64-bit floats;
    what it cannot answer (0 / 0) is unknown. % has the sign of its right side. round goes to the even neighbour.
    """

    def __init__(self, schema: pa.Schema, text: str) -> None:
        self._schema, self._names, self._text = schema, schema.names, text

    def of(self, term: Term) -> Typed:
        """The expression of a term. Raises UsageError for kinds that do not go together."""
        if term.name == "value":
            return literal(term.value)
        if term.name == "column":
            return self._column(str(term.value))
        parts = [self.of(part) for part in term.parts]
        if term.name in ("and", "or", "not"):
            truths = [self._wanted(part, TRUTH, term.name.upper()).expression.cast(pl.Boolean) for part in parts]
            return Typed(~truths[0] if term.name == "not" else joined(truths, term.name), ColumnKind(TRUTH))
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
            text = self._wanted(parts[0], TEXT, "LIKE").expression
            return Typed(text.str.contains(automaton(term.value, loose=term.name == "ilike")), ColumnKind(TRUTH))
        if term.name in ("+", "-", "*", "/", "%", "negative"):
            return self._arithmetic(term.name, parts)
        if term.name == "number":
            text = self._wanted(parts[0], TEXT, "TRY_CAST", also=NUMBER).expression
            if term.value is int:
                return Typed(text.cast(pl.Int64, strict=False), ColumnKind(NUMBER, "whole"))
            return Typed(text.cast(pl.Float64, strict=False).fill_nan(None), ColumnKind(NUMBER))
        return self._called(term, parts)

    def _column(self, name: str) -> Typed:
        if name not in self._names:
            raise UsageError(f"--where {quoted(self._text)}: there is no column '{name}'", fix=self._hint(name))
        place = self._names.index(name)
        kind = kind_of_type(self._schema.field(place).type)
        return Typed(pl.col(column_name(place)) if kind.name != NOTHING else pl.lit(None), kind)

    def _hint(self, name: str) -> str:
        if f'"{name}"' in self._text:
            return "text stands in single quotes, double quotes name a column: --where \"category = 'shoes'\""
        shown = [f"{field.name} ({field.type})" for field in self._schema][:_SHOWN]
        return f"the columns are {', '.join(shown)}" + (" …" if len(self._names) > _SHOWN else "")

    def _compared(self, operator: str, one: Typed, other: Typed) -> Typed:
        if NOTHING in (one.kind.name, other.kind.name):
            return Typed(pl.lit(None, dtype=pl.Boolean), ColumnKind(TRUTH))
        if {one.kind.name, other.kind.name} == {DATE, TIME}:
            one, other = (as_time(side) for side in (one, other))
        if one.kind.name != other.kind.name or one.kind.name == OTHER:
            raise self._unlike(one, other)
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
            raise self._unlike(about, next(one for one in map(literal, given) if one.kind.name != about.kind.name))
        found = among(about, given)
        return Typed(found if len(given) == len(values) else found | pl.lit(None, dtype=pl.Boolean), ColumnKind(TRUTH))

    def _arithmetic(self, operator: str, parts: list[Typed]) -> Typed:
        a, *rest = (self._wanted(part, NUMBER, operator).expression.cast(pl.Float64) for part in parts)
        if operator == "negative":
            return Typed(-a, ColumnKind(NUMBER))
        b = rest[0]
        found = {"+": a + b, "-": a - b, "*": a * b, "/": a / b, "%": a % b}[operator]
        return Typed(found.fill_nan(None), ColumnKind(NUMBER))

    def _called(self, term: Term, parts: list[Typed]) -> Typed:
        name = term.name
        if name in ("abs", "round"):
            number, kind = self._wanted(parts[0], NUMBER, f"{name}()")
            form = "single" if kind.form == "single" else ""
            number = number if form else number.cast(pl.Float64)
            found = number.abs() if name == "abs" else number.round(self._digits(term), mode="half_to_even")
            return Typed(found, ColumnKind(NUMBER, form))
        if name == "coalesce":
            known = [part for part in parts if part.kind.name != NOTHING] or parts[:1]
            for part in known[1:]:
                if part.kind.name != known[0].kind.name:
                    raise self._unlike(known[0], part)
            if known[0].kind.name == NUMBER and len({part.kind.form for part in known}) > 1:
                known = [Typed(part.expression.cast(pl.Float64), ColumnKind(NUMBER)) for part in known]
            return Typed(pl.coalesce([part.expression for part in known]), known[0].kind)
        texts = [self._wanted(part, TEXT, f"{name}()").expression for part in parts]
        if name == "length":
            return Typed(texts[0].str.len_chars().cast(pl.Int64), ColumnKind(NUMBER, "whole"))
        if name in ("lower", "upper"):
            return Typed(
                texts[0].str.to_lowercase() if name == "lower" else texts[0].str.to_uppercase(), ColumnKind(TEXT)
            )
        whole, looked_for = texts[0], texts[1].cast(pl.String)
        answer = {
            "starts_with": lambda: whole.str.starts_with(looked_for),
            "ends_with": lambda: whole.str.ends_with(looked_for),
            "contains": lambda: whole.str.contains(looked_for, literal=True),
        }[name]()
        return Typed(answer, ColumnKind(TRUTH))

    def _digits(self, term: Term) -> int:
        digits = term.parts[1] if len(term.parts) == 2 else Term("value", value=0)
        if digits.name != "value" or type(digits.value) is not int or not 0 <= digits.value <= _MOST_DIGITS:
            raise refused(self._text, f"round() to anything but 0 to {_MOST_DIGITS} digits")
        return digits.value

    def _wanted(self, part: Typed, kind: str, by: str, *, also: str = "") -> Typed:
        if part.kind.name == OTHER:
            raise self._unlike(part, part)
        if part.kind.name not in (kind, NOTHING, also):
            raise UsageError(
                f"--where {quoted(self._text)}: {by} needs {kind}, and got {part.kind.name}",
                fix="compare something: --where \"category = 'shoes'\"" if kind == TRUTH else self._number_hint(part),
            )
        plain = {TRUTH: pl.Boolean, NUMBER: pl.Float64, TEXT: pl.String}[kind]
        return part if part.kind.name != NOTHING else Typed(pl.lit(None, dtype=plain), ColumnKind(kind))

    def _unlike(self, one: Typed, other: Typed) -> UsageError:
        for side in (one, other):
            if side.kind.name == OTHER:
                field = self._schema.field(self._place(side))
                return UsageError(
                    f"--where {quoted(self._text)}: column '{field.name}' is {field.type}, which cannot be compared",
                    fix=f"{field.name} IS NOT NULL asks whether it is there; else compare another column",
                )
        names = {one.kind.name, other.kind.name}
        fix = "compare what is of one kind"
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
            return f"column '{name}' came as text; write TRY_CAST({name} AS DOUBLE) for its numbers"
        return "a text stands in single quotes, a number without"

    def _place(self, part: Typed) -> int:
        """Of the first column in a part of the condition."""
        root = part.expression.meta.root_names()[0]
        return next(at for at in range(len(self._names)) if column_name(at) == root)
