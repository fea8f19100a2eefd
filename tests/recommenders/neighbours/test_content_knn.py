import numpy as np
import pytest
import scipy.sparse as sp

from tests.contracts.recommender_suite import DAY, RecommenderSuite, planted
from visrec_cli.errors import UsageError
from visrec_cli.recommenders.data import Content, Log
from visrec_cli.recommenders.neighbours.content_knn import ContentKnn

VECTORS = np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32)
CONTENT = Content(VECTORS, np.ones(3, bool), (("picture", 1), ("text", 1)))
CLICKS = sp.csr_matrix(np.array([[3, 1, 0]], np.float32))


class TestContentKnn(RecommenderSuite):
    name = "content-knn"
    scores_cold_items = True


def test_the_cosine_with_the_weighted_mean_by_hand() -> None:
    model = ContentKnn(centre=False).fit(Log(("u",), ("a", "b", "c"), CLICKS), CONTENT)
    wanted = np.array([3, 1, 3 * 0.6 + 1 * 0.8]) / np.sqrt(10)
    np.testing.assert_allclose(model.scores(), [wanted], rtol=1e-5)


def test_centring_by_hand() -> None:
    model = ContentKnn().fit(Log(("u",), ("a", "b", "c"), CLICKS), CONTENT)
    centred = VECTORS - VECTORS.mean(axis=0)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    np.testing.assert_allclose(model.items.factors, centred, rtol=1e-5)
    late = ContentKnn.new_items(model, ["new"], CONTENT.take([2]))
    np.testing.assert_allclose(late.factors, centred[[2]], rtol=1e-5)


def test_old_clicks_fade() -> None:
    """The first click is two half-lives older than the user's newest."""
    likes = sp.csr_matrix(np.array([[1, 1, 0]], np.float32))
    log = Log(("u",), ("a", "b", "c"), likes, np.array([100, 120]) * DAY)
    model = ContentKnn(centre=False, half_life=10).fit(log, CONTENT)
    np.testing.assert_allclose(model.users.factors, [np.array([0.25, 1]) / np.hypot(0.25, 1)], rtol=1e-5)


def test_voices_add_up_to_the_score() -> None:
    log, content, _ = planted()
    model = ContentKnn(half_life=30).fit(log, content)
    spoken = ContentKnn.history_contributions(model, model.users, 4, np.arange(len(log.items)))
    np.testing.assert_allclose(spoken.sum(axis=0), model.scores()[4], atol=1e-5)


def test_items_without_a_vector_are_unknown_and_say_nothing() -> None:
    content = Content(VECTORS * [[1], [0], [1]], np.array([True, False, True]), CONTENT.parts)
    model = ContentKnn(centre=False).fit(Log(("u",), ("a", "b", "c"), CLICKS), content)
    np.testing.assert_allclose(model.scores(), [[1, -np.inf, 0.6]], rtol=1e-5)


def test_it_needs_vectors() -> None:
    with pytest.raises(UsageError, match="content-knn needs vectors"):
        ContentKnn().fit(Log(("u",), ("a", "b", "c"), CLICKS))
