"""Allowed conditions against an evaluation by hand: each is drawn together with a Python function of one row."""

import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from visrec_cli.ranking.filters import rows_where

Row = dict[str, Any]
Drawn = tuple[str, Callable[[Row], Any]]  # SQL, and what it is worth for a row; None is unknown
LETTERS = "aAéÉ%_.\\'\"\n (["


def _of(value: Any, sql: str) -> st.SearchStrategy[Drawn]:
    return st.just((sql, lambda row: value))


def _column(name: str) -> st.SearchStrategy[Drawn]:
    return st.just((f'"{name}"', lambda row: row[name]))


def _known(function: Callable[..., Any]) -> Callable[..., Any]:
    """Unknown where any part is."""
    return lambda *parts: None if any(part is None for part in parts) else function(*parts)


def _applied(template: str, function: Callable[..., Any], *parts: st.SearchStrategy[Drawn]) -> st.SearchStrategy[Drawn]:
    def put(*drawn: Drawn) -> Drawn:
        return template.format(*(sql for sql, _ in drawn)), lambda row: function(*(worth(row) for _, worth in drawn))

    return st.builds(put, *parts)


def _divided(a: float, b: float) -> float | None:
    if b == 0:
        return None if a == 0 else float("inf") if (a > 0) == (str(float(b))[0] != "-") else float("-inf")
    return a / b


def _modulo(a: float, b: float) -> float | None:
    return None if b == 0 or a in (float("inf"), float("-inf")) else a % b


def _first(*parts: Any) -> Any:
    return next((part for part in parts if part is not None), None)


def _and(*parts: Any) -> Any:
    return False if False in parts else None if None in parts else True


def _or(*parts: Any) -> Any:
    return True if True in parts else None if None in parts else False


def _like(pattern: str) -> Callable[[str], bool]:
    words = "".join(".*" if one == "%" else "." if one == "_" else re.escape(one) for one in pattern)
    return lambda text: re.fullmatch(words, text, re.S) is not None


def _unlike(pattern: str) -> Callable[[str], bool]:
    return lambda text: not _like(pattern)(text)


def _between(one: Any, low: Any, high: Any) -> Any:
    return _and(_known(lambda a, b: a >= b)(one, low), _known(lambda a, b: a <= b)(one, high))


def some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.none() | values, min_size=1, max_size=4)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


words = st.text(LETTERS, max_size=4)
text_value = words.map(lambda text: (_quoted(text), lambda row: text))
number_value = st.integers(-9, 9).map(lambda n: (str(n), lambda row: n))
half_value = st.sampled_from([0.5, 1.25, 2.0]).map(lambda n: (str(n), lambda row: n))
plain_number = st.one_of(_column("n"), _column("f"), number_value, half_value)
plain_text = st.one_of(_column("t"), _column("u"), text_value)
numbers = st.one_of(
    plain_number,
    _applied("{} + {}", _known(lambda a, b: a + b), plain_number, plain_number),
    _applied("{} - {}", _known(lambda a, b: a - b), plain_number, plain_number),
    _applied("{} * {}", _known(lambda a, b: a * b), plain_number, plain_number),
    _applied("{} / {}", _known(_divided), plain_number, plain_number),
    _applied("{} % {}", _known(_modulo), plain_number, plain_number),
    _applied("-({})", _known(lambda a: -a), plain_number),
    _applied("abs({})", _known(abs), plain_number),
    _applied("round({})", _known(lambda a: round(a)), plain_number),
    _applied("length({})", _known(len), plain_text),
    _applied("coalesce({}, {})", _first, plain_number, plain_number),
    _applied("COALESCE({}, NULL, {})", _first, plain_number, plain_number),
)
texts = st.one_of(
    plain_text,
    _applied("lower({})", _known(str.lower), plain_text),
    _applied("upper({})", _known(str.upper), plain_text),
    _applied("coalesce({}, {})", _first, plain_text, plain_text),
)
COMPARISONS: list[tuple[str, Callable[[Any, Any], bool]]] = [
    ("{} = {}", lambda a, b: a == b),
    ("{} <> {}", lambda a, b: a != b),
    ("{} != {}", lambda a, b: a != b),
    ("{} < {}", lambda a, b: a < b),
    ("{} <= {}", lambda a, b: a <= b),
    ("{} > {}", lambda a, b: a > b),
    ("{} >= {}", lambda a, b: a >= b),
]


def _among(values: list[Any], *, to_sql: Callable[[Any], str], about: st.SearchStrategy[Drawn]) -> Any:
    listed = ", ".join("NULL" if value is None else to_sql(value) for value in values)

    def found(one: Any) -> Any:
        return None if one is None else True if one in values else None if None in values else False

    return _applied(f"{{}} in ({listed.replace('{', '{{').replace('}', '}}')})", found, about)


simple = st.one_of(
    *(_applied(sql, _known(function), numbers, numbers) for sql, function in COMPARISONS),
    *(_applied(sql, _known(function), texts, texts) for sql, function in COMPARISONS[:3]),
    _applied("{} between {} and {}", _between, numbers, plain_number, plain_number),
    _applied("{} is null", lambda a: a is None, st.one_of(numbers, texts)),
    _applied("{} is not null", lambda a: a is not None, st.one_of(numbers, texts)),
    _applied("starts_with({}, {})", _known(str.startswith), texts, texts),
    _applied("ends_with({}, {})", _known(str.endswith), texts, texts),
    _applied("contains({}, {})", _known(lambda a, b: b in a), texts, texts),
    words.flatmap(lambda text: _applied("{} like " + _quoted(text), _known(_like(text)), texts)),
    words.flatmap(lambda text: _applied("{} not like " + _quoted(text), _known(_unlike(text)), texts)),
    some(st.integers(-9, 9)).flatmap(lambda values: _among(values, to_sql=str, about=numbers)),
    some(words).flatmap(lambda values: _among(values, to_sql=_quoted, about=texts)),
    _column("b"),
    *(_of(value, sql) for value, sql in ((True, "true"), (False, "FALSE"), (None, "null"))),
)
conditions = st.recursive(
    simple,
    lambda inner: st.one_of(
        _applied("({}) and ({})", _and, inner, inner),
        _applied("({}) or ({}) or ({})", _or, inner, inner, inner),
        _applied("not ({})", _known(lambda a: not a), inner),
    ),
    max_leaves=6,
)
rows = st.lists(
    st.fixed_dictionaries(
        {
            "n": st.none() | st.integers(-9, 9),
            "f": st.none() | st.sampled_from([-1.5, -0.5, 0.0, 0.5, 1.25, 2.5]),
            "t": st.none() | words,
            "u": st.none() | words,
            "b": st.none() | st.booleans(),
        }
    ),
    min_size=1,
    max_size=8,
)
TYPES = pa.schema(
    [("n", pa.int16()), ("f", pa.float64()), ("t", pa.string()), ("u", pa.large_string()), ("b", pa.bool_())]
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(conditions, rows)
def test_a_condition_means_what_it_says(condition: Drawn, some: list[Row]) -> None:
    sql, worth = condition
    table = pa.Table.from_pylist(some, TYPES)
    assert rows_where(table, sql).tolist() == [worth(row) is True for row in some], sql
