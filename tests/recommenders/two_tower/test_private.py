"""Differential privacy: what it keeps from being told, and that something is learned all the same."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

pytest.importorskip("opacus")

import torch

from tests.contracts.recommender_suite import planted, precision
from visrec_cli.errors import UsageError
from visrec_cli.options.privacy import Privacy
from visrec_cli.recommenders.data import Content, Log
from visrec_cli.recommenders.serialization import from_table, to_table
from visrec_cli.recommenders.two_tower.model import TwoTower
from visrec_cli.recommenders.two_tower.private import PrivateTwoTower

SMALL = {"embedding_size": 8, "components": 4, "epochs": 15, "batch_size": 120, "learning_rate": 0.02, "device": "cpu"}


@pytest.fixture(scope="module")
def many() -> tuple[Log, Content, sp.csr_matrix]:
    """The planted tastes of ten times as many people."""
    log, content, truth = planted()
    rng, rows = np.random.default_rng(0), np.tile(np.arange(len(log.users)), 10)
    full = log.matrix[rows].tocoo()
    kept = rng.random(full.nnz) < 0.7
    matrix = sp.csr_matrix((full.data[kept], (full.row[kept], full.col[kept])), full.shape)
    return Log(tuple(f"u{u}" for u in range(len(rows))), log.items, matrix), content, truth[rows]


def asked(log: Log, epsilon: float, truth: sp.csr_matrix) -> float:
    model = PrivateTwoTower(privacy=Privacy(epsilon), **SMALL).fit(log)
    users = TwoTower.fold_in(model, log.users, log.matrix)
    return precision(replace(model, users=users), truth)


def test_much_privacy_costs_and_little_leaves_the_tastes(many: tuple[Log, Content, sp.csr_matrix]) -> None:
    log, _, truth = many
    assert asked(log, 50.0, truth) > 0.6
    assert asked(log, 0.1, truth) < 0.4
    with pytest.raises(UsageError, match="no amount of noise"):
        asked(log, 0.001, truth)


def test_the_model_has_no_users_and_says_what_it_promises(many: tuple[Log, Content, sp.csr_matrix]) -> None:
    log, content, _ = many
    model = PrivateTwoTower(privacy=Privacy(4), **{**SMALL, "epochs": 2}).fit(log, content)
    again, _, _ = from_table(to_table(model))
    assert not again.users.ids
    told = again.facts["privacy"]
    assert (told["epsilon"], told["delta"], told["unit"]) == (4, 0.1 / 600, "user")
    from opacus.accountants import RDPAccountant

    accountant = RDPAccountant()
    accountant.history = [(told["noise"], 120 / 600, 2 * 5)]
    assert 3.8 < accountant.get_epsilon(delta=told["delta"]) <= 4


def test_whether_anybody_touched_an_item_is_not_told() -> None:
    log, content, _ = planted(cold=3)
    model = PrivateTwoTower(privacy=Privacy(4), **{**SMALL, "epochs": 1}).fit(log, content)
    assert model.items.known.all()
    assert model.items.factors is not None
    assert model.items.factors[:, :8].any(axis=1).all()


def test_a_step_is_the_sum_of_cut_gradients_and_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lots of users one by one give what they give together, and no user moves more than ``clip``."""
    log, content, _ = planted()
    learner = PrivateTwoTower(privacy=Privacy(4), **{**SMALL, "batch_size": 60, "hidden_history": 0, "hidden_ids": 0})
    learner.start(log, content)
    seen: list[dict[str, torch.Tensor]] = []
    monkeypatch.setattr(learner._noisy, "noise_multiplier", 0.0)
    monkeypatch.setattr(
        learner._adam,
        "step",
        lambda: seen.append({name: p.grad.clone() for name, p in learner._learned.items() if p.grad is not None}),
    )
    learner._private_step(np.arange(6))
    monkeypatch.setattr("visrec_cli.recommenders.two_tower.private._CELLS", 1)
    learner._private_step(np.arange(6))
    for name, slope in seen[0].items():
        torch.testing.assert_close(seen[1][name] * 1.0, slope / 1.0, rtol=1e-3, atol=1e-6)
    learner._private_step(np.array([3]))
    length = sum(float((slope**2).sum()) for slope in seen[2].values()) ** 0.5
    assert length * 60 <= learner.set["clip"] + 1e-4
    learner._private_step(np.array([], np.int64))
    assert not any(slope.any() for slope in seen[3].values())


def test_chance_is_not_the_seeds() -> None:
    log, content, _ = planted()
    first, second = (PrivateTwoTower(privacy=Privacy(4), **{**SMALL, "epochs": 1}).fit(log, content) for _ in range(2))
    assert not np.allclose(first.items.factors, second.items.factors)


@pytest.mark.parametrize("told", [{"epsilon": 0}, {"epsilon": np.inf}, {"epsilon": 1, "delta": 1}])
def test_promises_that_are_none(told: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        Privacy(**told)
