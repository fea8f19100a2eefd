"""Judging a model, against values worked out by hand."""

import numpy as np
import pytest
import scipy.sparse as sp

from visrec_cli.errors import UsageError
from visrec_cli.recommenders.model import Items, Model, Users
from visrec_cli.stages.train_cf.validation import Measure, Validation


def model_of(scores: list[list[float]], history: list[list[int]]) -> Model:
    """A model that scores exactly so: one factor per item."""
    table = np.array(scores, np.float32)
    n, m = table.shape
    users = Users(tuple(f"u{i}" for i in range(n)), sp.csr_matrix(np.array(history, np.float32)), factors=table)
    items = Items(tuple(f"i{i}" for i in range(m)), np.ones(m, bool), factors=np.eye(m, dtype=np.float32))
    return Model("test", {}, users, items)


SCORES = [[0.9, 0.8, 0.1, 0.5], [0.1, 0.2, 0.3, 0.4], [1.0, 0.0, 0.0, 0.0]]
SEEN = [[1, 0, 0, 0], [0, 0, 0, 1], [1, 0, 0, 0]]
TRUTH = sp.csr_matrix(np.array([[0, 0, 1, 1], [0, 0, 1, 0], [0, 0, 0, 0]], np.float32))


def judged(name: str, scores: list[list[float]] = SCORES) -> float:
    model = model_of(scores, SEEN)
    return Validation(model.users.history, TRUTH, Measure(name), seed=0, at_most=100).score(model)


def test_ndcg_and_recall_by_hand() -> None:
    # user 0 ranks i1, i3, i2 (i0 is seen): hit in place 2 and 3; user 1 ranks i2 first; user 2 has no truth
    first = (1 / np.log2(3)) / (1 + 1 / np.log2(3))
    assert judged("ndcg@2") == pytest.approx((first + 1) / 2)
    assert judged("recall@2") == pytest.approx((0.5 + 1) / 2)
    assert judged("recall@1") == pytest.approx((0 + 1) / 2)
    assert judged("recall@3") == 1


def test_rmse_leaves_out_what_cannot_be_predicted() -> None:
    assert judged("rmse") == pytest.approx(np.sqrt(((0.1 - 1) ** 2 + (0.5 - 1) ** 2 + (0.3 - 1) ** 2) / 3))


def test_a_panel_is_always_the_same_users() -> None:
    rng = np.random.default_rng(0)
    truth = sp.csr_matrix((rng.random((50, 20)) < 0.2).astype(np.float32))
    seen = sp.csr_matrix((50, 20), dtype=np.float32)
    panels = [Validation(seen, truth, Measure("ndcg@5"), seed=4, at_most=10).users.tolist() for _ in range(2)]
    assert panels[0] == panels[1]
    assert len(panels[0]) == 10
    other = Validation(seen, truth, Measure("ndcg@5"), seed=5, at_most=10).users.tolist()
    assert other != panels[0]


@pytest.mark.parametrize(
    ("name", "message"), [("ndgc@10", "unknown metric"), ("ndcg", "needs a list length"), ("ndcg@0", "length")]
)
def test_names_of_metrics(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Measure(name)


def test_less_error_is_better() -> None:
    assert Measure("rmse").better(0.9, 1.0)
    assert not Measure("ndcg@10").better(0.9, 1.0)
    assert Measure("rmse").better(5, Measure("rmse").worst)
