"""What every recommender promises. A test class inherits RecommenderSuite and names its recommender and settings."""

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from visrec_cli.errors import UsageError
from visrec_cli.recommenders.base import AUTO, Iterative, Recommender
from visrec_cli.recommenders.data import Content, Log
from visrec_cli.recommenders.model import Model
from visrec_cli.recommenders.serialization import from_table, to_table
from visrec_cli.recommenders.top_k import tie_order, top_k
from visrec_cli.registry import find

GROUPS, USERS_EACH, ITEMS_EACH = 4, 15, 12
DAY = 86_400_000


def planted(seed: int = 0, noise: float = 0.02, cold: int = 0) -> tuple[Log, Content, sp.csr_matrix]:
    """Four tastes: users of group g click about half of the items of group g, and rarely others.

    The last ``cold`` items of each group are clicked by nobody. Vectors say the group, with noise. Returns the log, the
    content, and the truth: the items of each user's own group that the log does not show.
    """
    rng = np.random.default_rng(seed)
    users, items = GROUPS * USERS_EACH, GROUPS * ITEMS_EACH
    group_of_user, group_of_item = np.arange(users) // USERS_EACH, np.arange(items) // ITEMS_EACH
    own = group_of_user[:, None] == group_of_item[None, :]
    clicked = rng.random((users, items)) < np.where(own, 0.5, noise)
    clicked[np.arange(users), group_of_user * ITEMS_EACH] = True  # nobody without a click
    clicked[:, np.arange(items) % ITEMS_EACH >= ITEMS_EACH - cold] = False
    matrix = sp.csr_matrix(clicked.astype(np.float32))
    times = rng.integers(0, 90 * DAY, matrix.nnz) + 1_735_689_600_000
    names = tuple(f"u{u}" for u in range(users)), tuple(f"i{i}" for i in range(items))
    centres = rng.normal(size=(GROUPS, 16))
    vectors = centres[group_of_item] + 0.3 * rng.normal(size=(items, 16))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    content = Content(vectors, np.ones(items, bool), (("picture", 10), ("text", 6)))
    return Log(*names, matrix, times), content, sp.csr_matrix(own & ~clicked)


def precision(model: Model, truth: sp.csr_matrix, k: int = 4, items: np.ndarray | None = None) -> float:
    """Share of the first k unseen recommendations (among ``items``) that are of the user's own taste."""
    rows, _ = top_k(model.scores(), k, tie_order=tie_order(model.items.ids), exclude=model.users.history, allowed=items)
    right = [truth[user, row] for user, line in enumerate(rows.tolist()) for row in line if row >= 0]
    return float(np.sum(right)) / (len(model.users.ids) * k)


