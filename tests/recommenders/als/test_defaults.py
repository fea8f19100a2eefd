"""What ALS takes where nobody says: the formulas by hand; on planted logs, dense and sparse, near the best there is."""

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from visrec_cli.logs.holdout import held_back
from visrec_cli.recommenders.als.defaults import regularisation_of, unobserved_weight_of
from visrec_cli.recommenders.als.model import Als
from visrec_cli.recommenders.data import Log
from visrec_cli.recommenders.top_k import tie_order, top_k


def log_of(matrix: Any) -> Log:
    csr = sp.csr_matrix(matrix, dtype=np.float32)
    return Log(tuple(f"u{u}" for u in range(csr.shape[0])), tuple(f"i{i}" for i in range(csr.shape[1])), csr)


def planted(users: int, items: int, density: float, seed: int = 0) -> Log:
    """Eight tastes, popular and rare items, busy and idle users; about this share of the cells is clicked."""
    rng = np.random.default_rng(seed)
    tastes = rng.normal(size=(users, 8)) @ rng.normal(size=(8, items)) * 0.5
    chance = np.exp(tastes + rng.normal(size=(users, 1)) * 0.7 + rng.normal(size=items))
    low, high = 0.0, 1e6
    for _ in range(60):  # the factor that makes the mean chance the density
        factor = (low + high) / 2
        low, high = (factor, high) if np.minimum(factor * chance, 0.9).mean() < density else (low, factor)
    return log_of(rng.random(chance.shape) < np.minimum(factor * chance, 0.9))


def found(log: Log, **settings: float) -> float:
    """Recall@20 of a fifth of each user's clicks, which is held back."""
    mask = held_back(log, 0.2, 0)
    learned, truth = log.only(~mask), log.only(mask).matrix
    model = Als(embedding_size=16, **settings).fit(learned)
    rows, _ = top_k(model.scores(), 20, tie_order=tie_order(log.items), exclude=learned.matrix)
    asked = np.flatnonzero(np.diff(truth.indptr))
    return float(np.mean([truth[user, rows[user]].sum() / truth[user].nnz for user in asked]))


def test_the_formulas_by_hand() -> None:
    matrix = log_of([[1, 1, 0, 0], [0, 4, 3, 0], [0, 0, 0, 0]]).matrix  # W = 9; 2 users and 3 items have a click
    assert unobserved_weight_of(matrix) == 6.0  # 4 · 9 / 6
    noise = (2 * np.sqrt(2) + 1 + np.sqrt(2) + 1) / 4  # users of 2 and 2 clicks, items of 1, 2 and 1
    assert regularisation_of(matrix, 6.0, 1.0) == pytest.approx(0.9 / 5, rel=1e-2)  # 0.8 · noise^1.5 is above: the most
    assert 0.8 * noise**1.5 > 0.9
    wide = log_of(np.ones((100, 400))).matrix  # 1/√400 + 1/√100
    assert unobserved_weight_of(wide) == 4.0
    assert regularisation_of(wide, 4.0, 1.0) == pytest.approx(0.8 * 0.15**1.5 / 5, rel=1e-2)
    assert regularisation_of(wide, 1.0, 1.0) == pytest.approx(0.8 * 0.15**1.5 / 2, rel=1e-2)
    for nu in (0.0, 0.5):  # the same λ for rows that are all alike, but for the two sides, whose product is kept
        rows = (400 + 4 * 400) * (100 + 4 * 100)
        wanted = 0.8 * 0.15**1.5 / 5 * rows ** ((1 - nu) / 2)
        assert regularisation_of(wide, 4.0, nu) == pytest.approx(wanted, rel=1e-2)


def test_heavier_weights_all_alike_change_the_unobserved_weight_alone() -> None:
    light = planted(60, 50, 0.1).matrix
    heavy = light * np.float32(8)
    assert unobserved_weight_of(heavy) == pytest.approx(8 * unobserved_weight_of(light), rel=1e-2)
    regs = [regularisation_of(matrix, unobserved_weight_of(matrix), 1.0) for matrix in (light, heavy)]
    assert regs[1] == pytest.approx(regs[0], rel=1e-2)


