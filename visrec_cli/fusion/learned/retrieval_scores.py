"""Validation of a fusion on held-back items."""

from collections.abc import Sequence

import numpy as np

from visrec_cli.fusion.targets import Target
from visrec_cli.tables.vectors import Matrix, Rows, unit_rows

_NEAREST, _BLOCK, _MOST = 10, 512, 20_000


def mean_reciprocal_rank(sides: Sequence[Matrix]) -> float:
    """Of each side's vectors, the mean of 1 / place of the same item's among all of another side, both ways.

    sides: two or more of (n, k), row i of each being item i. Equal scores count as found later.
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


def precision(asked: Matrix, among: Matrix, target: Target, held: Rows, learned: Rows) -> float:
    """Of the held rows' ten nearest among the learned ones, the share that belongs to them.

    asked: (len(held), k) and among: (len(learned), k), their vectors. Of more than 20,000 learned rows, that many
    evenly spread ones are looked at.
    """
    if len(learned) > _MOST:
        few = np.linspace(0, len(learned) - 1, _MOST).astype(np.int64)
        among, learned = among[few], learned[few]
    asked, among = (unit_rows(np.ascontiguousarray(vectors, np.float32)) for vectors in (asked, among))
    near, hits = min(_NEAREST, len(learned)), []
    for start in range(0, len(held), _BLOCK):
        block = slice(start, start + _BLOCK)
        order = np.argsort(-(asked[block] @ among.T), axis=1, kind="stable")[:, :near]
        belongs = target.agree(held[block], learned) > 0
        hits.append(np.take_along_axis(belongs, order, axis=1).mean(axis=1))
    return float(np.concatenate(hits).mean()) if hits else 0.0
