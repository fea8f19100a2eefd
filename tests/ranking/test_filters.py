from datetime import date

import pyarrow as pa
import pytest

from visrec_cli.errors import UsageError
from visrec_cli.ranking.filters import rows_where

ITEMS = pa.table(
    {
        "item_id": ["a", "b", "c", "d"],
        "price": [10, 60, None, 30],
        "cost": ["5", "60", "7", "n/a"],
        "category": ["shoes", "shoes", "bags", None],
        "image": pa.array([b"x", None, b"y", b"z"]),
        "labels": [[{"label": "jersey", "score": 0.5}], None, [], []],
    }
)


@pytest.mark.parametrize(
    ("where", "passing"),
    [
        ("price < 50", "ad"),
        ("price < 50 and category = 'shoes'", "a"),
        ("category IN ('bags', 'hats') OR price BETWEEN 20 AND 40", "cd"),
        ("category ILIKE 'SH%'", "ab"),
        ("category IS NULL", "d"),
        ("not category = 'shoes'", "c"),  # unknown is not "not shoes"
        ("TRY_CAST(cost AS DOUBLE) < 10", "ac"),
        ("item_id <> 'a'", "bcd"),
        ("true", "abcd"),
        ("price > 1000", ""),
        ("price > 1000 or 1 < 2", "abcd"),  # one value for all rows
        ("cost > '5' and price <= 30", "d"),
        ("image is not null", "acd"),  # of what cannot be compared, whether it is there
        ("labels is null", "b"),
        ("price % 4 = 2 and price / 4 = 2.5", "a"),
        ("- price < -20", "bd"),
        ("round(price / 7, 2) = 1.43", "a"),
        ("abs(price - 40) <= 10", "d"),
        ("length(category) = 4", "c"),
        ("upper(category) = 'BAGS' or lower('ÄA') = 'äa' and price = 10", "ac"),
        ("coalesce(price, 0) < 20", "ac"),
        ("starts_with(category, 'sh') and not ends_with(item_id, 'b') and contains(category, 'oe')", "a"),
        ("contains(category, '.')", ""),  # text, no pattern
        ("category not like '_h%s'", "c"),
        ("price not in (10, -60, null)", ""),
        ("price in (10, null)", "a"),
        ("category not in ('bags')", "ab"),
        ("price = null", ""),
        ("price not between 20 and 40", "ab"),
        ('"price" < 50 -- a remark', "ad"),
    ],
)
def test_conditions(where: str, passing: str) -> None:
    assert [i for i, keep in zip("abcd", rows_where(ITEMS, where), strict=True) if keep] == list(passing)


@pytest.mark.parametrize(
    ("where", "said", "fix"),
    [
        ("prise < 50", "no column 'prise'", "price (int64)"),
        ("price <", "it cannot be read", "allowed are columns"),
        ("category", "not a condition: it gives text", "compare something"),
        ("price", "not a condition: it gives a number", "compare something"),
        ("cost < 50", "text cannot be compared with a number", "TRY_CAST(cost AS DOUBLE)"),
        ("price = '10'", "a number cannot be compared with text", "single quotes"),
        ("cost + 1 < 50", "+ needs a number, but got text", "TRY_CAST(cost AS DOUBLE)"),
        ("price and true", "AND needs true or false, but got a number", "compare something"),
        ('category = "shoes"', "no column 'shoes'", "single quotes"),
        ("price < 50; drop table items", "it cannot be read at 'drop'", "allowed are columns"),
        ("price < 50 price", "it cannot be read at 'price'", "allowed are columns"),
        ("", "holds no condition", "allowed are columns"),
        ("labels = 'jersey'", "column 'labels' is list", "labels IS NOT NULL"),
        ("price in ('a')", "a number cannot be compared with text", "single quotes"),
        ("category in ('a', '\udcff')", "is not UTF-8 text", "UTF-8"),
        ("DATE '2026-02-31' = '5'", "'2026-02-31' is not a date", "DATE '2026-01-31'"),
    ],
)
def test_what_is_no_condition_is_a_usage_problem(where: str, said: str, fix: str) -> None:
    with pytest.raises(UsageError) as caught:
        rows_where(ITEMS, where)
    assert said in str(caught.value)
    assert fix in str(caught.value.fix)
    assert "\n" not in str(caught.value)


def test_dates_and_times_in_a_list() -> None:
    day, noon = "DATE '2020-01-31'", "TIMESTAMP '2020-01-31 12:00:00'"
    items = pa.table({"since": pa.array([date(2020, 1, 31), date(2021, 1, 1)])})
    assert rows_where(items, f"since in ({day}, {noon})").tolist() == [True, False]
    assert rows_where(items, f"since in ({noon}, TIMESTAMP '2021-01-01 00:00:00')").tolist() == [False, True]
    assert rows_where(items, f"{noon} in ({day}, {noon})").all()
    for condition in (f"since in ({day}, 'a', {noon})", f"{noon} in (1, {day})", f"{day} in ('a', {noon})"):
        with pytest.raises(UsageError, match="cannot be compared with"):
            rows_where(items, condition)


