"""SGD on ratings: a step is the formula's, and ratings come back."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.contracts.recommender_suite import RecommenderSuite
from tests.recommenders.als.test_explicit import film_ratings, rated, rmse
from visrec_cli.errors import UsageError
from visrec_cli.recommenders.data import Log
from visrec_cli.recommenders.sgd_mf.kernel import learn
from visrec_cli.recommenders.sgd_mf.model import SgdMf


class TestSgdMf(RecommenderSuite):
    name = "sgd-mf"
    settings: dict[str, Any] = {"embedding_size": 8, "epochs": 10}  # noqa: RUF012
    personal = False  # a planted click says nothing about a rating: all are 1


def test_one_rating_is_the_step_of_the_formula() -> None:
    users, items = np.array([[0.1, 0.3, -0.2]], np.float32), np.array([[-0.2, 0.5, 0.4]], np.float32)
    zero, one = np.array([0]), np.array([0, 1])
    squares = learn(
        zero, one, 1, zero, zero, np.array([4], np.float32), np.float32(3), users, items, np.float32(0.1),
        np.float32(0.05),
    )  # fmt: skip
    wrong = 4 - 3 - 0.1 + 0.2 - (0.15 - 0.08)
    assert squares[0] == pytest.approx(wrong**2, rel=1e-5)
    u = [0.1 + 0.1 * (wrong - 0.005), 0.3 + 0.1 * (wrong * 0.5 - 0.015), -0.2 + 0.1 * (wrong * 0.4 + 0.01)]
    i = [-0.2 + 0.1 * (wrong + 0.01), 0.5 + 0.1 * (wrong * 0.3 - 0.025), 0.4 + 0.1 * (-wrong * 0.2 - 0.02)]
    np.testing.assert_allclose(users[0], u, rtol=1e-5)
    np.testing.assert_allclose(items[0], i, rtol=1e-5)


def test_hidden_ratings_are_predicted() -> None:
    log, hidden = rated()
    model = SgdMf(embedding_size=8, reg=0.02, epochs=80, learning_rate=0.05).fit(log)
    assert rmse(model.scores(), hidden) < 0.4 * rmse(np.full(hidden.shape, log.matrix.data.mean()), hidden)
    folded = SgdMf.fold_in(model, log.users, log.matrix)
    assert rmse(model.scores(folded), hidden) < 0.4 * rmse(np.full(hidden.shape, log.matrix.data.mean()), hidden)


def test_numbers_that_run_away_are_refused_with_a_way_out() -> None:
    log, _ = rated()
    with pytest.raises(UsageError, match="training diverged"), np.errstate(all="ignore"):
        SgdMf(learning_rate=1e6).fit(log)


@pytest.mark.realdata
def test_films(shared_data: Path) -> None:
    folder = shared_data / "ml-100k-posters" / "splits"
    shown, hidden = (film_ratings(folder / f"u1.{part}") for part in ("base", "test"))
    scores = SgdMf().fit(Log(tuple(f"u{u}" for u in range(943)), tuple(f"i{i}" for i in range(1682)), shown)).scores()
    assert rmse(np.where(np.isfinite(scores), scores, shown.data.mean()), hidden) < 0.94
