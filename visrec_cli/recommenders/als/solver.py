"""Solvers for half an epoch of ALS: compiled loops on the CPU, torch on a GPU, with the same arithmetic.

Before each half, both sides are rotated so that the Gram matrix of the fixed side is diagonal. L (see als) depends only
on products and lengths, which a rotation does not change, and then no row needs a product with a matrix.
"""

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from visrec_cli.recommenders.kernels.sparse_rows import Rows
from visrec_cli.recommenders.model import Vector
from visrec_cli.runtime.threads import one_thread_a_product
from visrec_cli.tables.vectors import Matrix

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_STEPS = 3  # of conjugate gradients per row and epoch; the next epoch continues from there
_HELD = 1 << 26  # gathered numbers on the GPU at a time: 256 MiB, and as much again as working memory


class Halves(Protocol):
    """Holds the factors of users (side 0) and items (side 1), and improves them.

    Attributes
    ----------
    factors : list[Matrix]
        (users, f) and (items, f) float32.
    """

    factors: list[Matrix]

    def step(self, side: int) -> float:
        """Improve one side.

        Parameters
        ----------
        side : int
            0 for users, 1 for items.

        Returns
        -------
        float
            This side's part of L: the errors of its rows, α₀ · all products, and its regularisation.
        """


class OnProcessor:
    """Solver on the CPU, by ``kernel``.

    Parameters
    ----------
    sides : list[Rows]
        The interactions by user, and by item.
    regs : list[Vector]
        (rows,) regularisation of each side.
    unobserved : float
        The weight α₀.
    factors : list[Matrix]
        (rows, f) initial factors of each side.
    """

    def __init__(self, sides: list[Rows], regs: list[Vector], unobserved: float, factors: list[Matrix]) -> None:
        self._sides, self._regs, self._unobserved, self.factors = sides, regs, np.float32(unobserved), factors

    def step(self, side: int) -> float:
        """See Halves."""
        from visrec_cli.recommenders.als.kernel import step

        with one_thread_a_product():  # small products; the result must not depend on the number of cores
            fixed = self.factors[1 - side]
            lengths, turn = np.linalg.eigh(fixed.T @ fixed)
            self.factors = [factors @ turn for factors in self.factors]
        fixed, free = self.factors[1 - side], self.factors[side]
        base = self._unobserved * lengths
        return float(step(*self._sides[side], fixed, base, self._regs[side], _STEPS, free).sum(dtype=np.float64))


class RowBlock(NamedTuple):
    """A block of rows of one side on a GPU, with its e entries.

    Attributes
    ----------
    rows : slice
        The rows of the side.
    owners : "Tensor"
        (e,) row of each entry, counted from the first row of the block.
    columns : "Tensor"
        (e,) column of each entry.
    weights : "Tensor"
        (e,) weight of each entry.
    starts : "Tensor"
        (rows,) first entry of each row.
    """

    rows: slice
    owners: "Tensor"
    columns: "Tensor"
    weights: "Tensor"
    starts: "Tensor"


class OnGpu:
    """Solver on a GPU: blocks of rows, with torch. No sum depends on the order of threads.

    Parameters
    ----------
    sides : list[Rows]
        The interactions by user, and by item.
    regs : list[Vector]
        (rows,) regularisation of each side.
    unobserved : float
        The weight α₀.
    factors : list[Matrix]
        (rows, f) initial factors of each side.
    device : "torch.device"
        Device of torch.
    """

    def __init__(
        self, sides: list[Rows], regs: list[Vector], unobserved: float, factors: list[Matrix], device: "torch.device"
    ) -> None:
        self._device, self._unobserved = device, np.float32(unobserved)
        self.factors = factors
        self._regs = [self._there(reg) for reg in regs]
        self._blocks = [self._cut(side, factors[0].shape[1]) for side in sides]

    @property
    def factors(self) -> list[Matrix]:
        """Copies of the factors of both sides; factors that are assigned are moved to the GPU."""
        return [factors.cpu().numpy().copy() for factors in self._factors]

    @factors.setter
    def factors(self, factors: list[Matrix]) -> None:
        self._factors = [self._there(side) for side in factors]

    def step(self, side: int) -> float:
        """See Halves."""
        fixed = self._factors[1 - side]
        lengths, turn = np.linalg.eigh((fixed.T @ fixed).cpu().numpy())
        self._factors = [factors @ self._there(turn) for factors in self._factors]
        base, fixed, free = self._there(self._unobserved * lengths), self._factors[1 - side], self._factors[side]
        total = 0.0
        for block in self._blocks[side]:
            plain = (base + self._regs[side][block.rows, None]).clamp(min=1e-12)
            total += _improve(block, plain, fixed, free[block.rows])
        return total

    def _there(self, array: Any) -> "Tensor":
        import torch

        return torch.from_numpy(np.array(array)).to(self._device)

    def _cut(self, side: Rows, width: int) -> list[RowBlock]:
        blocks, first, rows = [], 0, len(side.indptr) - 1
        while first < rows:
            begin = side.indptr[first]
            last = int(np.searchsorted(side.indptr, begin + _HELD // width, side="right")) - 1
            last = min(max(last, first + 1), rows)
            entries = slice(begin, side.indptr[last])
            owners = np.repeat(np.arange(last - first), np.diff(side.indptr[first : last + 1]))
            starts = side.indptr[first:last] - begin
            arrays = owners, side.columns[entries].astype(np.int64), side.weights[entries], starts
            blocks.append(RowBlock(slice(first, last), *(self._there(array) for array in arrays)))
            first = last
        return blocks


def _improve(block: RowBlock, plain: "Tensor", fixed: "Tensor", rows: "Tensor") -> float:
    """The loop of ``kernel.step`` over all rows (n, f) of a block at once, in place.

    plain: (n, f) the diagonal B + reg I of each row. Returns the sum of the objectives.
    """
    import torch
    from torch.nn.functional import embedding_bag

    gathered = fixed[block.columns]

    def residual_of(aim: float, vectors: "Tensor") -> "tuple[Tensor, Tensor]":
        """b · aim - A · vectors, and for each entry the difference from its aim."""
        missed = aim - torch.einsum("ea,ea->e", gathered, vectors[block.owners])
        pulled = embedding_bag(
            block.columns, fixed, block.starts, mode="sum", per_sample_weights=block.weights * missed
        )
        return pulled - plain * vectors, missed

    residual, missed = residual_of(1.0, rows)
    total = (block.weights * missed**2).sum(dtype=torch.float64) + (plain * rows**2).sum(dtype=torch.float64)
    direction = residual / plain
    size = (residual * direction).sum(dim=1)
    for _ in range(_STEPS):
        product = residual_of(0.0, direction)[0]
        active = size >= 1e-20
        pace = torch.where(active, size / -(direction * product).sum(dim=1), 0.0)
        total -= (pace * size).sum(dtype=torch.float64)
        rows += pace[:, None] * direction
        residual += pace[:, None] * product
        before, size = size, (residual**2 / plain).sum(dim=1)
        direction = residual / plain + torch.where(active, size / before, 0.0)[:, None] * direction
    return float(total)
