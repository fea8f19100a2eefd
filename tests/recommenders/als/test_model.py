"""Implicit ALS: the loops equal dense algebra, and the loss is the objective."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from tests.contracts.recommender_suite import RecommenderSuite, planted
from visrec_cli.recommenders.als.kernel import step
from visrec_cli.recommenders.als.model import Als
from visrec_cli.recommenders.data import Log
from visrec_cli.recommenders.kernels.sparse_rows import Rows


class TestAls(RecommenderSuite):
    name = "als"
    settings: dict[str, Any] = {"embedding_size": 8, "epochs": 10}  # noqa: RUF012


class TestOnGpu(TestAls):
    """The whole contract by torch, which knows no difference between its devices."""

    @pytest.fixture(autouse=True)
    def _torch(self, on_torch: None) -> None: ...


@pytest.fixture
def on_torch(one_torch_thread: None, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr("visrec_cli.recommenders.als.model.cuda_device", lambda name, worth: torch.device("cpu"))


def weighted(seed: int = 0, users: int = 30, items: int = 20) -> Log:
    rng = np.random.default_rng(seed)
    matrix = sp.csr_matrix(np.where(rng.random((users, items)) < 0.3, rng.integers(1, 4, (users, items)), 0))
    matrix = matrix.astype(np.float32)
    return Log(tuple(f"u{u}" for u in range(users)), tuple(f"i{i}" for i in range(items)), matrix)


def objective(als: Als, log: Log) -> float:
    """L as the docstring of Als has it, dense and in float64."""
    weights, x, y = log.matrix.toarray().astype(np.float64), *(f.astype(np.float64) for f in als.state().values())
    alpha, reg, nu = als.set["unobserved_weight"], als.set["reg"], als.set["nu"]
    products = x @ y.T
    total = (weights * (1 - products) ** 2).sum() + alpha * (products**2).sum()
    for factors, axis in ((x, 1), (y, 0)):
        mass, others = weights.sum(axis=axis), (weights.sum(axis=1 - axis) > 0).sum()
        total += (reg * (mass + alpha * others) ** nu * (factors**2).sum(axis=1))[mass > 0].sum()
    return total / weights.sum()


def exact_rows(weights: np.ndarray, fixed: np.ndarray, alpha: float, regs: np.ndarray) -> np.ndarray:
    systems = alpha * fixed.T @ fixed + np.einsum("ui,ia,ib->uab", weights, fixed, fixed)
    systems += regs[:, None, None] * np.eye(fixed.shape[1])
    return np.linalg.solve(systems, (weights @ fixed)[:, :, None])[:, :, 0]


@pytest.mark.parametrize("nu", [0.0, 0.5, 1.0])
def test_the_loss_is_the_objective_and_falls(nu: float) -> None:
    log = weighted()
    als = Als(embedding_size=6, nu=nu, reg=0.05, unobserved_weight=0.2)
    als.start(log, None)
    losses = []
    for number in range(1, 9):
        losses.append(als.epoch(number))
        assert losses[-1] == pytest.approx(objective(als, log), rel=1e-4)
    assert all(after <= before * (1 + 1e-5) for before, after in pairwise(losses))


def test_the_gpu_path_does_the_same_arithmetic_in_any_blocks(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    log = weighted()
    settings = {"embedding_size": 6, "reg": 0.05, "unobserved_weight": 0.2}

    def trained() -> tuple[list[float], np.ndarray]:
        als = Als(**settings)
        als.start(log, None)
        return [als.epoch(number) for number in range(1, 9)], als.model().scores()

    losses, scores = trained()
    request.getfixturevalue("on_torch")
    for held in (1 << 26, 6 * 40):
        monkeypatch.setattr("visrec_cli.recommenders.als.solver._HELD", held)
        by_torch = trained()
        np.testing.assert_allclose(by_torch[0], losses, rtol=1e-4)
        np.testing.assert_allclose(by_torch[1], scores, atol=1e-3)


def test_a_gpu_is_asked_for_only_where_there_is_much_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr("visrec_cli.recommenders.als.model.cuda_device", lambda name, worth: asked.append(worth))
    monkeypatch.setattr("visrec_cli.recommenders.als.model._GPU_WORTH", weighted().matrix.nnz * 6 * 3)
    for epochs in (2, 3):
        Als(embedding_size=6, epochs=epochs).fit(weighted())
    assert asked == [False, True]


def test_conjugate_gradients_reach_the_exact_solution() -> None:
    log = weighted()
    rng = np.random.default_rng(1)
    fixed, _ = np.linalg.qr(rng.normal(size=(20, 6)).astype(np.float32))
    fixed *= np.arange(1, 7, dtype=np.float32)  # a Gram matrix that is diagonal
    regs = rng.uniform(0.1, 1, 30).astype(np.float32)
    rows = rng.normal(size=(30, 6)).astype(np.float32)
    step(*Rows.of(log.matrix), fixed, np.float32(0.2) * np.arange(1, 7, dtype=np.float32) ** 2, regs, 12, rows)
    np.testing.assert_allclose(rows, exact_rows(log.matrix.toarray(), fixed, 0.2, regs), atol=1e-4)


def test_a_row_of_two_clicks_is_exact_in_three_steps() -> None:
    matrix = sp.csr_matrix(([2, 1], ([0, 0], [3, 7])), shape=(1, 20), dtype=np.float32)
    fixed = (np.linalg.qr(np.random.default_rng(1).normal(size=(20, 6)))[0] * 2).astype(np.float32)
    rows = np.ones((1, 6), np.float32)
    step(*Rows.of(matrix), fixed, np.full(6, 0.2 * 4, np.float32), np.ones(1, np.float32), 3, rows)
    np.testing.assert_allclose(rows, exact_rows(matrix.toarray(), fixed, 0.2, np.ones(1)), atol=1e-5)


def test_folding_in_is_the_exact_solution_and_the_voices_add_up_to_it() -> None:
    log = weighted()
    als = Als(embedding_size=6, epochs=3, reg=0.05, unobserved_weight=0.2)
    model = als.fit(log)
    folded = Als.fold_in(model, log.users, log.matrix)
    weights = log.matrix.toarray()
    regs = 0.05 * (weights.sum(axis=1) + 0.2 * log.touched.sum())
    wanted = exact_rows(weights, model.items.factors, 0.2, regs)
    np.testing.assert_allclose(folded.factors, wanted, atol=1e-4)
    spoken = Als.history_contributions(model, folded, 4, np.arange(20))
    np.testing.assert_allclose(spoken.sum(axis=0), model.scores(folded)[4], atol=1e-4)


def test_what_all_items_say_is_added_up_once_for_a_model() -> None:
    model = Als(embedding_size=6, epochs=3).fit(weighted())
    before = model.items.gram
    np.testing.assert_allclose(before, model.items.factors.T @ model.items.factors, atol=1e-5)
    for row in range(3):
        Als.history_contributions(model, model.users, row, np.arange(20))
    assert model.items.gram is before


def test_long_training_and_folding_in_agree() -> None:
    log, _, _ = planted()
    model = Als(embedding_size=4, epochs=60, reg=0.05).fit(log)
    np.testing.assert_allclose(Als.fold_in(model, log.users, log.matrix).factors, model.users.factors, atol=2e-2)


def test_heavier_clicks_are_fitted_closer() -> None:
    log, _, _ = planted(noise=0.3)
    heavy = log.matrix.copy()
    heavy.data[::2] = 20
    scores = Als(embedding_size=4, reg=0.01, unobserved_weight=3.0).fit(Log(log.users, log.items, heavy)).scores()
    rows, columns = log.matrix.nonzero()
    error = np.abs(1 - scores[rows, columns])
    assert error[::2].mean() < 0.7 * error[1::2].mean()


def test_the_number_of_threads_changes_nothing_in_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    log = weighted(users=300)
    fixed = np.random.default_rng(1).normal(size=(20, 6)).astype(np.float32)
    answers = []
    for threads in (1, 2):
        monkeypatch.setattr("numba.config.NUMBA_NUM_THREADS", threads)
        rows = np.zeros((300, 6), np.float32)
        step(*Rows.of(log.matrix), fixed, np.ones(6, np.float32), np.ones(300, np.float32), 3, rows)
        answers.append(rows)
    assert all(np.array_equal(answer, answers[0]) for answer in answers)
