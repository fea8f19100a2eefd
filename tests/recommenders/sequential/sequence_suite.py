"""What sequence models promise beyond RecommenderSuite: they read histories in order."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from tests.contracts.recommender_suite import RecommenderSuite, planted
from visrec_cli.errors import UsageError
from visrec_cli.recommenders.data import Log
from visrec_cli.recommenders.model import Model
from visrec_cli.recommenders.sequential.ops import Dropout
from visrec_cli.registry import find

RING, WALKERS, WALK = 24, 240, 6


def walks(seed: int = 0) -> tuple[Log, np.ndarray]:
    """Users who walk some steps along a ring: item n + 1 always follows item n. Returns the log, and what is next."""
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, RING, WALKERS)
    items = (starts[:, None] + np.arange(WALK)) % RING
    order = np.argsort(items, axis=1)
    times = np.take_along_axis(np.broadcast_to(np.arange(WALK) * 1000, items.shape), order, axis=1).ravel()
    columns = np.take_along_axis(items, order, axis=1).ravel()
    matrix = sp.csr_matrix((np.ones(columns.size, np.float32), columns, np.arange(WALKERS + 1) * WALK), (WALKERS, RING))
    names = tuple(f"u{u}" for u in range(WALKERS)), tuple(f"i{i}" for i in range(RING))
    return Log(*names, matrix, times.astype(np.int64)), (starts + WALK) % RING


def first_places(model: Model, log: Log) -> np.ndarray:
    scores = model.scores()
    scores[log.matrix.toarray() > 0] = -np.inf
    return scores.argmax(axis=1)


class SequenceSuite(RecommenderSuite):
    """Inherit, and set name, settings, and ``walker``: the settings that learn the ring."""

    scores_cold_items = True
    walker: dict[str, Any] = {}  # noqa: RUF012

    @pytest.fixture(autouse=True)
    def _one_thread(self, one_torch_thread: None) -> None:
        """Networks this small are quicker so."""

    @pytest.fixture(scope="class")
    @classmethod
    def walked(cls) -> tuple[Log, np.ndarray, Model]:
        log, following = walks()
        return log, following, cls().make(**cls.walker).fit(log)

    def test_learns_what_follows_what_and_als_does_not(self, walked: tuple[Log, np.ndarray, Model]) -> None:
        log, following, model = walked
        assert (first_places(model, log) == following).mean() > 0.95
        als = find("recommender", "als")(embedding_size=16, seed=0).fit(log)
        assert (first_places(als, log) == following).mean() < 0.7

    def test_the_order_matters(self, walked: tuple[Log, np.ndarray, Model]) -> None:
        log, following, model = walked
        kind = find("recommender", self.name)
        assert log.times is not None
        back = kind.fold_in(model, log.users, log.matrix, -log.times)
        turned = replace(log, times=-log.times)
        assert not np.allclose(model.scores(back), model.scores(), atol=0.1)
        assert (first_places(replace(model, users=back), turned) == following).mean() < 0.7

    def test_folding_in_is_what_training_scores(self, walked: tuple[Log, np.ndarray, Model]) -> None:
        log, _, model = walked
        folded = find("recommender", self.name).fold_in(model, log.users, log.matrix, log.times)
        np.testing.assert_array_equal(folded.factors, model.users.factors)

    def test_what_answers_is_the_network_that_learned(self) -> None:
        """In numpy as in torch, for histories of every length, longer ones too than are read."""
        log, content, _ = planted()
        learner = self.make(epochs=2, length=7)
        model = learner.fit(log, content)
        assert model.items.factors is not None
        assert model.users.factors is not None
        vectors = model.items.factors.reshape(len(log.items), 3, -1).sum(axis=1)
        for user in range(0, len(log.users), 7):
            row = slice(*log.matrix.indptr[user : user + 2])
            assert log.times is not None
            read = log.matrix.indices[row][np.argsort(log.times[row])][-7:]
            with torch.no_grad():
                held = learner.read(torch.from_numpy(vectors[read][None]), Dropout(0, 0, torch.device("cpu")))
            width = held.shape[2]
            np.testing.assert_allclose(model.users.factors[user, :width], held[0, -1].numpy(), rtol=1e-3, atol=1e-4)

    def test_without_vectors_ids_carry_it_and_without_ids_vectors(self) -> None:
        log, content, _ = planted(cold=2)
        for more in ({"content": False}, {"item_ids": False}):
            model = self.make(epochs=2, **more).fit(log, content)
            cold = model.items.known[~log.touched]
            assert cold.all() == ("item_ids" in more)
            assert cold.any() == ("item_ids" in more)
            assert len(model.parts) == (3 if "item_ids" in more else 1)
        assert model.items.factors is not None
        assert not model.items.factors[:, : model.parts[0][1]].any()
        with pytest.raises(UsageError, match="needs vectors of the items, and there are none"):
            self.fitted(log, None, item_ids=False)

    def test_a_session_of_new_items_by_their_vectors(self) -> None:
        """Items that nobody touched, known by their vectors alone, say what somebody likes who saw nothing else."""
        log, content, _ = planted(cold=3)
        model = self.fitted(log, content)
        kind, groups = find("recommender", self.name), np.arange(len(log.items)) // 12
        cold = np.flatnonzero(~log.touched)
        sessions = sp.csr_matrix((np.ones(12, np.float32), cold, np.arange(5) * 3), (4, len(log.items)))
        users = kind.fold_in(model, list("abcd"), sessions, np.tile([1, 2, 3], 4))
        best = np.argsort(-np.where(log.touched, model.scores(users), -np.inf), axis=1)[:, :4]
        assert (groups[best] == np.arange(4)[:, None]).mean() >= 0.8

    def test_a_voice_is_what_would_be_lost_without_it(self) -> None:
        log, content, _ = planted()
        model = self.fitted(log, content, epochs=3, length=6)
        kind, items = find("recommender", self.name), np.array([1, 30])
        assert log.times is not None
        row = slice(*log.matrix.indptr[3:5])
        mine, times = log.matrix.indices[row], log.times[row]
        spoken = kind.history_contributions(model, model.users, 3, items)
        old = np.argsort(times)[:-6]
        assert not spoken[old].any()
        last = np.argsort(times)[-1]
        kept = [place for place in np.argsort(times)[-6:] if place != last]
        kept.sort()
        without = sp.csr_matrix((np.ones(5, np.float32), mine[kept], [0, 5]), (1, len(log.items)))
        other = kind.fold_in(model, ["x"], without, times[kept])
        lost = model.scores(model.users.take([3]))[0, items] - model.scores(other)[0, items]
        np.testing.assert_allclose(spoken[last], lost, rtol=1e-3, atol=1e-4)

    def test_few_drawn_items_instead_of_all(self) -> None:
        log, following = walks()
        model = self.make(**{**self.walker, "negatives": 6}).fit(log)
        assert (first_places(model, log) == following).mean() > 0.9

    def test_what_was_met_and_not_liked_is_no_step(self, walked: tuple[Log, np.ndarray, Model]) -> None:
        _, _, model = walked
        kind = find("recommender", self.name)
        matrix = sp.csr_matrix(([1, 1, 0], [3, 4, 9], [0, 3]), (1, RING), np.float32)
        disliked = kind.fold_in(model, ["x"], matrix, np.array([1, 2, 3]))
        plain = kind.fold_in(model, ["x"], matrix[:, :].multiply(matrix > 0).tocsr(), np.array([1, 2]))
        np.testing.assert_array_equal(disliked.factors, plain.factors)
        assert model.scores(disliked)[0].argmax() == 5
