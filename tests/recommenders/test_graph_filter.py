import numpy as np
import scipy.sparse as sp

from tests.contracts.recommender_suite import RecommenderSuite, planted
from visrec_cli.recommenders.data import Log
from visrec_cli.recommenders.graph_filter import GraphFilter

PAPER = {"user_damping": 1, "item_damping": 1, "embedding_size": 6, "alpha": 0.3, "k": 1000, "popularity": 0}


class TestGraphFilter(RecommenderSuite):
    name = "graph-filter"


def test_the_formula_with_dense_matrices() -> None:
    log, _, _ = planted()
    clicks = log.matrix.toarray().astype(float)
    by_user, by_item = np.diag(clicks.sum(1) ** -0.5), np.diag(clicks.sum(0) ** -0.5)
    scaled = by_user @ clicks @ by_item
    tastes = np.linalg.svd(scaled)[2][:6].T
    linear = scaled.T @ scaled
    np.fill_diagonal(linear, 0)  # what an item says for itself is never asked
    wanted = clicks @ (linear + 0.3 * by_item @ tastes @ tastes.T @ np.linalg.inv(by_item))
    np.testing.assert_allclose(GraphFilter(**PAPER).fit(log).scores(), wanted, atol=2e-3)


def test_voices_add_up_to_the_score() -> None:
    log, _, _ = planted()
    model = GraphFilter(popularity=0).fit(log)
    spoken = GraphFilter.history_contributions(model, model.users, 4, np.arange(len(log.items)))
    np.testing.assert_allclose(spoken.sum(axis=0), model.scores()[4], atol=1e-5)


def test_a_known_user_folded_in_again_is_the_same() -> None:
    log, _, _ = planted()
    model = GraphFilter().fit(log)
    again = GraphFilter.fold_in(model, log.users, log.matrix)
    np.testing.assert_allclose(model.scores(again), model.scores(), atol=1e-6)


def test_an_empty_log_knows_nothing() -> None:
    model = GraphFilter().fit(Log(("u",), ("a", "b"), sp.csr_matrix((1, 2), dtype=np.float32)))
    assert not model.items.known.any()
