"""What a condition may hold, and what is refused before anything is evaluated: by name, with what is allowed."""

import re
from pathlib import Path

import pyarrow as pa
import pytest

from visrec_cli.errors import UsageError
from visrec_cli.ranking.conditions.parser import parse_condition
from visrec_cli.ranking.conditions.terms import (
    ALLOWED,
    FUNCTIONS,
    LONGEST_PATTERN,
    MOST_CHARACTERS,
    MOST_NESTED,
    MOST_PARTS,
    MOST_VALUES,
    Term,
)
from visrec_cli.ranking.filters import rows_where

ITEMS = pa.table({"item_id": ["a", "b"], "price": [1, 2]})


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("item_id in (select x from read_parquet('http://127.0.0.1/x'))", "a subquery"),
        ("exists (select 1)", "a subquery"),
        ("(select price from items) = 1", "a subquery"),
        ("price = any(select 1)", "ANY"),
        ("read_csv('/etc/passwd')", "read_csv()"),
        ("rpad(item_id, 2000000000) = 'a'", "rpad()"),
        ("repeat(item_id, 2000000000) = 'a'", "repeat()"),
        ("max(price) > 1", "max()"),
        ("sum(price) over () > 1", "WINDOW"),
        ("CAST(price AS VARCHAR) = '1'", "cast()"),
        ("price::text = '1'", "CAST"),
        ("TRY_CAST(price + 1 AS DOUBLE) = 1", "TRY_CAST of anything but a column"),
        ("TRY_CAST(price AS VARCHAR) = '1'", "TRY_CAST of anything but a column"),
        ("item_id || item_id = 'aa'", "||"),
        ("CASE WHEN price = 1 THEN true END", "it cannot be read"),
        ("item_id regexp 'a'", "REGEXP"),
        ("item_id similar to 'a'", "SIMILAR"),
        ("item_id like 'a' escape 'x'", "ESCAPE"),
        ("item_id like item_id", "a column as the pattern of LIKE"),
        ("price in (price, 1)", "a column in IN"),
        ("price in (1 + 1)", "ADD in IN"),
        ("price is true", "IS with anything but NULL"),
        ("price between symmetric 2 and 1", "BETWEEN SYMMETRIC"),
        ("items.price = 1", "a column of a table"),
        ("price[1] = 1", "[ ]"),
        ("price = ?", "a parameter"),
        ("price = :p", "a parameter"),
        ("price & 1 = 1", "BITWISE"),
        ("price ^ 2 = 1", "BITWISE"),
        ("price <=> 1", "<=>"),
        ("*", "*"),
        ("interval '1 day' = 1", "INTERVAL"),
        ("array[1] = 1", "ARRAY"),
        ("(price, 1) = 1", "a list"),
        ("round(price, 2000000000) = 1", "0 to 15 digits"),
        ("round(price, price) = 1", "0 to 15 digits"),
        ("lower(item_id, item_id) = 'a'", "lower() with 2 arguments instead of 1"),
        ("coalesce() = 1", "coalesce() with 0 arguments instead of 1 to 16"),
        ("lower(distinct item_id) = 'a'", "DISTINCT"),
        ("1e999 = price", "the number 1e999"),
        ("current_date > price", "no column 'current_date'"),
    ],
)
def test_anything_else_is_refused_by_name(where: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        rows_where(ITEMS, where)
    assert said in str(caught.value)
    assert caught.value.fix == ALLOWED or "columns are" in str(caught.value.fix)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("(" * 5000 + "price = 1" + ")" * 5000, "nested deeper"),
        ("end " + "(" * 5000, "nested deeper"),
        ("not " * 5000 + "true", "nested deeper"),
        ("price = " + "- " * 5000 + "1", "nested deeper"),
        ("case when " * 5000, "nested deeper"),
        ("[" * 5000, "nested deeper"),
        ("lower(" * 5000, "nested deeper"),
        ("price = 1" + " + 1" * 200, "operations within each other"),
        ("price = 1" + " and price = 1" * MOST_PARTS, f"more than {MOST_PARTS:,} parts"),
        (f"price in ({', '.join(map(str, range(MOST_VALUES + 1)))})", f"more than {MOST_VALUES:,} values"),
        (" or ".join(f"price in ({', '.join(map(str, range(600)))})" for _ in range(20)), "values in IN"),
        (f"item_id = '{'a' * MOST_CHARACTERS}'", "characters"),
        (f"item_id like '{'_' * (LONGEST_PATTERN + 1)}'", "LIKE with anything but"),
        ("price = " + "9" * 5000, "the number 9999"),
    ],
)
def test_large_texts_are_refused_in_a_short_message(where: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        rows_where(ITEMS, where)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 300


def test_what_is_within_the_bounds_is_answered() -> None:
    depth = MOST_NESTED - 1
    assert rows_where(ITEMS, "(" * depth + "price = 1" + ")" * depth).tolist() == [True, False]
    assert rows_where(ITEMS, "not " * MOST_NESTED + "price = 1").tolist() == [True, False]
    assert rows_where(ITEMS, " or ".join(["price = 2"] * (MOST_PARTS // 4))).tolist() == [False, True]
    assert rows_where(ITEMS, f"price in ({', '.join(map(str, range(2, MOST_VALUES)))})").tolist() == [False, True]
    assert rows_where(ITEMS, f"item_id like '{'%a_' * 300}' or item_id like '%%%a'").tolist() == [True, False]


def test_texts_keep_what_looks_like_an_escape() -> None:
    assert parse_condition(r"t = 'it''s \n %'") == Term(
        "=", (Term("column", value="t"), Term("value", value=r"it's \n %"))
    )


def test_a_refusal_says_nothing_on_the_log(caplog: pytest.LogCaptureFixture) -> None:
    for where in ("show tables", "set x = 1", "kill 5", "pragma x", "drop table x", "select 1"):
        with pytest.raises(UsageError):
            parse_condition(where)
    assert not caplog.records


def test_the_page_lists_what_is_allowed() -> None:
    page = Path(__file__, "../../../../docs/conditions.md").resolve().read_text("utf-8")
    assert set(FUNCTIONS) <= set(re.findall(r"`([a-z_]+)\(", page))
    for limit in (MOST_CHARACTERS, MOST_PARTS, MOST_VALUES, MOST_NESTED, LONGEST_PATTERN):
        assert f"{limit:,}" in page