class RecommenderSuite:
    """Inherit, and set name and settings (small ones: tests are quick)."""

    name = ""
    settings: dict[str, Any] = {}  # noqa: RUF012
    at_least = 0.8  # precision on planted tastes; chance is about a seventh
    personal = True  # knows tastes at all
    scores_cold_items = False
    folds_in = True

    def make(self, **settings: Any) -> Recommender:
        return find("recommender", self.name)(seed=settings.pop("seed", 3), **{**self.settings, **settings})

    def fitted(self, log: Log, content: Content | None = None, **settings: Any) -> Model:
        return self.make(**settings).fit(log, content)

    def test_names_itself(self) -> None:
        kind = find("recommender", self.name)
        assert kind.name == self.name
        assert len(kind.summary) > 20
        assert all(knob.help for knob in kind.settings.values())

    def test_finds_the_planted_tastes(self) -> None:
        log, content, truth = planted()
        if self.personal:
            assert precision(self.fitted(log, content), truth) >= self.at_least

    def test_is_the_same_for_the_same_seed(self) -> None:
        log, content, _ = planted()
        first, second = (to_table(self.fitted(log, content)) for _ in range(2))
        assert first.equals(second, check_metadata=True)

    def test_survives_the_table(self) -> None:
        log, content, _ = planted(cold=2)
        model = self.fitted(log, content)
        table = to_table(model)
        again, _, _ = from_table(table)
        np.testing.assert_allclose(again.scores(), model.scores(), rtol=1e-5, atol=1e-5)
        assert (again.recommender, again.settings, again.parts) == (model.recommender, model.settings, model.parts)
        assert to_table(again).equals(table, check_metadata=True)

    def test_scores_are_numbers_and_minus_infinity_where_it_knows_nothing(self) -> None:
        log, content, _ = planted(cold=2)
        model = self.fitted(log, content)
        scores = model.scores()
        assert scores.shape == log.matrix.shape
        assert scores.dtype == np.float32
        assert np.isfinite(scores[:, model.items.known]).all()
        assert np.isneginf(scores[:, ~model.items.known]).all()
        assert model.items.known[log.touched].all()
        assert model.items.known[~log.touched].all() or not self.scores_cold_items

    def test_cold_items_are_placed_by_their_looks(self) -> None:
        if not (self.scores_cold_items and self.personal):
            pytest.skip("does not know cold items, or tastes")
        log, content, truth = planted(cold=4)
        assert precision(self.fitted(log, content), truth, items=~log.touched) >= 0.7

    def test_a_user_without_clicks_and_an_item_without_vector(self) -> None:
        log, content, _ = planted()
        kept = np.repeat(np.arange(len(log.users)), np.diff(log.matrix.indptr)) != 5
        valid = content.valid.copy()
        valid[7] = False
        vectors = content.vectors.copy()
        vectors[7] = 0
        model = self.fitted(log.only(kept), Content(vectors, valid, content.parts))
        assert not model.users.known[5]
        assert np.isfinite(model.scores()[:, model.items.known]).all()

    @pytest.mark.parametrize("shape", [(1, 3), (3, 1), (1, 1), (2, 2)])
    def test_tiny_logs(self, shape: tuple[int, int]) -> None:
        matrix = sp.csr_matrix(np.ones(shape, np.float32))
        users, items = tuple(f"u{u}" for u in range(shape[0])), tuple(f"i{i}" for i in range(shape[1]))
        vectors = np.eye(shape[1], 16, dtype=np.float32)
        content = Content(vectors, np.ones(shape[1], bool), (("picture", 16),))
        model = self.fitted(Log(users, items, matrix), content)
        assert np.isfinite(model.scores()).all()

    def test_new_users_fold_in(self) -> None:
        if not self.folds_in:
            pytest.skip("does not fold in")
        log, content, truth = planted()
        model = self.fitted(log, content)
        kind = find("recommender", self.name)
        folded = kind.fold_in(model, log.users, log.matrix, log.times)
        rows, _ = top_k(model.scores(folded), 4, tie_order=tie_order(model.items.ids), exclude=log.matrix)
        if self.personal:
            right = [truth[u, row] for u, line in enumerate(rows.tolist()) for row in line]
            assert np.mean(right) >= self.at_least - 0.1

    def test_new_items_by_their_vectors(self) -> None:
        log, content, _ = planted()
        model = self.fitted(log, content)
        kind = find("recommender", self.name)
        items = kind.new_items(model, ["new-0", "new-1"], content.take([0, 13]))
        assert items.ids == ("new-0", "new-1")
        assert items.known.all() == self.scores_cold_items

    def test_state_with_a_row_for_each_item_says_so(self) -> None:
        log, content, _ = planted(cold=2)  # so that there are fewer clicked ones
        model, kind = self.fitted(log, content), find("recommender", self.name)
        rows = {name for name, array in model.state.items() if array.shape[:1] == (len(log.items),)}
        assert rows <= set(kind.item_state)

    def test_the_voices_of_the_history(self) -> None:
        log, content, _ = planted()
        model = self.fitted(log, content)
        kind = find("recommender", self.name)
        spoken = kind.history_contributions(model, model.users, 3, np.array([1, 2, 30]))
        assert spoken.shape == (log.matrix[3].nnz, 3)
        assert np.isfinite(spoken).all()

    def test_refuses_unknown_settings_and_wrong_values(self) -> None:
        with pytest.raises(UsageError, match="unknown setting"):
            self.make(nonsense=3)
        for name, knob in find("recommender", self.name).settings.items():
            if knob.auto or isinstance(knob.default, int | float):
                with pytest.raises(UsageError, match=name):
                    self.make(**{name: "many"})
            if knob.least is not None:
                with pytest.raises(UsageError, match=f"{name}=.* is less than"):
                    self.make(**{name: knob.least - 1})

    def test_what_the_log_decides_is_a_number_in_the_model_and_gives_way_to_one_that_is_given(self) -> None:
        auto = [name for name, knob in find("recommender", self.name).settings.items() if knob.auto]
        log, content, _ = planted()
        model = self.fitted(log, content)
        assert all(isinstance(model.settings[name], int | float) for name in auto)
        left = {name: AUTO for name in auto if name not in self.settings}
        asked = self.fitted(log, content, **left)
        assert to_table(asked).equals(to_table(model), check_metadata=True)
        numbers = {name: model.settings[name] for name in auto}
        given = self.fitted(log, content, **numbers)
        assert to_table(given).equals(to_table(model), check_metadata=True)
        other = self.fitted(log, content, **{name: 3 * value for name, value in numbers.items()})
        assert {name: other.settings[name] for name in auto} == {name: 3 * value for name, value in numbers.items()}
        assert not auto or not to_table(other).equals(to_table(model))

    def test_an_interrupted_training_resumes_to_the_same_model(self) -> None:
        if not issubclass(find("recommender", self.name), Iterative):
            pytest.skip("no epochs")
        log, content, _ = planted()
        whole = to_table(self.fitted(log, content, epochs=6))
        broken = Broken()
        first = self.make(epochs=6)
        first.fit(log, content, broken)
        second = self.make(epochs=6)
        resumed = second.fit(log, content, Resuming(broken.state))
        assert to_table(resumed).equals(whole, check_metadata=True)


class Broken:
    """Stops after epoch 3 and keeps the state."""

    def begin(self, epochs: int, recommender: Iterative) -> int:
        return 0

    def epoch(self, number: int, loss: float, recommender: Iterative) -> bool:
        self.state = {name: np.array(array) for name, array in recommender.state().items()}
        return number == 3

    def end(self, recommender: Iterative) -> None:
        pass


class Resuming:
    """Begins where Broken stopped."""

    def __init__(self, state: dict[str, np.ndarray]) -> None:
        self.state = state

    def begin(self, epochs: int, recommender: Iterative) -> int:
        recommender.restore(self.state)
        return 3

    def epoch(self, number: int, loss: float, recommender: Iterative) -> bool:
        return False

    def end(self, recommender: Iterative) -> None:
        pass
