import numpy as np
import pytest
import scipy.sparse as sp

from tests.contracts.recommender_suite import DAY, RecommenderSuite
from visrec_cli.errors import UsageError
from visrec_cli.recommenders.data import Log
from visrec_cli.recommenders.popularity import Popularity

CLICKS = sp.csr_matrix(np.array([[1, 1, 0], [0, 2, 0]], np.float32))
TIMES = np.array([0, 20, 30]) * DAY  # a on i0, a on i1, b on i1
LOG = Log(("a", "b"), ("i0", "i1", "i2"), CLICKS, TIMES)


class TestPopularity(RecommenderSuite):
    name = "popularity"
    personal = False


def test_weights_are_summed_and_what_nobody_clicked_is_unknown() -> None:
    model = Popularity().fit(LOG)
    np.testing.assert_allclose(model.scores(), [[1, 3, -np.inf]] * 2)


def test_a_click_counts_half_after_the_half_life() -> None:
    model = Popularity(half_life=10).fit(LOG)
    np.testing.assert_allclose(model.items.bias, [2**-3, 2**-1 + 2, 0])


def test_clicks_long_ago_are_still_clicks() -> None:
    model = Popularity(half_life=1e-3).fit(LOG)
    assert model.items.known.tolist() == [True, True, False]
    assert model.scores()[0, 0] == 0


def test_ageing_needs_times() -> None:
    with pytest.raises(UsageError, match="needs the time of every click"):
        Popularity(half_life=10).fit(Log(LOG.users, LOG.items, CLICKS))


def test_an_empty_log_knows_nothing() -> None:
    empty = Log(("a",), ("i0",), sp.csr_matrix((1, 1), dtype=np.float32), np.zeros(0, np.int64))
    assert not Popularity(half_life=10).fit(empty).items.known.any()
