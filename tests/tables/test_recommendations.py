"""Recommendations of every tool come to one form."""

import json
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from visrec_cli.errors import InputError, UsageError
from visrec_cli.tables.recommendations import open_recommendations

WANTED = [("007", "a"), ("007", "b"), ("8", "c")]


def read(source: object, **names: str) -> dict[str, list]:
    return open_recommendations(source, **names).read_all().to_pydict()


def pairs(table: dict[str, list]) -> list[tuple[str, str]]:
    return list(zip(table["user_id"], table["item_id"], strict=True))


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("user_id,item_id,rank,score", ["rank", "score"]),  # ours, LensKit's
        ("user_id:token,item_id:token,score:float", ["score"]),  # RecBole's
        ("User,Item,prediction", ["score"]),
        ("customer_id,article_id,position", ["rank"]),
        ("userId,movieId", []),
        ("query_id,item_id,rank", ["rank"]),  # recommend --all
        ("uid,iid,est", ["score"]),  # Surprise's
    ],
)
def test_headers_of_many_tools(tmp_path: Path, header: str, columns: list[str]) -> None:
    file = tmp_path / "recs.csv"
    more = [",1,0.5", ",2,0.25", ",1,0.5"]
    lines = [f"{user},{item}{','.join(more[at].split(',')[: header.count(',')])}" for at, (user, item) in
             enumerate(WANTED)]  # fmt: skip
    file.write_text("\n".join([header, *lines]) + "\n")
    table = read(file)
    assert pairs(table) == WANTED
    assert list(table) == ["user_id", "item_id", *columns]
    if "rank" in columns:
        assert table["rank"] == [1, 2, 1]


def test_trec_runs(tmp_path: Path) -> None:
    file = tmp_path / "x.run"
    file.write_text("007 Q0 a 1 2.5 als\n007\tQ0\tb\t2\t-1e3\tals\n\n8 Q0 c 1 0 als\n")
    assert read(file) == {
        "user_id": ["007", "007", "8"], "item_id": ["a", "b", "c"], "rank": [1, 2, 1], "score": [2.5, -1000, 0]
    }  # fmt: skip


def test_a_trec_run_with_a_line_of_another_form(tmp_path: Path) -> None:
    file = tmp_path / "x.run"
    file.write_text("007 Q0 a 1 2.5 als\n007 Q0 b two 2.5 als\n")
    with pytest.raises(InputError, match=r"x.run: line 2 is not of the form .*'007 Q0 b two"):
        read(file)


@pytest.mark.parametrize(
    "rows",
    [
        [{"user": "007", "items": ["a", "b"]}, {"user": "8", "items": ["c"]}],
        [{"id": "007", "items": ["a", "b"]}, {"id": "8", "items": ["c"]}],
        [{"user_id": "007", "recommendations": ["a", "b"]}, {"user_id": "8", "recommendations": ["c"]}],
    ],
)
def test_one_list_per_user(tmp_path: Path, rows: list[dict]) -> None:
    file = tmp_path / "wide.ndjson"
    file.write_text("\n".join(map(json.dumps, rows)))
    table = read(file)
    assert pairs(table) == WANTED
    assert table["rank"] == [1, 2, 1]


def test_one_list_per_user_with_scores(tmp_path: Path) -> None:
    beside = [
        {"user": "007", "items": ["a", "b"], "scores": [2.0, 1.0]},
        {"user": "9", "items": [], "scores": []},
        {"user": "8", "items": ["c"], "scores": [3.0]},
    ]
    within = [
        {"user": "007", "items": [{"item_id": "a", "score": 2.0}, {"item_id": "b", "score": 1.0}]},
        {"user": "9", "items": None},
        {"user": "8", "items": [{"item_id": "c", "score": 3.0}]},
    ]
    for rows in (beside, within):
        table = read(pl.DataFrame(rows))
        assert pairs(table) == WANTED
        assert (table["rank"], table["score"]) == ([1, 2, 1], [2, 1, 3])


def test_lists_of_scores_of_another_length() -> None:
    rows = [{"user": "007", "items": ["a", "b"], "scores": [2.0]}, {"user": "8", "items": ["c"], "scores": [1.0, 2.0]}]
    with pytest.raises(InputError, match="not as long"):
        read(pl.DataFrame(rows))


def test_one_column_per_place(tmp_path: Path) -> None:
    file = tmp_path / "mmrec.csv"
    file.write_text("id\ttop_0\ttop_1\n007\ta\tb\n8\tc\t\n")
    table = read(file)
    assert pairs(table) == WANTED
    assert table["rank"] == [1, 2, 1]


def test_columns_of_places_go_by_their_numbers() -> None:
    table = read(pa.table({"user_id": [1], "top_10": [10], "top_2": [2.0], "top_1": [None]}))
    assert table["item_id"] == ["2", "10"]


def test_ids_stay_text_and_numbers_with_gaps_become_ids() -> None:
    assert read(pa.table({"user_id": [1.0, 2.0], "item_id": [7, 8]}))["user_id"] == ["1", "2"]


def test_a_long_table_is_read_in_parts() -> None:
    n = 300_000
    table = pa.table({"user_id": [f"u{row // 10}" for row in range(n)], "item_id": [str(row) for row in range(n)]})
    parts = [batch.num_rows for batch in open_recommendations(table)]
    assert sum(parts) == n
    assert 1 < len(parts) < 10


def test_named_columns() -> None:
    table = pa.table({"who": ["u"], "what": ["i"], "user_id": ["other"]})
    assert pairs(read(table, user="who", item="what")) == [("u", "i")]
    with pytest.raises(UsageError, match="no column 'whom'"):
        read(table, user="whom")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"item_id": ["a"], "score": [1.0]}, "no column of users"),
        ({"user_id": ["a"], "score": [1.0]}, "no column of items"),
        ({"user_id": ["u", None], "item_id": ["a", "b"]}, "'user_id' is empty in 1 row"),
        ({"user_id": ["u"], "item_id": ["a"], "rank": ["first"]}, "'rank' holds no ranks"),
        ({"user_id": ["u"], "item_id": ["a"], "rank": [1.5]}, "'rank' holds no ranks"),
        ({"user_id": ["u"], "item_id": ["a"], "score": ["high"]}, "'score' holds no numbers"),
    ],
)
def test_what_is_no_recommendation(columns: dict[str, list], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(pa.table(columns))
