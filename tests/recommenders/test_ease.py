import numpy as np
import pytest
import scipy.sparse as sp

from tests.contracts.recommender_suite import RecommenderSuite, planted
from visrec_cli.errors import InputError
from visrec_cli.recommenders import ease
from visrec_cli.recommenders.data import Log
from visrec_cli.recommenders.ease import Ease

SMALL = {"reg": 5.0}
PLAIN = {"popularity": 0, "user_damping": 0, "dropout": 0}


def links(matrix: np.ndarray, **settings: float) -> np.ndarray:
    users, items = (tuple(str(i) for i in range(n)) for n in matrix.shape)
    clicks = sp.csr_matrix(matrix.astype(np.float32))
    return Ease(**{**PLAIN, **settings}).fit(Log(users, items, clicks)).items.neighbours.toarray()


class TestEase(RecommenderSuite):
    name = "ease"
    settings = SMALL


def test_two_items_by_hand() -> None:
    """Alone with one other item, B is a ridge of one variable: common clicks / (clicks of the speaker + reg)."""
    found = links(np.array([[1, 1], [1, 1], [1, 0]]), reg=2)
    np.testing.assert_allclose(found, [[0, 2 / (3 + 2)], [2 / (2 + 2), 0]], rtol=1e-5)


def test_dropout_by_hand() -> None:
    """Half of the clicks hidden doubles the diagonal."""
    found = links(np.array([[1, 1], [1, 1], [1, 0]]), reg=2, dropout=0.5)
    np.testing.assert_allclose(found, [[0, 2 / (6 + 2)], [2 / (4 + 2), 0]], rtol=1e-5)


def test_it_is_the_ridge_of_each_item_on_all_others() -> None:
    log, _, _ = planted()
    dense = log.matrix.toarray().astype(float)
    found = links(dense, reg=3, keep=1000)
    for i in (0, 17, 47):
        others = np.delete(dense, i, axis=1)
        ridge = np.linalg.solve(others.T @ others + 3 * np.eye(others.shape[1]), others.T @ dense[:, i])
        np.testing.assert_allclose(np.delete(found[:, i], i), ridge, atol=1e-4)
        assert found[i, i] == 0


def test_the_largest_links_are_kept() -> None:
    log, _, _ = planted()
    whole, few = (links(log.matrix.toarray(), reg=3, keep=keep) for keep in (1000, 4))
    assert (np.count_nonzero(few, axis=1) == 4).all()
    cut = np.sort(np.abs(whole), axis=1)[:, -4]
    np.testing.assert_array_equal(few, np.where(np.abs(whole) >= cut[:, None], whole, 0))


def test_what_nobody_clicked_is_unknown() -> None:
    log = Log(("a", "b"), ("x", "y", "z"), sp.csr_matrix(np.array([[1, 0, 1], [1, 0, 0]], np.float32)))
    model = Ease().fit(log)
    assert model.items.known.tolist() == [True, False, True]
    assert model.items.neighbours[1].nnz == 0


def test_too_many_items_for_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ease, "LARGEST", 10)
    log, _, _ = planted()
    with pytest.raises(InputError, match="48 items are too many"):
        Ease().fit(log)
