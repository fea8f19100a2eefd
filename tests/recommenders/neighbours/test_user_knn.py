import numpy as np
import pytest
import scipy.sparse as sp

from tests.contracts.recommender_suite import RecommenderSuite, planted
from visrec_cli.recommenders.data import Log
from visrec_cli.recommenders.neighbours.base import WEIGHTINGS
from visrec_cli.recommenders.neighbours.user_knn import UserKnn

CLICKS = sp.csr_matrix(np.array([[1, 1, 0], [1, 1, 1], [0, 0, 1]], np.float32))
LOG = Log(("u", "v", "w"), ("a", "b", "c"), CLICKS)
COSINE = {"weighting": "plain", "item_damping": 0, "neighbour_damping": 0.5, "popularity": 0}


class TestUserKnn(RecommenderSuite):
    name = "user-knn"


def test_cosine_by_hand() -> None:
    model = UserKnn(**COSINE).fit(LOG)
    uv, vw = 2 / np.sqrt(2 * 3), 1 / np.sqrt(3)
    np.testing.assert_allclose(model.users.neighbours.toarray(), [[0, uv, 0], [uv, 0, vw], [0, vw, 0]], rtol=1e-6)
    np.testing.assert_allclose(model.scores()[0], [uv, uv, uv], rtol=1e-6)
    np.testing.assert_allclose(model.scores()[2], [vw, vw, vw], rtol=1e-6)


def test_popular_items_make_nobody_alike_if_damped() -> None:
    clicks = sp.csr_matrix(np.array([[1, 1], [1, 1], [1, 0], [1, 0]], np.float32))
    log = Log(tuple("uvwx"), ("all", "few"), clicks)
    settings = COSINE | {"item_damping": 1, "neighbour_damping": 0}
    near = UserKnn(**settings).fit(log).users.neighbours.toarray()
    length = np.sqrt(1 / 4 + 1 / 2)
    assert near[0, 1] == pytest.approx((1 / 4 + 1 / 2) / length)
    assert near[0, 2] == pytest.approx((1 / 4) / length)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_a_known_user_folded_in_again_is_the_same(weighting: str) -> None:
    log, _, _ = planted()
    model = UserKnn(weighting=weighting).fit(log)
    again = UserKnn.fold_in(model, log.users[5:9], log.matrix[5:9])
    np.testing.assert_allclose(again.neighbours.toarray(), model.users.neighbours[5:9].toarray(), rtol=1e-5)


def test_what_was_met_and_not_liked_makes_nobody_alike() -> None:
    model = UserKnn().fit(LOG)
    met = CLICKS[[0]].copy()
    met.data[1] = 0
    only = sp.csr_matrix(np.array([[1, 0, 0]], np.float32))
    first, second = (UserKnn.fold_in(model, ["new"], history).neighbours.toarray() for history in (met, only))
    np.testing.assert_array_equal(first, second)
    assert first.any()
