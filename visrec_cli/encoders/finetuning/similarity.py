"""Metric learning: pictures with a common label, duplicates, or pictures clicked by the same users move closer."""

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp

from visrec_cli.encoders.finetuning.objectives import Batch, Embed, Objective, contrast, in_parts
from visrec_cli.tables.vectors import Rows

TEMPERATURE = 0.1
_NEAREST = 10


class MetricLearning(Objective):
    """Draws pictures that share a group closer together than others of the batch (supervised contrastive loss).

    A batch is made of pairs; other pictures of it that happen to share a group are positives too.

    Parameters
    ----------
    groups : sp.csr_matrix
        (pictures, groups) csr. A picture may be in no group, in one (a label, a set of duplicates), or in many (users
        who clicked it).
    train : Rows
        Rows to learn from.
    held : Rows
        Rows held back for validation.

    Attributes
    ----------
    metric : ClassVar[str], default="recall-min@10"
        See ``Objective``.
    """

    metric: ClassVar[str] = "recall-min@10"

    def __init__(self, groups: sp.csr_matrix, train: Rows, held: Rows) -> None:
        self._groups, self._members = groups, groups.tocsc()
        self._train, self._held = _with_partner(groups, train), held
        self._in_train = np.zeros(groups.shape[0], bool)
        self._in_train[train] = True
        self.pairs = len(self._train)
        self.judges = len(_with_partner(groups, held)) > 0

    def batches(self, rng: np.random.Generator, size: int) -> Iterator[Batch]:
        """Each picture that has a partner, with a random partner from one of its groups."""
        for rows in in_parts(rng.permutation(self._train), max(1, size // 2)):
            partners = [self._partner(int(row), rng) for row in rows]
            members_of_batch = np.unique(np.concatenate([rows, np.array(partners, np.int64)]))
            yield Batch(members_of_batch, self._positives(members_of_batch))

    def loss(self, vectors: Any, batch: Batch, heads: Any) -> Any:
        """See Objective."""
        import torch

        return contrast(vectors, torch.from_numpy(batch.about).to(vectors.device), TEMPERATURE)

    def score(self, embed: Embed, heads: Any) -> float:
        """Recall of partners among the ten nearest held-back pictures, relative to what ten can hold."""
        import torch

        unit = torch.nn.functional.normalize(embed(self._held), dim=1).cpu().numpy()
        near, positives = unit @ unit.T, self._positives(self._held)
        np.fill_diagonal(near, -np.inf)
        best = np.argsort(-near, axis=1, kind="stable")[:, :_NEAREST]
        hits, possible = np.take_along_axis(positives, best, axis=1).sum(axis=1), positives.sum(axis=1)
        has_partner = possible > 0
        return float((hits[has_partner] / np.minimum(possible[has_partner], best.shape[1])).mean())

    def _partner(self, row: int, rng: np.random.Generator) -> int:
        groups = rng.permutation(_entries(self._groups, row))
        for group in groups:
            members = _entries(self._members, int(group))
            others = members[(members != row) & self._in_train[members]]
            if len(others):
                return int(rng.choice(others))
        return row

    def _positives(self, rows: Rows) -> Any:
        selected = self._groups[rows]
        positives = (selected @ selected.T).toarray() > 0
        np.fill_diagonal(positives, False)
        return positives


def _entries(matrix: Any, place: int) -> Rows:
    """Columns of a row of a csr, or rows of a column of a csc."""
    entries: Rows = matrix.indices[matrix.indptr[place] : matrix.indptr[place + 1]]
    return entries


def _with_partner(groups: sp.csr_matrix, rows: Rows) -> Rows:
    """The rows that share a group with another one of them."""
    selected = groups[rows]
    full = np.asarray(selected.sum(axis=0)).ravel() > 1
    return rows[np.asarray(selected @ full.astype(np.float32)).ravel() > 0]