def test_weights_that_differ_change_the_unobserved_weight_by_their_sum_alone() -> None:
    """How noisy a log is follows from its clicks: counted by weight, few heavy ones would let all factors vanish."""
    light = planted(60, 50, 0.1).matrix
    heavy = light.copy()
    heavy.data = np.ceil(np.random.default_rng(0).lognormal(0, 2, heavy.nnz)).astype(np.float32)
    unobserved = unobserved_weight_of(heavy)
    assert unobserved == pytest.approx(unobserved_weight_of(light) * heavy.sum() / light.sum(), rel=1e-2)
    reg = regularisation_of(light, unobserved_weight_of(light), 1.0)
    assert regularisation_of(heavy, unobserved, 1.0) == pytest.approx(reg, rel=1e-2)


def test_rows_and_columns_without_clicks_and_stored_zeros_do_not_count() -> None:
    matrix = planted(30, 40, 0.2).matrix
    free = np.argwhere(matrix.toarray() == 0)[:50]
    cells = matrix.nonzero()
    stored = sp.csr_matrix(
        (np.append(matrix.data, np.zeros(50, np.float32)), np.hstack([cells, free.T])), matrix.shape, dtype=np.float32
    )
    assert stored.nnz == matrix.nnz + 50
    assert unobserved_weight_of(stored) == unobserved_weight_of(matrix)
    assert regularisation_of(stored, 0.5, 1.0) == regularisation_of(matrix, 0.5, 1.0)
    wide = sp.csr_matrix(sp.vstack([matrix, sp.csr_matrix((9, 40))]).tocsc(), dtype=np.float32)
    wide = sp.csr_matrix(sp.hstack([wide, sp.csr_matrix((39, 7))]), dtype=np.float32)
    assert unobserved_weight_of(wide) == unobserved_weight_of(matrix)
    assert regularisation_of(wide, 0.5, 1.0) == regularisation_of(matrix, 0.5, 1.0)


def test_an_empty_log_has_settings_too() -> None:
    nothing = sp.csr_matrix((3, 4), dtype=np.float32)
    assert unobserved_weight_of(nothing) > 0
    assert regularisation_of(nothing, 1.0, 1.0) > 0
    assert not Als(embedding_size=4).fit(log_of(nothing)).items.known.any()


@pytest.mark.parametrize(("users", "items", "density"), [(150, 120, 0.3), (300, 200, 0.06), (1500, 900, 0.006)])
def test_dense_or_sparse_they_are_near_the_best(users: int, items: int, density: float) -> None:
    """And above what the first release took for all logs, which suited sparse ones."""
    log = planted(users, items, density)
    given = Als.resolved({}, log.only(~held_back(log, 0.2, 0)))
    tried = [
        found(log, unobserved_weight=given["unobserved_weight"] * a, reg=given["reg"] * b)
        for a in (0.25, 1, 4)
        for b in (0.35, 1, 2.8)
    ]
    mine = found(log)
    assert mine >= 0.93 * max(tried)
    assert mine > 1.15 * found(log, unobserved_weight=0.01, reg=0.03)


def test_a_model_says_what_it_was_fitted_with_and_the_next_log_has_its_own() -> None:
    dense, sparse = planted(60, 50, 0.3), planted(300, 200, 0.02)
    als = Als(embedding_size=4, epochs=2)
    first, second, again = (als.fit(log).settings for log in (dense, sparse, dense))
    assert first == again
    assert first["unobserved_weight"] > 5 * second["unobserved_weight"] > 0
    assert first["reg"] < second["reg"]
    assert Als(embedding_size=4, epochs=2, unobserved_weight="auto", reg="auto").fit(dense).settings == first
    given = Als(embedding_size=4, epochs=2, unobserved_weight=0.5).fit(dense).settings
    assert given["unobserved_weight"] == 0.5
    assert given["reg"] == regularisation_of(dense.matrix, 0.5, 1.0)
