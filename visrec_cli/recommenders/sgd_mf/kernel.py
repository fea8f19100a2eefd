"""Kernel: steps of stochastic gradient descent on single ratings."""

import numpy as np
import numpy.typing as npt

from visrec_cli.recommenders.kernels.compilation import Floats, Whole, sequential
from visrec_cli.recommenders.kernels.parallel import share_rounds


@sequential
def _learn_block(begin, end, order, rows, columns, ratings, mean, users, items, rate, reg):  # type: ignore[no-untyped-def]
    loss = 0.0
    for place in range(begin, end):
        entry = order[place]
        user, item = users[rows[entry]], items[columns[entry]]
        wrong = ratings[entry] - mean - user[0] - item[0]
        for a in range(1, len(user)):
            wrong -= user[a] * item[a]
        loss += wrong * wrong
        user[0] += rate * (wrong - reg * user[0])
        item[0] += rate * (wrong - reg * item[0])
        for a in range(1, len(user)):
            x, y = user[a], item[a]
            user[a] += rate * (wrong * y - reg * x)
            item[a] += rate * (wrong * x - reg * y)
    return loss


def learn(
    order: Whole,
    starts: Whole,
    parts: int,
    rows: Whole,
    columns: Whole,
    ratings: Floats,
    mean: np.float32,
    users: Floats,
    items: Floats,
    rate: np.float32,
    reg: np.float32,
) -> npt.NDArray[np.float64]:
    """Train one epoch over the blocks of ``blocks.deal``.

    Parameters
    ----------
    order : Whole
        (entries,) entries, block after block.
    starts : Whole
        (parts² + 1,) first entry of each block.
    parts : int
        Number of parts.
    rows : Whole
        (entries,) user of each entry.
    columns : Whole
        (entries,) item of each entry.
    ratings : Floats
        (entries,) rating of each entry.
    mean : np.float32
        The mean rating.
    users : Floats
        (users, 1 + f) bias and factors of the users; changed in place.
    items : Floats
        (items, 1 + f) bias and factors of the items; changed in place.
    rate : np.float32
        Learning rate.
    reg : np.float32
        Strength of the regularisation.

    Returns
    -------
    npt.NDArray[np.float64]
        (parts²,) squared error of each block, before each step.
    """
    losses = np.zeros(parts * parts)

    def work(turn: int, first: int, last: int) -> None:
        for block in range(turn * parts + first, turn * parts + last):
            begin, end = starts[block : block + 2]
            losses[block] = _learn_block(begin, end, order, rows, columns, ratings, mean, users, items, rate, reg)

    share_rounds(np.arange(parts + 1), parts, work)
    return losses
