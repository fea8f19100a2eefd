"""Batches of pairs in torch: what they are made of, and that their sums are those of a loop."""

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from visrec_cli.recommenders.data import Log
from visrec_cli.recommenders.pairwise_gpu import PairsOnGpu


class Listening(PairsOnGpu):
    """Learns nothing, and remembers what it was shown."""

    def step(self, users: torch.Tensor, liked: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
        self.heard = [*getattr(self, "heard", []), torch.stack([users, liked, others], dim=1)]
        return torch.ones(len(users))


def heard(matrix: np.ndarray, seed: int = 0) -> list[torch.Tensor]:
    names = (tuple(map(str, range(size))) for size in matrix.shape)
    listening = Listening(Log(*names, sp.csr_matrix(matrix.astype(np.float32))), {}, {}, torch.device("cpu"))
    listening.epoch(seed)
    return listening.heard


def test_each_click_comes_once_beside_an_item_that_was_not_clicked() -> None:
    matrix = np.array([[1, 1, 0, 0, 0], [0, 0, 1, 0, 0], [1, 1, 1, 1, 0]])
    (pairs,) = heard(matrix)
    assert sorted(map(tuple, pairs[:, :2].tolist())) == [(0, 0), (0, 1), (1, 2)]  # the third user has no other item
    assert all(matrix[user, other] == 0 and other != 4 for user, _, other in pairs.tolist())  # nobody clicked the last


def test_batches_are_in_an_order_of_chance_that_the_seed_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visrec_cli.recommenders.pairwise_gpu._LEAST", 7)
    matrix = np.random.default_rng(0).random((40, 30)) < 0.3
    first, again, other = (heard(matrix, seed) for seed in (1, 1, 2))
    assert {len(batch) for batch in first[:-1]} == {7}
    assert all(torch.equal(*batches) for batches in zip(first, again, strict=True))
    assert not torch.equal(first[0], other[0])


def test_sums_by_row() -> None:
    rng = np.random.default_rng(0)
    rows, values = rng.integers(0, 20, 300), rng.normal(size=(300, 5)).astype(np.float32)
    wanted = np.zeros((20, 5))
    np.add.at(wanted, rows, values)
    which, sums = PairsOnGpu.sums(torch.from_numpy(rows), torch.from_numpy(values))
    assert which.tolist() == np.unique(rows).tolist()
    np.testing.assert_allclose(sums, wanted[which], rtol=1e-5, atol=1e-5)
