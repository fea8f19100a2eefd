from typing import Any, ClassVar

import numpy as np
import pytest

from tests.contracts.recommender_suite import RecommenderSuite, planted, precision
from visrec_cli.recommenders.als.model import Als
from visrec_cli.recommenders.hybrid import Hybrid
from visrec_cli.recommenders.top_k import tie_order, top_k

SMALL: dict[str, Any] = {"embedding_size": 8, "epochs": 10, "components": 4, "trials": 1}


class TestHybrid(RecommenderSuite):
    name = "hybrid"
    settings: ClassVar[dict[str, Any]] = SMALL
    scores_cold_items = True


def test_clicked_items_are_scored_as_by_als() -> None:
    log, content, _ = planted(cold=3)
    warm = Als(seed=3, embedding_size=8, epochs=10).fit(log).scores()
    scores = Hybrid(seed=3, **SMALL).fit(log, content).scores()
    np.testing.assert_allclose(scores[:, log.touched], warm[:, log.touched], rtol=1e-5, atol=1e-6)
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("kind", ["ridge", "knn", "kernel", "taste"])
def test_each_map_places_cold_items_new_items_and_new_users_alike(kind: str) -> None:
    log, content, truth = planted(cold=4)
    model = Hybrid(**SMALL, map=kind).fit(log, content)
    assert model.facts["cold"]["map"] == kind
    assert precision(model, truth, items=~log.touched) >= 0.8
    cold = np.flatnonzero(~log.touched)
    again = Hybrid.new_items(model, ["n"] * len(cold), content.take(cold))
    np.testing.assert_allclose(again.factors, model.items.factors[cold], rtol=1e-4, atol=1e-5)
    folded = Hybrid.fold_in(model, log.users, log.matrix)
    rows, _ = top_k(model.scores(folded), 4, tie_order=tie_order(log.items), exclude=log.matrix, allowed=~log.touched)
    assert np.mean([truth[u, i] for u, line in enumerate(rows.tolist()) for i in line]) >= 0.8


@pytest.mark.parametrize("kind", ["knn", "taste"])
def test_the_history_of_ones_own_taste_speaks_for_a_cold_item(kind: str) -> None:
    log, content, _ = planted(cold=4, noise=0.1)
    model = Hybrid(**SMALL, map=kind).fit(log, content)
    own, spoken = [], []
    for user in range(0, 60, 7):
        cold = user // 15 * 12 + 10
        history_contributions = Hybrid.history_contributions(model, model.users, user, np.array([cold]))[:, 0]
        own += (model.users.history[user].indices // 12 == user // 15).tolist()
        spoken += history_contributions.tolist()
    assert np.mean(np.array(spoken)[own]) > np.mean(np.array(spoken)[~np.array(own)])


def test_vectors_without_meaning_get_cold_items_no_better_than_chance() -> None:
    log, content, truth = planted(cold=4)
    shuffled = content.take(np.random.default_rng(5).permutation(len(log.items)))
    assert precision(Hybrid(**SMALL).fit(log, shuffled), truth, items=~log.touched) < 0.55


def test_items_without_vector_and_clicks_are_never_offered() -> None:
    log, content, _ = planted(cold=1)
    valid = content.valid.copy()
    valid[11] = False
    vectors = content.vectors * valid[:, None]
    model = Hybrid(**SMALL).fit(log, type(content)(vectors, valid, content.parts))
    assert not model.items.known[11]
    assert model.items.known.sum() == len(log.items) - 1
