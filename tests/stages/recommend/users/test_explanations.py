"""Reasons by hand: two things in the history, factors of two parts, a bias."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import scipy.sparse as sp

from tests.stages.recommend.users.models import NEWCOMER, factor_model, group_of, knn_model, table_of, taste_of
from visrec_cli.options.recommend_users import Rules
from visrec_cli.recommenders.model import Items, Model, Users
from visrec_cli.recommenders.serialization import to_table
from visrec_cli.stages.recommend.users import recommend_users


def explained(*models: Any, seen: str = "out", k: int = 10, **asked: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (
        recommend_users(*models, explain=True, rules=Rules(k=k, seen=seen), **asked).read_all().to_pylist()
    )
    return rows


def by_hand(**columns: Any) -> pa.Table:
    """User u has a (weight 1) and b (weight 3); c gets 1 · 2 from a and 3 · 1 from b."""
    links = np.zeros((4, 4), np.float32)
    links[0, 2], links[1, 2], links[0, 3], links[1, 3] = 2, 1, 1, -1
    history = sp.csr_matrix(np.array([[1, 3, 0, 0]], np.float32))
    items = Items(("a", "b", "c", "d"), np.ones(4, bool), bias=np.array([0, 0, 5, 1], np.float32))
    items = Items(items.ids, items.known, None, items.bias, sp.csr_matrix(links))
    return to_table(Model("item-knn", {}, Users(("u",), history), items), pa.table(columns) if columns else None)


def test_shares_by_hand() -> None:
    first, second = explained(by_hand(title=["A", "B", "C", "D"]), users=["u"])
    assert (first["item_id"], first["because_item_id"]) == ("c", "b")
    assert first["because_score"] == pytest.approx(3 / 5)
    assert first["why"] == "because of B · behaviour 0.50 · popularity 0.50"
    assert (second["item_id"], second["because_item_id"]) == ("d", "a")  # b spoke against it
    assert second["because_score"] == 1.0
    assert second["why"] == "because of A · popularity 1.00"


def test_labels_in_common_and_an_id_where_there_is_no_title() -> None:
    labels = [[{"label": "jersey", "score": s}] for s in (0.9, 0.8, 0.7, 0.1)]
    first, second = explained(by_hand(labels=labels), users=["u"])
    assert first["why"] == "because of b · behaviour 0.50 · popularity 0.50 · both: jersey"
    assert second["why"] == "because of a · popularity 1.00"


def test_parts_of_the_factors_are_told_apart() -> None:
    users = Users(("u",), sp.csr_matrix(np.array([[1, 0]], np.float32)), factors=np.array([[1, 2, 3]], np.float32))
    items = Items(("a", "b"), np.ones(2, bool), np.array([[1, 1, 1], [1, 2, -1]], np.float32))
    model = Model("made by hand", {}, users, items, (("behaviour", 1), ("picture", 1), ("text", 1)))
    (row,) = explained(to_table(model), users=["u"])
    assert row["why"] == "because of a · picture 0.80 · behaviour 0.20"


@pytest.mark.parametrize("model", [factor_model, knn_model])
def test_reasons_are_of_the_users_own_taste(model: Any) -> None:
    rows = explained(table_of(model()), all_users=True, k=3)
    own = [group_of(row["because_item_id"]) == taste_of(row["user_id"]) for row in rows]
    assert np.mean(own) > 0.9
    assert all(0 < row["because_score"] <= 1 for row in rows)
    assert all(row["because_item_id"] != row["item_id"] for row in rows)


def test_a_thing_is_no_reason_for_itself() -> None:
    rows = explained(table_of(knn_model()), users=["u3"], seen="only")
    assert rows
    assert all(row["because_item_id"] not in (None, row["item_id"]) for row in rows)


def test_blends_hear_each_model_as_loud_as_it_counts() -> None:
    als, knn = table_of(factor_model()), table_of(knn_model())
    rows = explained(als, knn, users=["u3"], k=4)
    assert all(group_of(row["because_item_id"]) == 0 for row in rows)
    loud = recommend_users(
        als, knn, users=["u3"], explain=True, rules=Rules(k=4, blend={"als": 1e9, "item-knn": 1e-9})
    ).read_all()
    assert [row["why"] for row in loud.to_pylist()] == [row["why"] for row in explained(als, users=["u3"], k=4)]


def test_the_fallback_says_so() -> None:
    row = explained(table_of(factor_model()), users=[NEWCOMER], k=1)[0]
    assert (row["because_item_id"], row["because_score"], row["why"]) == (None, None, "recent popularity")
