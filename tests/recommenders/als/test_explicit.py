"""Explicit ALS: each half is the ridge regression of dense algebra, and ratings come back."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from tests.contracts.recommender_suite import RecommenderSuite
from visrec_cli.recommenders.als.explicit import AlsExplicit
from visrec_cli.recommenders.data import Log
from visrec_cli.recommenders.kernels.sparse_rows import Rows
from visrec_cli.recommenders.rating_factors import errors, objective, ridge


class TestAlsExplicit(RecommenderSuite):
    name = "als-explicit"
    settings: dict[str, Any] = {"embedding_size": 8, "epochs": 10}  # noqa: RUF012
    personal = False  # a planted click says nothing about a rating: all are 1

    def test_names_ratings(self) -> None:
        assert AlsExplicit.predicts_ratings


def rated(seed: int = 0, users: int = 80, items: int = 60) -> tuple[Log, sp.csr_matrix]:
    """Ratings that are a mean, biases and one taste, with noise of .1: a log of two thirds of them, and the others."""
    rng = np.random.default_rng(seed)
    truth = (
        3
        + rng.normal(0, 0.5, (users, 1))
        + rng.normal(0, 0.5, items)
        + rng.normal(size=(users, 1)) * rng.normal(size=items)
    )
    truth += rng.normal(0, 0.1, truth.shape)
    part = rng.random(truth.shape)
    shown, hidden = (sp.csr_matrix(np.where(kept, truth, 0).astype(np.float32)) for kept in (part < 0.4, part > 0.8))
    return Log(tuple(f"u{u}" for u in range(users)), tuple(f"i{i}" for i in range(items)), shown), hidden


def rmse(scores: np.ndarray, ratings: sp.csr_matrix) -> float:
    return float(np.sqrt(np.mean((scores[ratings.nonzero()] - ratings.data) ** 2)))


def test_one_half_is_ridge_regression() -> None:
    log, _ = rated(users=7, items=9)
    other = np.random.default_rng(1).normal(size=(9, 4)).astype(np.float32)
    found = ridge(Rows.of(log.matrix), other, 3.0, 0.1)
    for user in range(7):
        columns = log.matrix[user].indices
        design = np.hstack([np.ones((len(columns), 1)), other[columns, 1:]])
        target = log.matrix[user].data - 3.0 - other[columns, 0]
        system = design.T @ design + 0.1 * len(columns) * np.eye(4)
        np.testing.assert_allclose(found[user], np.linalg.solve(system, design.T @ target), atol=1e-4)


def test_hidden_ratings_are_predicted() -> None:
    log, hidden = rated()
    model = AlsExplicit(embedding_size=8, reg=0.02, epochs=20).fit(log)
    flat = rmse(np.full(hidden.shape, log.matrix.data.mean()), hidden)
    assert rmse(model.scores(), hidden) < 0.3 * flat
    assert model.offset == pytest.approx(log.matrix.data.mean(), rel=1e-5)


def test_the_loss_is_the_objective_and_falls() -> None:
    log, _ = rated()
    als = AlsExplicit(embedding_size=4, reg=0.08)
    als.start(log, None)
    losses = [als.epoch(number) for number in range(1, 6)]
    assert losses == sorted(losses, reverse=True)
    users, items = (side.astype(np.float64) for side in als.state().values())
    dense, counts = log.matrix.toarray(), (log.matrix.toarray() != 0)
    predicted = als.model().offset + users[:, :1] + items[:, 0] + users[:, 1:] @ items[:, 1:].T
    total = (counts * (dense - predicted) ** 2).sum()
    total += 0.08 * (counts.sum(axis=1) @ (users**2).sum(axis=1) + counts.sum(axis=0) @ (items**2).sum(axis=1))
    assert losses[-1] == pytest.approx(total / counts.sum(), rel=1e-4)


def test_errors_are_what_the_model_gets_wrong() -> None:
    log, _ = rated()
    als = AlsExplicit(embedding_size=4, epochs=2)
    scores = als.fit(log).scores()
    wrong = errors(log.matrix, als.model().offset, *als.state().values())
    np.testing.assert_allclose(wrong, log.matrix.data - scores[log.matrix.nonzero()], atol=1e-4)
    assert objective(log.matrix, als.model().offset, *als.state().values(), 0.0) == pytest.approx(np.mean(wrong**2))


def film_ratings(path: Path) -> sp.csr_matrix:
    users, items, ratings, _ = np.loadtxt(path, dtype=np.int64).T
    return sp.csr_matrix((ratings.astype(np.float32), (users - 1, items - 1)), shape=(943, 1682))


@pytest.mark.realdata
def test_films(shared_data: Path) -> None:
    folder = shared_data / "ml-100k-posters" / "splits"
    shown, hidden = (film_ratings(folder / f"u1.{part}") for part in ("base", "test"))
    log = Log(tuple(f"u{u}" for u in range(943)), tuple(f"i{i}" for i in range(1682)), shown)
    scores = AlsExplicit().fit(log).scores()
    assert rmse(np.where(np.isfinite(scores), scores, shown.data.mean()), hidden) < 0.945
