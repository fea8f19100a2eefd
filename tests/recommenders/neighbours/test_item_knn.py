import numpy as np
import pytest
import scipy.sparse as sp

from tests.contracts.recommender_suite import RecommenderSuite, planted
from visrec_cli.recommenders.data import Log
from visrec_cli.recommenders.neighbours.base import strongest, weighted
from visrec_cli.recommenders.neighbours.item_knn import ItemKnn

# three users, three items: a clicked by all, b by the first two, c by the last one
CLICKS = sp.csr_matrix(np.array([[1, 1, 0], [1, 1, 0], [1, 0, 1]], np.float32))
LOG = Log(("u", "v", "w"), ("a", "b", "c"), CLICKS)
COSINE = {"weighting": "plain", "user_damping": 0, "speaker_damping": 0.5, "target_damping": 0.5, "popularity": 0}


def links(**settings: float | str) -> np.ndarray:
    return ItemKnn(**{**COSINE, **settings}).fit(LOG).items.neighbours.toarray()


class TestItemKnn(RecommenderSuite):
    name = "item-knn"


class TestCosine(RecommenderSuite):
    name = "item-knn"
    settings = COSINE


def test_cosine_by_hand() -> None:
    ab, ac = 2 / np.sqrt(3 * 2), 1 / np.sqrt(3 * 1)
    np.testing.assert_allclose(links(), [[0, ab, ac], [ab, 0, 0], [ac, 0, 0]], rtol=1e-6)


def test_shrinkage_by_hand() -> None:
    assert links(shrinkage=1)[0, 1] == pytest.approx(2 / (np.sqrt(6) + 1))


def test_conditional_probability_by_hand() -> None:
    """What share of those who clicked j clicked i: a says b with 2/3, b says a with 1."""
    found = links(speaker_damping=1, target_damping=0)
    np.testing.assert_allclose(found, [[0, 2 / 3, 1 / 3], [1, 0, 0], [1, 0, 0]], rtol=1e-6)


def test_a_damped_user_has_the_same_say_as_any_other() -> None:
    busy = sp.csr_matrix(np.array([[1, 1, 1, 1], [1, 1, 0, 0]], np.float32))
    plain = {**COSINE, "speaker_damping": 0, "target_damping": 0}
    found = ItemKnn(**plain | {"user_damping": 1}).fit(Log(("u", "v"), tuple("abcd"), busy)).items.neighbours.toarray()
    assert found[0, 1] == pytest.approx(1 / 4 + 1 / 2)
    assert found[0, 2] == pytest.approx(1 / 4)


def test_only_the_strongest_speakers_of_an_item_are_kept() -> None:
    found = links(k=1)
    assert found[:, 0].tolist() == pytest.approx([0, 2 / np.sqrt(6), 0])  # b speaks louder for a than c
    assert (np.count_nonzero(found, axis=0) <= 1).all()


def test_popularity_speaks_where_the_history_is_silent() -> None:
    scores = ItemKnn(**COSINE | {"popularity": 0.5}).fit(LOG).scores()
    assert scores[0, 2] == pytest.approx(1 / np.sqrt(3) + 0.5 * 1 / 3)
    nobody = ItemKnn.fold_in(ItemKnn(popularity=1).fit(LOG), ["new"], sp.csr_matrix((1, 3), dtype=np.float32))
    np.testing.assert_allclose(ItemKnn(popularity=1).fit(LOG).scores(nobody), [[1, 2 / 3, 1 / 3]], rtol=1e-6)


def test_tfidf_by_hand() -> None:
    found = weighted(sp.csr_matrix(np.array([[4, 1, 0], [0, 1, 0]], np.float32)), "tfidf").toarray()
    np.testing.assert_allclose(found, [[2 * np.log(2.5), np.log(2.5), 0], [0, np.log(4), 0]])


def test_bm25_by_hand() -> None:
    """Columns of length 4 and 2: relative to the mean of 3."""
    found = weighted(sp.csr_matrix(np.array([[4, 1], [0, 1]], np.float32)), "bm25").toarray()
    long, short = 1.2 * (0.25 + 0.75 * 4 / 3), 1.2 * (0.25 + 0.75 * 2 / 3)
    first = np.log(1 + 2 / 2)
    wanted = [[first * 4 * 2.2 / (4 + long), first * 2.2 / (1 + short)], [0, np.log(3) * 2.2 / (1 + short)]]
    np.testing.assert_allclose(found, wanted)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    log, _, _ = planted()
    whole = ItemKnn(k=5).fit(log).items.neighbours
    monkeypatch.setattr("visrec_cli.recommenders.neighbours.base._LINKS", 7 * 5)
    np.testing.assert_array_equal(ItemKnn(k=5).fit(log).items.neighbours.toarray(), whole.toarray())


def test_strongest_keeps_size_not_sign() -> None:
    kept = strongest(sp.csr_matrix(np.array([[1.0, -3, 2, 0.5]])), 2)
    np.testing.assert_array_equal(kept.toarray(), [[0, -3, 2, 0]])
