"""The nearest by a product of sparse matrices are those of the dense product, row by row."""

import numpy as np
import pytest
import scipy.sparse as sp

from visrec_cli.recommenders.neighbours.base import nearest


def sparse(rng: np.random.Generator, rows: int, columns: int, share: float) -> sp.csr_matrix:
    filled = rng.random((rows, columns)) < share
    return sp.csr_matrix(np.where(filled, rng.normal(size=(rows, columns)), 0))


@pytest.mark.parametrize("share", [0.02, 0.5])  # a few of the others are touched by a row, or all of them
@pytest.mark.parametrize("k", [1, 7, 1000])
def test_the_links_are_those_of_the_dense_product(share: float, k: int) -> None:
    rng = np.random.default_rng(0)
    rows, others = sparse(rng, 40, 60, share), sparse(rng, 300, 60, share)
    own, theirs = rng.uniform(0.5, 2, 40), rng.uniform(0.5, 2, 300)
    itself = np.where(np.arange(40) % 3 == 0, -1, np.arange(40))
    wanted = (rows @ others.T).toarray() / (own[:, None] * theirs + 0.3)
    wanted[itself >= 0, itself[itself >= 0]] = 0
    least = np.sort(np.abs(wanted), axis=1)[:, -min(k, 300)]
    wanted[np.abs(wanted) < least[:, None]] = 0
    found = nearest(rows, others, k, norms=own, other_norms=theirs, shrinkage=0.3, itself=itself)
    assert found.dtype == np.float32
    assert found.nnz == np.count_nonzero(wanted)
    np.testing.assert_allclose(found.toarray(), wanted, rtol=1e-5, atol=1e-5)


def test_of_equals_the_first_are_kept() -> None:
    found = nearest(sp.csr_matrix(np.ones((1, 1))), sp.csr_matrix(np.ones((200, 1))), 3)
    assert found.indices.tolist() == [0, 1, 2]


def test_what_cancels_out_is_no_link() -> None:
    rows, others = sp.csr_matrix(np.array([[1.0, 1, 0]])), sp.csr_matrix(np.array([[1.0, -1, 0], [1, 0, 0], [0, 0, 1]]))
    np.testing.assert_array_equal(nearest(rows, others, 5).toarray(), [[0, 1, 0]])


def test_threads_and_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = sparse(np.random.default_rng(1), 3000, 200, 0.05)
    together = nearest(matrix, matrix, 9, itself=np.arange(3000))
    monkeypatch.setattr("numba.config.NUMBA_NUM_THREADS", 1)
    monkeypatch.setattr("visrec_cli.recommenders.neighbours.base._LINKS", 9 * 70)
    alone = nearest(matrix, matrix, 9, itself=np.arange(3000))
    assert all(
        np.array_equal(*pair)
        for pair in zip((together.data, together.indices), (alone.data, alone.indices), strict=True)
    )
