"""Metric learning: pictures of a label, duplicates, or pictures clicked by the same users move closer."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp

from visrec_cli.encoders.finetuning.objectives import Batch, Embed, Objective, contrast, in_parts
from visrec_cli.tables.vectors import Rows

TEMPERATURE = 0.1
_NEAREST = 10


class MetricLearning(Objective):
    """Pairs that share a group are drawn together, all others of the batch apart (supervised contrast).

    groups: (pictures, groups) csr; a picture may be in none, one (a label, a set of duplicates) or many (the people
    who clicked it). A batch is made of pairs; other members that share a group by chance are together, too.
    """

    metric = "recall-min@10"

    def __init__(self, groups: sp.csr_matrix, train: Rows, held: Rows) -> None:
        self._groups, self._members = groups, groups.tocsc()
        self._train, self._held = _with_partner(groups, train), held
        self._in_train = np.zeros(groups.shape[0], bool)
        self._in_train[train] = True
        self.pairs = len(self._train)
        self.judges = len(_with_partner(groups, held)) > 0

    def batches(self, rng: np.random.Generator, size: int) -> Iterator[Batch]:
        """Each picture that has a partner, with one of its partners, drawn through one of its groups."""
        for rows in in_parts(rng.permutation(self._train), max(1, size // 2)):
            partners = [self._partner(int(row), rng) for row in rows]
            together = np.unique(np.concatenate([rows, np.array(partners, np.int64)]))
            yield Batch(together, self._alike(together))

    def loss(self, vectors: Any, batch: Batch, heads: Any) -> Any:
        """See Objective."""
        import torch

        return contrast(vectors, torch.from_numpy(batch.about).to(vectors.device), TEMPERATURE)

    def score(self, embed: Embed, heads: Any) -> float:
        """Of the ten nearest held-back pictures: how many of the partners are there, of those that could be."""
        import torch

        unit = torch.nn.functional.normalize(embed(self._held), dim=1).cpu().numpy()
        near, alike = unit @ unit.T, self._alike(self._held)
        np.fill_diagonal(near, -np.inf)
        best = np.argsort(-near, axis=1, kind="stable")[:, :_NEAREST]
        hits, possible = np.take_along_axis(alike, best, axis=1).sum(axis=1), alike.sum(axis=1)
        asked = possible > 0
        return float((hits[asked] / np.minimum(possible[asked], best.shape[1])).mean())

    def _partner(self, row: int, rng: np.random.Generator) -> int:
        groups = rng.permutation(_entries(self._groups, row))
        for group in groups:
            members = _entries(self._members, int(group))
            others = members[(members != row) & self._in_train[members]]
            if len(others):
                return int(rng.choice(others))
        return row

    def _alike(self, rows: Rows) -> Any:
        some = self._groups[rows]
        alike = (some @ some.T).toarray() > 0
        np.fill_diagonal(alike, False)
        return alike


def _entries(matrix: Any, place: int) -> Rows:
    """The columns of a row of a csr, or the rows of a column of a csc."""
    entries: Rows = matrix.indices[matrix.indptr[place] : matrix.indptr[place + 1]]
    return entries


def _with_partner(groups: sp.csr_matrix, rows: Rows) -> Rows:
    """Those of the rows that share a group with another of them."""
    some = groups[rows]
    full = np.asarray(some.sum(axis=0)).ravel() > 1
    return rows[np.asarray(some @ full.astype(np.float32)).ravel() > 0]
