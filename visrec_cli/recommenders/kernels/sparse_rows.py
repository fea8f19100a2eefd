"""Sparse matrices in the form that the kernels use."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

_TASKS = 64  # largest number of runs: more than threads, so that no thread waits long for another
_LEAST = 10_000  # entries per run, so that the work outweighs the overhead of a call
_OWN_WORK = 100  # fixed cost of a row, in entries


class Rows(NamedTuple):
    """A sparse matrix in the types that the kernels are compiled for.

    Attributes
    ----------
    tasks : npt.NDArray[np.int64]
        (t + 1,) limits of runs of rows with about equal work.
    indptr : npt.NDArray[np.int64]
        (rows + 1,) first entry of each row.
    columns : npt.NDArray[np.int32]
        (entries,) column of each entry.
    weights : npt.NDArray[np.float32]
        (entries,) value of each entry.
    """

    tasks: npt.NDArray[np.int64]
    indptr: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32]

    @classmethod
    def of(cls, matrix: sp.csr_matrix) -> "Rows":
        """Convert a csr matrix."""
        indptr = matrix.indptr.astype(np.int64)
        work = indptr - indptr[0] + _OWN_WORK * np.arange(len(indptr), dtype=np.int64)
        pieces = min(_TASKS, int(work[-1]) // _LEAST + 1)
        tasks = np.searchsorted(work, np.linspace(0, work[-1], pieces + 1)).astype(np.int64)
        return cls(tasks, indptr, matrix.indices.astype(np.int32), matrix.data.astype(np.float32))

    @property
    def active(self) -> npt.NDArray[np.bool_]:
        """(rows,) whether the row has any entries."""
        return np.diff(self.indptr) > 0

    def sums(self) -> npt.NDArray[np.float32]:
        """(rows,) float32 sum of each row."""
        rows = np.repeat(np.arange(len(self.indptr) - 1), np.diff(self.indptr))
        return np.bincount(rows, self.weights, len(self.indptr) - 1).astype(np.float32)
