"""``recommend MODEL --item``: alike by behaviour."""

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from tests.stages.recommend.users.models import factor_model, group_of, knn_model, log, table_of
from visrec_cli.errors import InputError, UsageError
from visrec_cli.recommenders.model import Items, Model, Users
from visrec_cli.recommenders.serialization import to_table
from visrec_cli.stages.recommend.items import recommend


@pytest.mark.parametrize("model", [factor_model, knn_model])
def test_items_of_one_taste_are_alike(model: Any) -> None:
    found = recommend(table_of(model()), all_items=True, k=5).read_all().to_pydict()
    same = [group_of(a) == group_of(b) for a, b in zip(found["query_id"], found["item_id"], strict=True)]
    assert np.mean(same) > 0.9
    assert all(a != b for a, b in zip(found["query_id"], found["item_id"], strict=True))
    assert all(why.startswith("behaviour ") for why in found["why"])
    assert [int(title.split()[1]) for title in found["title"]] == [int(item[1:]) for item in found["item_id"]]


def test_links_are_the_scores() -> None:
    links = knn_model().items.neighbours.toarray()
    found = recommend(table_of(knn_model()), items=["i13", "i2"], k=3, where="price > 4").read_all().to_pylist()
    assert [row["query_id"] for row in found] == ["i13"] * 3 + ["i2"] * 3
    for row in found:
        assert row["score"] == pytest.approx(links[int(row["query_id"][1:]), int(row["item_id"][1:])])
        assert row["price"] > 4
        assert row["why"] == f"behaviour {row['score']:.2f}"


def test_cold_items_are_neither_asked_nor_shown() -> None:
    cold = log(cold=2)
    for model in (factor_model(cold), knn_model(cold)):
        shown = recommend(table_of(model), items=["i3"], k=48).read_all()["item_id"].to_pylist()
        assert not any(int(item[1:]) % 12 >= 10 for item in shown)
        with pytest.raises(InputError, match="'i11' has no vector"):
            recommend(table_of(model), items=["i11"]).read_all()


def test_parts_of_the_factors_are_told() -> None:
    factors = np.array([[1, 0, 2], [1, 1, 1], [0, 3, 1]], np.float32)
    users = Users(("u",), sp.csr_matrix(np.ones((1, 3), np.float32)), factors=np.ones((1, 3), np.float32))
    items = Items(("a", "b", "c"), np.ones(3, bool), factors)
    model = Model("made by hand", {}, users, items, (("behaviour", 2), ("picture", 1)))
    first = recommend(to_table(model), items=["a"]).read_all().to_pylist()[0]
    assert first["item_id"] == "b"
    assert first["why"] == f"behaviour {1 / 15**0.5:.2f} · picture {2 / 15**0.5:.2f}"


def test_what_a_model_cannot_be_asked() -> None:
    with pytest.raises(UsageError, match="item-knn links items to items"):
        recommend(table_of(knn_model()), like=["i3"])
    history = sp.csr_matrix(np.ones((1, 2), np.float32))
    popular = Model(
        "popularity", {}, Users(("u",), history), Items(("a", "b"), np.ones(2, bool), bias=np.ones(2, np.float32))
    )
    with pytest.raises(InputError, match=r"\(popularity\) has no similarities of items"):
        recommend(to_table(popular), items=["a"])
    with pytest.raises(UsageError, match="no item 'i99'"):
        recommend(table_of(factor_model()), items=["i99"])