def test_a_date_is_compared_with_a_date() -> None:
    items = pa.table({"item_id": ["a", "b"], "since": pa.array([1, 20000], pa.date32())})
    assert rows_where(items, "since > DATE '2020-01-31'").tolist() == [False, True]
    with pytest.raises(UsageError) as caught:
        rows_where(items, "since > '2020-01-31'")
    assert "DATE '2026-01-31'" in str(caught.value.fix)


def test_no_items() -> None:
    assert rows_where(ITEMS.slice(0, 0), "price < 50").shape == (0,)


def test_times_are_compared_in_utc_whatever_the_zone_of_the_column() -> None:
    noon = pa.array([1_700_000_000, None, 1_800_000_000], pa.timestamp("s", "UTC"))
    for kind in (pa.timestamp("s", "UTC"), pa.timestamp("ns", "+05:30"), pa.timestamp("ms", "Asia/Kathmandu")):
        items = pa.table({"seen": noon.cast(kind)})
        assert rows_where(items, "seen >= TIMESTAMP '2023-11-14 22:13:20'").tolist() == [True, False, True]
        assert rows_where(items, "seen = TIMESTAMP '2023-11-15T00:13:20+02:00'").tolist() == [True, False, False]
        assert rows_where(items, "seen < DATE '2023-11-15'").tolist() == [True, False, False]
        assert rows_where(items, "seen in (DATE '2023-11-15', TIMESTAMP '2023-11-14 22:13:20')").tolist()[0]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1, 3, None], pa.uint64()),
        pa.array([1, 3, None], pa.int8()),
        pa.array([1.0, 3.0, float("nan")], pa.float32()),
        pa.array([1.0, 3.0, None], pa.float16()),
        pa.array([1, 3, None], pa.decimal128(10, 2)),
        pa.array([1, 3, None], pa.decimal256(50, 2)),
        pa.array([1, 3, None]).dictionary_encode(),
    ],
)
def test_numbers_of_every_type(column: pa.Array) -> None:
    items = pa.table({"n": column})
    assert rows_where(items, "n > 1").tolist() == [False, True, False]  # NaN is not a number
    assert rows_where(items, "n in (1, 2)").tolist() == [True, False, False]
    assert rows_where(items, "n is null").tolist() == [False, False, True]
    assert rows_where(items, "abs(n - 100) * 2 = 194").tolist() == [False, True, False]


def test_a_32_bit_number_equals_its_literal() -> None:
    items = pa.table({"n": pa.array([0.1, 2.5], pa.float32())})
    assert rows_where(items, "n = 0.1").tolist() == rows_where(items, "n in (0.1)").tolist() == [True, False]


def test_large_whole_numbers_are_told_apart() -> None:
    items = pa.table({"n": [2**53, 2**53 + 1]})
    assert rows_where(items, f"n = {2**53 + 1}").tolist() == [False, True]
    assert rows_where(items, f"n in ({2**53 + 1})").tolist() == [False, True]


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())]
)
def test_text_of_every_type(kind: pa.DataType) -> None:
    items = pa.table({"t": pa.array(["ab", None, "b"]).cast(kind)})
    assert rows_where(items, "starts_with(t, 'a') or t in ('b')").tolist() == [True, False, True]


def test_a_column_that_polars_would_take_for_several() -> None:
    items = pa.table({"^.*$": [1, 2], "*": [3, 4], "": [5, 6], "row": [7, 8], "a.b": [1, 9]})
    assert rows_where(items, '"^.*$" = 1').tolist() == [True, False]
    assert rows_where(items, '"*" = 4').tolist() == [False, True]
    assert rows_where(items, 'row = 7 and "a.b" = 1').tolist() == [True, False]


def test_only_the_columns_of_the_condition_are_looked_at() -> None:
    strange = pa.array([1, 2], pa.timestamp("us", "No/Where"))  # an unknown zone, over which polars panics
    items = pa.table({"price": [1, 2], "strange": strange})
    assert rows_where(items, "price = 2 and strange is not null").tolist() == [False, True]
    assert rows_where(items, "price = 2").tolist() == [False, True]


def test_a_long_table_is_answered_in_parts() -> None:
    items = pa.table({"n": pa.chunked_array([range(20_000), range(20_000)])})
    assert rows_where(items, "n % 10000 = 1").nonzero()[0].tolist() == [1, 10_001, 20_001, 30_001]
