"""What every metric promises. A test class inherits MetricSuite and names its metric, and in what it is different."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from visrec_cli.metrics.base import WHOLE, ItemStats, Lists, Metric
from visrec_cli.registry import find

ITEMS, USERS, K = 40, 30, 8


def truth_of(*rows: dict[int, float], items: int = ITEMS) -> sp.csr_matrix:
    """(users, items + 1) csr: the grade of each relevant item of each user."""
    columns = [sorted(row) for row in rows]
    data = [row[item] for row, line in zip(rows, columns, strict=True) for item in line]
    indptr = np.concatenate([[0], np.cumsum([len(line) for line in columns])]).astype(np.int64)
    indices = np.array([item for line in columns for item in line], np.int64)
    return sp.csr_matrix((np.array(data, np.float32), indices, indptr), shape=(len(rows), items + 1))


def lists_of(*lists: list[int], truth: sp.csr_matrix, **more: object) -> Lists:
    """Lists of different lengths, ended by -1."""
    items = np.full((len(lists), max([len(one) for one in lists] + [1])), -1, np.int64)
    for row, one in enumerate(lists):
        items[row, : len(one)] = one
    return Lists(items, truth, **more)


def world(seed: int = 0) -> ItemStats:
    """A world in which everything is known of every item but the last one, which stands for unknown ones."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(ITEMS + 1, 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[-1] = 0
    known = np.arange(ITEMS + 1) < ITEMS
    categories = sp.csr_matrix((np.ones(ITEMS, np.float32), (np.arange(ITEMS), np.arange(ITEMS) % 4)), (ITEMS + 1, 4))
    popularity = np.append(rng.integers(0, 60, ITEMS), 0)
    return ItemStats(ITEMS, 60, popularity, vectors, known, categories, like=3)


def random_lists(seed: int = 0, k: int = 12) -> Lists:
    """Lists of 0 to k items, some of them relevant, some unknown; users with 1 to 12 relevant items; scores."""
    rng = np.random.default_rng(seed)
    relevant, history, lists = [], [], []
    for _ in range(USERS):
        some = rng.permutation(ITEMS)
        many = int(rng.integers(1, 13))
        relevant.append({int(item): float(rng.integers(1, 6)) for item in some[:many]})
        history.append({int(item): 1.0 for item in some[many : many + 8]})
        drawn = rng.permutation(np.setdiff1d(np.arange(ITEMS + 1), some[many : many + 8]))
        lists.append(drawn[: rng.integers(0, k + 1)].tolist())
    made = lists_of(*lists, truth=truth_of(*relevant), history=truth_of(*history))
    scores = np.where(made.items >= 0, np.sort(rng.normal(3, 1, made.items.shape))[:, ::-1], np.nan)
    return replace(made, scores=scores.astype(np.float32))


class MetricSuite:
    """Inherit, and set what differs.

    best: the value of a list that holds the ``K`` relevant items of a user, the most liked first. empty: that of an
    empty list. untrue: that of a user to whom nothing is relevant. by_hits: only hits and their places count.
    """

    name = ""
    low, high = 0.0, 1.0
    best: float | None = 1.0
    empty = 0.0
    untrue = float("nan")
    by_hits = True

    def each(self, lists: Lists, k: int = K) -> np.ndarray:
        kind = find("metric", self.name)
        return kind.each(lists, k if kind.takes_k else WHOLE, world())

    def perfect(self) -> Lists:
        relevant = [{int(item): float(5 - at // 2) for at, item in enumerate(range(u, u + K))} for u in range(5)]
        made = lists_of(*[list(row) for row in relevant], truth=truth_of(*relevant), history=truth_of(*[{}] * 5))
        scores = [list(row.values()) for row in relevant]
        return replace(made, scores=np.array(scores, np.float32))

    def test_says_what_it_is(self) -> None:
        kind = find("metric", self.name)
        assert issubclass(kind, Metric)
        assert kind.name == self.name
        assert kind.better in ("more", "less", "")
        assert all(len(text) > 3 for text in (kind.sentence, kind.formula, kind.source))

    @pytest.mark.parametrize("k", [1, 3, K, 100])
    def test_stays_within_its_bounds(self, k: int) -> None:
        for seed in range(5):
            values = self.each(random_lists(seed), k)
            assert values.dtype == np.float64
            there = values[~np.isnan(values)]
            assert len(there)
            assert (there >= self.low).all()
            assert (there <= self.high).all()

    def test_the_best_list_has_the_best_value(self) -> None:
        if self.best is None:
            pytest.skip("no list is best as such")
        np.testing.assert_allclose(self.each(self.perfect()), self.best, rtol=1e-6)

    def test_an_empty_list_and_a_user_without_truth(self) -> None:
        truth = truth_of({3: 1.0}, {})
        history = truth_of({5: 1.0}, {5: 1.0})
        values = self.each(lists_of([], [1, 2], truth=truth, history=history, scores=np.ones((2, 2), np.float32)))
        np.testing.assert_equal(values, [self.empty, self.untrue])

    def test_the_order_of_users_is_nothing(self) -> None:
        lists = random_lists(1)
        order = np.random.default_rng(0).permutation(USERS)
        assert lists.history is not None
        assert lists.scores is not None
        other = Lists(lists.items[order], lists.truth[order], lists.history[order], lists.scores[order])
        np.testing.assert_allclose(self.each(other), self.each(lists)[order], rtol=1e-12)

    def test_a_block_is_as_good_as_all(self) -> None:
        lists = random_lists(2)
        assert lists.history is not None
        assert lists.scores is not None
        parts = [
            Lists(lists.items[rows], lists.truth[rows], lists.history[rows], lists.scores[rows])
            for rows in (slice(0, 7), slice(7, USERS))
        ]
        np.testing.assert_allclose(np.concatenate([self.each(part) for part in parts]), self.each(lists), rtol=1e-12)

    def test_looks_at_k_places_only(self) -> None:
        if not find("metric", self.name).takes_k:
            pytest.skip("of the whole list")
        lists = random_lists(3)
        assert lists.scores is not None
        short = replace(lists, items=lists.items[:, :K], scores=lists.scores[:, :K])
        np.testing.assert_array_equal(self.each(short), self.each(lists))

    def test_what_is_not_relevant_at_the_end_changes_nothing(self) -> None:
        if not self.by_hits:
            pytest.skip("looks at all that is shown")
        truth = truth_of({1: 1.0, 2: 2.0}, {3: 1.0})
        short = lists_of([1, 9, 2], [8, 3], truth=truth)
        long = lists_of([1, 9, 2, 10, 11], [8, 3, ITEMS, 12], truth=truth)
        np.testing.assert_array_equal(self.each(short), self.each(long))

    def test_an_earlier_hit_is_never_worse(self) -> None:
        if not self.by_hits:
            pytest.skip("looks at all that is shown")
        values = [
            self.each(lists_of([*range(10, 10 + at), 1, *range(10 + at, 16)], truth=truth_of({1: 3.0, 2: 1.0})))[0]
            for at in range(7)
        ]
        assert values == sorted(values, reverse=True)
        assert values[0] > 0

    def test_leaves_what_it_is_given(self) -> None:
        lists, before = random_lists(4), random_lists(4)
        self.each(lists)
        np.testing.assert_array_equal(lists.items, before.items)
        np.testing.assert_array_equal(lists.truth.toarray(), before.truth.toarray())
        np.testing.assert_array_equal(lists.scores, before.scores)
