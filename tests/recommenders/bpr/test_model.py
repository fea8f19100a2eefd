"""BPR: one pair at a time equals the formula, blocks never share a row, and clicks come before what was not clicked."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from tests.contracts.recommender_suite import RecommenderSuite, planted
from visrec_cli.recommenders.bpr.gpu import BprOnGpu
from visrec_cli.recommenders.bpr.kernel import learn
from visrec_cli.recommenders.bpr.model import Bpr
from visrec_cli.recommenders.data import Log
from visrec_cli.recommenders.kernels.blocks import deal

Step = Callable[[dict[str, np.ndarray]], tuple[float, dict[str, np.ndarray]]]


class TestBpr(RecommenderSuite):
    name = "bpr"
    settings: dict[str, Any] = {"embedding_size": 16, "epochs": 40}  # noqa: RUF012


class TestOnGpu(TestBpr):
    """The whole contract by torch, which knows no difference between its devices."""

    @pytest.fixture(autouse=True)
    def _torch(self, on_torch: None) -> None: ...


@pytest.fixture
def on_torch(one_torch_thread: None, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr("visrec_cli.recommenders.bpr.model.cuda_device", lambda name, worth: torch.device("cpu"))


def by_loops(values: dict[str, np.ndarray]) -> tuple[float, dict[str, np.ndarray]]:
    whole = np.array([0, 1])
    losses, pairs = learn(
        np.array([0]), whole, np.array([0, 1]), np.array([0, 2]), np.array([0]), np.array([0], np.int32), whole,
        np.array([7], np.uint64), *(values[name] for name in ("users", "items", "bias")),
        tuple(values[f"sums:{name}"] for name in ("users", "items", "bias")), np.float32(0.1), np.float32(0.01),
    )  # fmt: skip
    assert pairs.tolist() == [1]
    return losses[0], values


def by_torch(values: dict[str, np.ndarray]) -> tuple[float, dict[str, np.ndarray]]:
    import torch

    log = Log(("u",), ("i", "j"), sp.csr_matrix((1, 2), dtype=np.float32))
    gpu = BprOnGpu(log, values, {"learning_rate": 0.1, "reg": 0.01}, torch.device("cpu"))
    return float(gpu.step(*(torch.tensor([number]) for number in (0, 0, 1)))), gpu.state()


@pytest.mark.parametrize("step", [by_loops, by_torch])
def test_one_pair_is_the_step_of_the_formula(step: Step) -> None:
    x, y = np.array([[0.3, -0.2]], np.float32), np.array([[0.5, 0.1], [-0.4, 0.2]], np.float32)
    bias = np.array([0.1, -0.3], np.float32)
    values = {"users": x, "items": y, "bias": bias}
    values |= {f"sums:{name}": np.zeros(len(array), np.float32) for name, array in values.items()}
    u, i, j = x[0].astype(float), y[0].astype(float), y[1].astype(float)
    loss, after = step(values)
    difference = 0.4 + u @ (i - j)
    assert loss == pytest.approx(np.log1p(np.exp(-difference)), rel=1e-5)
    pull = 1 / (1 + np.exp(difference))
    slopes = pull * (i - j) - 0.01 * u, pull * u - 0.01 * i, -pull * u - 0.01 * j
    moved = after["users"][0], after["items"][0], after["items"][1]
    for vector, start, slope in zip(moved, (u, i, j), slopes, strict=True):
        np.testing.assert_allclose(vector, start + 0.1 * slope / np.sqrt((slope**2).mean() + 1e-8), rtol=1e-4)
    np.testing.assert_allclose(after["bias"], [0.2, -0.4], atol=1e-6)  # the first step of Adagrad has one size


def test_blocks_of_a_round_share_no_user_and_no_item() -> None:
    rng = np.random.default_rng(0)
    rows, columns = rng.integers(0, 100, 3000), rng.integers(0, 300, 3000)
    blocks = deal(rows, columns, 100, np.arange(300), 300, rng)
    parts = len(blocks.member_starts) - 1
    assert parts == 8
    assert sorted(blocks.order.tolist()) == list(range(3000))
    for turn in range(parts):
        seen_users, seen_items = set[int](), set[int]()
        for part in range(parts):
            block, own = turn * parts + part, (turn + part) % parts
            entries = blocks.order[blocks.starts[block] : blocks.starts[block + 1]]
            users, items = set(rows[entries].tolist()), set(columns[entries].tolist())
            assert not users & seen_users
            assert not items & seen_items
            assert items <= set(blocks.members[blocks.member_starts[own] : blocks.member_starts[own + 1]].tolist())
            seen_users |= users
            seen_items |= items


def test_the_loss_falls_from_that_of_a_coin() -> None:
    log, _, _ = planted()
    bpr = Bpr(embedding_size=8)
    bpr.start(log, None)
    losses = [bpr.epoch(number) for number in range(1, 31)]
    assert losses[0] == pytest.approx(np.log(2), abs=0.1)
    assert losses[-1] < 0.3


def test_threads_and_company_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    log, _, _ = planted()
    model = Bpr(embedding_size=8, epochs=5).fit(log)
    monkeypatch.setattr("numba.config.NUMBA_NUM_THREADS", 1)
    alone = Bpr(embedding_size=8, epochs=5).fit(log)
    np.testing.assert_array_equal(alone.scores(), model.scores())
    folded = Bpr.fold_in(model, log.users, log.matrix)
    np.testing.assert_array_equal(Bpr.fold_in(model, ("u7",), log.matrix[7]).factors, folded.factors[[7]])


def test_a_user_who_clicked_everything_teaches_nothing() -> None:
    log, _, _ = planted()
    full = log.matrix.tolil()
    full[0] = 1
    model = Bpr(embedding_size=8, epochs=5).fit(type(log)(log.users, log.items, full.tocsr()))
    assert np.isfinite(model.scores()).all()
