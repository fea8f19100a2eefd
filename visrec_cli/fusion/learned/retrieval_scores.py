"""Validation of a fusion on held-back items."""

from collections.abc import Sequence

import numpy as np

from visrec_cli.fusion.targets import Target
from visrec_cli.tables.vectors import Matrix, Rows, unit_rows

_NEAREST, _BLOCK, _MOST = 10, 512, 20_000


def mean_reciprocal_rank(sides: Sequence[Matrix]) -> float:
    """Compute the mean reciprocal rank of each item's own vector among all of the other modality, in both directions.

    Parameters
    ----------
    sides : Sequence[Matrix]
        (n, k) vectors of two or more modalities; row i of each is item i. Ties count as ranked before.

    Returns
    -------
    float
        The mean reciprocal rank.
    """
    found = []
    unit = [unit_rows(np.ascontiguousarray(side, np.float32)) for side in sides]
    for a, first in enumerate(unit):
        for b, second in enumerate(unit):
            if a != b:
                scores = first @ second.T
                places = (scores >= np.diag(scores)[:, None]).sum(axis=1)
                found.append(float(np.mean(1 / np.maximum(places, 1))))
    return float(np.mean(found))


def precision(queries: Matrix, candidates: Matrix, target: Target, held: Rows, learned: Rows) -> float:
    """Compute the share of the ten nearest training items that belong to a held-back item.

    Parameters
    ----------
    queries : Matrix
        (h, k) vectors of the held-back items.
    candidates : Matrix
        (m, k) vectors of the training items; of more than 20,000, an evenly spread sample is used.
    target : Target
        Which rows belong together.
    held : Rows
        (h,) row numbers of the held-back items.
    learned : Rows
        (m,) row numbers of the training items.

    Returns
    -------
    float
        The mean share.
    """
    if len(learned) > _MOST:
        sample = np.linspace(0, len(learned) - 1, _MOST).astype(np.int64)
        candidates, learned = candidates[sample], learned[sample]
    queries, candidates = (unit_rows(np.ascontiguousarray(vectors, np.float32)) for vectors in (queries, candidates))
    near, hits = min(_NEAREST, len(learned)), []
    for start in range(0, len(held), _BLOCK):
        block = slice(start, start + _BLOCK)
        order = np.argsort(-(queries[block] @ candidates.T), axis=1, kind="stable")[:, :near]
        belongs = target.agree(held[block], learned) > 0
        hits.append(np.take_along_axis(belongs, order, axis=1).mean(axis=1))
    return float(np.concatenate(hits).mean()) if hits else 0.0
