from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from tests.contracts.recommender_suite import RecommenderSuite, planted, precision
from visrec_cli.recommenders.base import Arrays
from visrec_cli.recommenders.data import Content, Log
from visrec_cli.recommenders.pairwise import draw_pairs
from visrec_cli.recommenders.vbpr.gpu import VbprOnGpu
from visrec_cli.recommenders.vbpr.model import Vbpr
from visrec_cli.recommenders.vbpr.parameters import VbprParameters

SMALL: dict[str, Any] = {"embedding_size": 8, "visual_size": 4, "components": 4, "epochs": 30}


class TestVbpr(RecommenderSuite):
    name = "vbpr"
    settings: ClassVar[dict[str, Any]] = SMALL
    scores_cold_items = True


class TestOnGpu(TestVbpr):
    """The whole contract by torch, which knows no difference between its devices."""

    @pytest.fixture(autouse=True)
    def _torch(self, on_torch: None) -> None: ...


@pytest.fixture
def on_torch(one_torch_thread: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visrec_cli.recommenders.vbpr.model.cuda_device", lambda name, worth: torch.device("cpu"))


SETTINGS = {"learning_rate": 0.05, "reg": 0.3, "reg_visual": 0.2}


def by_loops(
    values: Arrays, features: np.ndarray, widths: tuple[int, ...], pair: tuple[int, int, int]
) -> tuple[float, Arrays]:
    parameters = VbprParameters(values)
    return parameters.walk(np.array([pair], np.int32), features, widths, SETTINGS), parameters.values


def by_torch(
    values: Arrays, features: np.ndarray, widths: tuple[int, ...], pair: tuple[int, int, int]
) -> tuple[float, Arrays]:
    log = Log(("a", "b"), ("i", "j", "k"), sp.csr_matrix((2, 3), dtype=np.float32))
    arrays = values | {f"moments:{name}": np.full_like(array, 0.1) for name, array in values.items()}
    gpu = VbprOnGpu(log, arrays, SETTINGS, torch.device("cpu"), features, widths)
    return float(gpu.step(*(torch.tensor([number]) for number in pair))), gpu.state()


@pytest.mark.parametrize("step", [by_loops, by_torch])
def test_one_step_goes_down_the_gradient_that_torch_finds(step: Callable[..., tuple[float, Arrays]]) -> None:
    rng = np.random.default_rng(0)
    shapes = {"users": (2, 3 + 2 * 2), "items": (3, 3), "bias": (3, 1), "embedding": (5, 2), "taste": (5, 1)}
    values = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    features, widths = rng.normal(size=(3, 5)).astype(np.float32), (3, 2)
    u, i, j = 1, 0, 2
    leaf = {name: torch.from_numpy(array.copy()).requires_grad_() for name, array in values.items()}
    f = torch.from_numpy(features[i] - features[j])
    user, e = leaf["users"][u], leaf["embedding"]
    x = leaf["bias"][i, 0] - leaf["bias"][j, 0] + user[:3] @ (leaf["items"][i] - leaf["items"][j])
    x = x + user[3:5] @ (f[:3] @ e[:3]) + user[5:7] @ (f[3:] @ e[3:]) + f @ leaf["taste"][:, 0]
    own = (user**2).sum() + sum((leaf[name][row] ** 2).sum() for name in ("items", "bias") for row in (i, j))
    shared = (e**2).sum() + (leaf["taste"] ** 2).sum()
    (torch.nn.functional.softplus(-x) + 0.3 / 2 * own + 0.2 / 2 * shared).backward()
    expected = {}
    for name, array in values.items():
        slope = leaf[name].grad.numpy()
        expected[name] = array - 0.05 * slope / np.sqrt(0.1 + slope**2)  # Adagrad, its sums starting at 0.1
    loss, after = step({name: array.copy() for name, array in values.items()}, features, widths, (u, i, j))
    np.testing.assert_allclose(loss, float(torch.nn.functional.softplus(-x.detach())), rtol=1e-5)
    for name in values:
        np.testing.assert_allclose(after[name], expected[name], rtol=1e-4, atol=1e-6, err_msg=name)


def test_pairs_are_each_click_once_beside_an_item_that_was_not_clicked() -> None:
    matrix = sp.csr_matrix(np.array([[1, 1, 0, 0], [0, 0, 1, 0], [1, 1, 1, 1]], np.float32))
    pairs = draw_pairs(matrix, np.arange(4), np.random.default_rng(0))
    assert sorted(map(tuple, pairs[:, :2].tolist())) == [(0, 0), (0, 1), (1, 2)]  # the third user has no other item
    assert all(matrix[u, j] == 0 for u, _, j in pairs.tolist())


def test_an_item_without_vector_has_no_looks_and_a_cold_one_no_behaviour() -> None:
    log, content, _ = planted(cold=2)
    valid = content.valid.copy()
    valid[3] = False
    model = Vbpr(**SMALL).fit(log, Content(content.vectors * valid[:, None], valid, content.parts))
    assert model.parts == (("behaviour", 8), ("picture", 4), ("text", 4))
    assert not model.items.factors[3, 8:].any()
    assert not model.items.factors[~log.touched, :8].any()
    assert model.items.factors[~log.touched, 8:].any(axis=1).all()


def test_vectors_without_meaning_get_cold_items_no_better_than_chance() -> None:
    log, content, truth = planted(cold=4)
    shuffled = content.take(np.random.default_rng(5).permutation(len(log.items)))
    assert precision(Vbpr(**SMALL).fit(log, shuffled), truth, items=~log.touched) < 0.55
