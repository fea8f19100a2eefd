"""The column ``history``: what a user liked, latest first, beside their first row."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import scipy.sparse as sp

from tests.stages.recommend.users.models import NEWCOMER, factor_model, table_of
from visrec_cli.options.recommend_users import Rules
from visrec_cli.recommenders.model import Items, Model, Users
from visrec_cli.recommenders.serialization import to_table
from visrec_cli.stages.recommend.users import recommend_users


def histories(model: pa.Table, latest: int, k: int = 2, **asked: Any) -> list[list[dict[str, Any]] | None]:
    asked_of = recommend_users(model, show_history=latest, rules=Rules(k=k), **asked).read_all()
    found: list[list[dict[str, Any]] | None] = asked_of["history"].to_pylist()
    return found


def test_the_first_row_of_each_user_tells_and_only_that() -> None:
    found = histories(table_of(factor_model()), 3, users=["u3", NEWCOMER, "u40"])
    assert [one is None for one in found] == [False, True, False, True, False, True]
    assert [len(one) for one in found[::2] if one is not None] == [3, 0, 3]
    first = found[0]
    assert first is not None
    assert [step["timestamp"] for step in first] == sorted((step["timestamp"] for step in first), reverse=True)
    assert [step["title"] for step in first] == [f"thing {step['item_id'][1:]}" for step in first]
    assert [step["image_path"] for step in first] == [f"imgs/{step['item_id']}.png" for step in first]
    assert {step["weight"] for step in first} == {1.0}


@pytest.mark.parametrize("times", [None, [5, 9, 1, 7]])
def test_by_hand_with_and_without_times(times: list[int] | None) -> None:
    history = sp.csr_matrix(np.array([[2, 1, 3, 1, 0]], np.float32))
    history.data[3] = 0  # d was seen and not liked
    items = Items(tuple("abcde"), np.ones(5, bool), bias=np.ones(5, np.float32))
    users = Users(("u",), history, None if times is None else np.array(times))
    (first,) = histories(to_table(Model("popularity", {}, users, items)), 2, k=1, users=["u"])
    assert first is not None
    assert [step["item_id"] for step in first] == (["c", "a"] if times is None else ["b", "a"])
    assert [step["title"] for step in first] == [step["item_id"] for step in first]
    assert first[0]["image_path"] is None


def test_without_the_flag_there_is_no_column() -> None:
    assert "history" not in recommend_users(table_of(factor_model()), users=["u3"]).schema.names
