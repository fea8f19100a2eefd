from typing import Any, ClassVar

import numpy as np
import pytest
import torch

from tests.contracts.recommender_suite import RecommenderSuite, planted, precision
from visrec_cli.recommenders.two_tower.model import TwoTower
from visrec_cli.recommenders.two_tower.towers import loss_of, user_vectors
from visrec_cli.runtime.adam import Adam

SMALL: dict[str, Any] = {"embedding_size": 8, "components": 4, "epochs": 30, "batch_size": 64, "learning_rate": 0.02}


@pytest.fixture(autouse=True)
def _one_thread(one_torch_thread: None) -> None:
    """Towers this small are quicker so."""


class TestTwoTower(RecommenderSuite):
    name = "two-tower"
    settings: ClassVar[dict[str, Any]] = SMALL
    scores_cold_items = True


@pytest.mark.parametrize("loss", ["in-batch", "bpr", "bce"])
def test_every_loss_finds_the_planted_tastes(loss: str) -> None:
    log, content, truth = planted()
    model = TwoTower(**{**SMALL, "epochs": 60}, loss=loss, device="cpu").fit(log, content)
    assert precision(model, truth) >= 0.8


def test_losses_by_hand() -> None:
    import scipy.sparse as sp

    users = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    vectors = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    bias = torch.tensor([0.5, 0.0, 0.0])
    targets = sp.csr_matrix(np.array([[1, 0, 0], [0, 1, 0]], np.float32))
    share = np.array([0.6, 0.3, 0.1])
    scores = np.array([[1.5, 0, 1], [0.5, 2, 2]])
    nll = lambda s: np.mean([np.log(np.exp(row).sum()) - row[i] for i, row in enumerate(s)])  # noqa: E731
    softmax = loss_of("softmax", users, vectors, bias, targets, share, np.random.default_rng(0))
    assert float(softmax) == pytest.approx(nll(scores), rel=1e-5)
    inside = loss_of("in-batch", users, vectors, bias, targets, share, np.random.default_rng(0))
    assert float(inside) == pytest.approx(nll(scores[:, :2] - np.log(share[:2])), rel=1e-5)
    only = np.array([0.0, 1.0, 0.0])  # the drawn item can only be the second
    bpr = loss_of("bpr", users, vectors, bias, targets, only, np.random.default_rng(0))
    assert float(bpr) == pytest.approx((np.log1p(np.exp(-1.5)) + np.log(2)) / 2, rel=1e-5)
    bce = loss_of("bce", users, vectors, bias, targets, only, np.random.default_rng(0))
    expected = (np.log1p(np.exp(-1.5)) + np.log(2) + np.log1p(np.exp(-2)) + np.log1p(np.exp(2))) / 2
    assert float(bce) == pytest.approx(expected, rel=1e-5)


def test_the_tower_that_learns_is_the_tower_that_answers() -> None:
    log, content, _ = planted()
    model = TwoTower(**SMALL, user_ids=False).fit(log, content)
    folded = TwoTower.fold_in(model, log.users, log.matrix)
    np.testing.assert_allclose(folded.factors, model.users.factors, rtol=1e-4, atol=1e-5)
    vectors = torch.from_numpy(model.items.factors.reshape(len(log.items), 3, 8).sum(axis=1))
    weights = {"history": torch.from_numpy(model.state["history"])}
    mine = user_vectors(weights, vectors, log.matrix, torch.zeros(len(log.users), 8))
    np.testing.assert_allclose(folded.factors[:, :8], mine.numpy(), rtol=1e-4, atol=1e-5)


def test_adam_by_hand() -> None:
    parameter = torch.tensor([1.0, -2.0], requires_grad=True)
    adam = Adam({"x": parameter}, 0.01, 0.1)
    x, first, second = np.array([1.0, -2.0]), np.zeros(2), np.zeros(2)
    for step in range(1, 4):
        (parameter**4).sum().backward()
        adam.step()
        slope = 4 * x**3
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
        x = x * (1 - 0.01 * 0.1) - 0.01 * first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    np.testing.assert_allclose(parameter.detach().numpy(), x, rtol=1e-5)


def test_without_content_it_knows_no_cold_items() -> None:
    log, _, _ = planted(cold=2)
    model = TwoTower(**SMALL).fit(log)
    assert not model.items.known[~log.touched].any()
    assert model.parts == (("behaviour", 8),)
