"""Logs of what was shown: the names of others, and what makes no sense."""

from pathlib import Path

import pyarrow as pa
import pytest

from visrec_cli.errors import InputError
from visrec_cli.tables.impressions import open_impressions


def test_a_file_with_the_names_of_others(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("timestamp,User ID,item,slot,click,pscore\n9,007,08,0,1,0.5\n9,7,8,1,0,0.25\n")
    table = open_impressions(path)
    assert table.to_pydict() == {
        "user_id": ["007", "7"],
        "item_id": ["08", "8"],
        "clicked": [1.0, 0.0],
        "position": [1, 2],  # from 0 on in the file
        "propensity": [0.5, 0.25],
    }


def test_clicks_that_are_true_or_false() -> None:
    table = open_impressions(pa.table({"user": ["u", "u"], "item": [1, 2], "clicked": [True, False]}))
    assert table["clicked"].to_pylist() == [1, 0]
    assert table.column_names == ["user_id", "item_id", "clicked"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"user_id": ["u"], "item_id": ["a"]}, "no column of clicks"),
        ({"item_id": ["a"], "clicked": [1]}, "no column of users"),
        ({"user_id": [], "item_id": [], "clicked": []}, "has no rows"),
        ({"user_id": ["u"], "item_id": ["a"], "clicked": ["often"]}, "'clicked' holds no numbers"),
        ({"user_id": ["u", "u"], "item_id": ["a", "a"], "clicked": [1, 3]}, "row 2 has 3 as 'clicked'"),
        ({"user_id": ["u"], "item_id": ["a"], "clicked": [float("nan")]}, "row 1 has nothing as 'clicked'"),
        ({"user_id": ["u"], "item_id": ["a"], "clicked": [1], "propensity": [0.0]}, "row 1 has 0 as 'propensity'"),
        ({"user_id": ["u"], "item_id": ["a"], "clicked": [1], "propensity": [1.5]}, "row 1 has 1.5 as 'propensity'"),
        ({"user_id": ["u"], "item_id": ["a"], "clicked": [1], "position": [1.5]}, "row 1 has 1.5 as 'position'"),
        ({"user_id": ["u"], "item_id": ["a"], "clicked": [1], "position": [-1]}, "row 1 has -1 as 'position'"),
        ({"user_id": ["u"], "item_id": ["a"], "clicked": [1], "position": [10**9]}, "as 'position'"),
        ({"user_id": [None], "item_id": ["a"], "clicked": [1]}, "is empty in 1 row"),
    ],
)
def test_what_makes_no_sense(columns: dict[str, list[object]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        open_impressions(pa.table(columns))
