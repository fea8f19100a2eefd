import pyarrow as pa
import pytest

from visrec_cli.errors import UsageProblem
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
        ("max(price) > 50", "abcd"),  # one value for all rows
        ("price > 1000", ""),
    ],
)
def test_conditions(where: str, passing: str) -> None:
    assert [i for i, keep in zip("abcd", rows_where(ITEMS, where), strict=True) if keep] == list(passing)


@pytest.mark.parametrize(
    ("where", "said", "fix"),
    [
        ("prise < 50", '"prise"', "price (int64)"),
        ("price <", "price <", "columns are item_id"),
        ("category", "no condition", "compare something"),
        ("cost < 50", "compare string with numeric", "TRY_CAST(cost AS DOUBLE)"),
        ('category = "shoes"', '"shoes"', "single quotes"),
        ("price < 50; drop table items", "unexpected token", "columns"),
        ("", "''", "columns"),
        ("labels = 'jersey'", "cannot cast", "columns"),
        ("price IN (SELECT 1)", "--where", "columns"),
        ("read_csv('/etc/passwd')", "read_csv", "columns"),
    ],
)
def test_what_is_no_condition_is_a_usage_problem(where: str, said: str, fix: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        rows_where(ITEMS, where)
    assert said in str(caught.value)
    assert fix in str(caught.value.fix)
    assert "\n" not in str(caught.value)


def test_a_date_is_compared_with_a_date() -> None:
    items = pa.table({"item_id": ["a", "b"], "since": pa.array([1, 20000], pa.date32())})
    assert rows_where(items, "since > DATE '2020-01-31'").tolist() == [False, True]
    with pytest.raises(UsageProblem) as caught:
        rows_where(items, "since > '2020-01-31'")
    assert "DATE '2026-01-31'" in str(caught.value.fix)


def test_no_items() -> None:
    assert rows_where(ITEMS.slice(0, 0), "price < 50").shape == (0,)
