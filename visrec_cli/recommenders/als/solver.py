"""Solvers for half an epoch of ALS: compiled loops on the CPU, torch on a GPU, with the same arithmetic.

Both sides are turned before each half, so that the Gram matrix of the fixed one is diagonal: L (see als) sees no
difference, having only products and lengths, and no row needs a product with a matrix.
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

_STEPS = 3  # of conjugate gradients for a row in an epoch; the next epoch goes on from there
_HELD = 1 << 26  # gathered numbers that a GPU holds at a time: 256 MiB, and as much again while they are worked on


class Halves(Protocol):
    """Holds the factors of users (side 0) and items (side 1), and improves them."""

    factors: list[Matrix]  # (users, f) and (items, f) float32

    def step(self, side: int) -> float:
        """Improve one side. Returns its part of L: what its rows miss, α₀ · all products, and its regularisation."""


class OnProcessor:
    """By ``kernel``. regs: (rows,) of each side."""

    def __init__(self, sides: list[Rows], regs: list[Vector], unobserved: float, factors: list[Matrix]) -> None:
        self._sides, self._regs, self._unobserved, self.factors = sides, regs, np.float32(unobserved), factors

    def step(self, side: int) -> float:
        """See Halves."""
        from visrec_cli.recommenders.als.kernel import step

        with one_thread_a_product():  # small ones: whatever the number of cores, the same answer
            fixed = self.factors[1 - side]
            lengths, turn = np.linalg.eigh(fixed.T @ fixed)
            self.factors = [factors @ turn for factors in self.factors]
        fixed, free = self.factors[1 - side], self.factors[side]
        base = self._unobserved * lengths
        return float(step(*self._sides[side], fixed, base, self._regs[side], _STEPS, free).sum(dtype=np.float64))


class RowBlock(NamedTuple):
    """A block of rows of one side on a GPU, with its e entries: row, column and weight of each."""

    rows: slice
    owners: "Tensor"  # (e,) counted from the first row of the block
    columns: "Tensor"  # (e,)
    weights: "Tensor"  # (e,)
    starts: "Tensor"  # (rows,) the first entry of each


class OnGpu:
    """Solves blocks of rows with torch. No sum depends on the order of threads."""

    def __init__(
        self, sides: list[Rows], regs: list[Vector], unobserved: float, factors: list[Matrix], device: "torch.device"
    ) -> None:
        self._device, self._unobserved = device, np.float32(unobserved)
        self.factors = factors
        self._regs = [self._there(reg) for reg in regs]
        self._blocks = [self._cut(side, factors[0].shape[1]) for side in sides]

    @property
    def factors(self) -> list[Matrix]:
        """Copies of both sides; set, they go to the GPU."""
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

    plain: (n, f) the diagonal B + reg I of each. Returns the sum of their objectives.
    """
    import torch
    from torch.nn.functional import embedding_bag

    near = fixed[block.columns]

    def rest(aim: float, vectors: "Tensor") -> "tuple[Tensor, Tensor]":
        """b · aim - A · vectors, and what each entry misses of its aim."""
        missed = aim - torch.einsum("ea,ea->e", near, vectors[block.owners])
        pulled = embedding_bag(
            block.columns, fixed, block.starts, mode="sum", per_sample_weights=block.weights * missed
        )
        return pulled - plain * vectors, missed

    left, missed = rest(1.0, rows)
    total = (block.weights * missed**2).sum(dtype=torch.float64) + (plain * rows**2).sum(dtype=torch.float64)
    along = left / plain
    size = (left * along).sum(dim=1)
    for _ in range(_STEPS):
        image = rest(0.0, along)[0]
        moving = size >= 1e-20
        pace = torch.where(moving, size / -(along * image).sum(dim=1), 0.0)
        total -= (pace * size).sum(dtype=torch.float64)
        rows += pace[:, None] * along
        left += pace[:, None] * image
        before, size = size, (left**2 / plain).sum(dim=1)
        along = left / plain + torch.where(moving, size / before, 0.0)[:, None] * along
    return float(total)
