"""Kernel of BPR: steps on triples of a user, a clicked item and an unclicked item."""

import numpy as np
import numpy.typing as npt

from visrec_cli.recommenders.kernels.compilation import Columns, Floats, Whole, inlined, sequential
from visrec_cli.recommenders.kernels.memory_prefetch import LINE, prefetch
from visrec_cli.recommenders.kernels.parallel import share, share_rounds

Seeds = npt.NDArray[np.uint64]

TRIES = 32  # attempts to find an item that the user did not click
_AHEAD = 4  # pairs whose vectors are being prefetched
_STRIDE = LINE // 4


@inlined
def _draw(state, size):  # type: ignore[no-untyped-def]
    """A whole number below ``size``, by xorshift (Marsaglia 2003); state: (1,) uint64, never 0."""
    x = state[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    state[0] = x
    return np.int64(((x >> np.uint64(32)) * np.uint64(size)) >> np.uint64(32))


@inlined
def _stranger(state, members, begin, end, columns, first, last):  # type: ignore[no-untyped-def]
    """One of members[begin:end] that is not among the sorted columns[first:last], or -1."""
    for _ in range(TRIES):
        item = members[begin + _draw(state, end - begin)]
        low, high = first, last
        while low < high:
            middle = (low + high) // 2
            if columns[middle] < item:
                low = middle + 1
            else:
                high = middle
        if low == last or columns[low] != item:
            return item
    return -1


@inlined
def _pull(x, y, z, bias, one, other, sums, user, rate, reg, learn_items):  # type: ignore[no-untyped-def]
    """One step for user vector x, clicked item y = ``one`` and other item z. Returns -log sigmoid of the difference.

    Step sizes by Adagrad (Duchi et al. 2011) with one sum of squares for each vector.
    """
    user_sums, item_sums, bias_sums = sums
    apart = gap = xx = yy = zz = xy = np.float32(0)
    for a in range(len(x)):
        taste, liked, passed = x[a], y[a], z[a]
        apart += taste * (liked - passed)
        gap += (liked - passed) * (liked - passed)
        xx += taste * taste
        yy += liked * liked
        zz += passed * passed
        xy += taste * liked
    difference = bias[one] - bias[other] + apart
    odds = np.exp(min(difference, np.float32(80)))
    pull, size = np.float32(1) / (np.float32(1) + odds), np.float32(1) / np.float32(len(x))
    both, square, two = pull * pull, reg * reg, 2 * pull * reg  # sums of squared gradients, multiplied out
    user_sums[user] += max(both * gap - two * apart + square * xx, np.float32(0)) * size
    pace_x, pace_y, pace_z = rate / np.sqrt(user_sums[user] + np.float32(1e-8)), np.float32(0), np.float32(0)
    if learn_items:
        item_sums[one] += max(both * xx - two * xy + square * yy, np.float32(0)) * size
        item_sums[other] += max(both * xx + two * (xy - apart) + square * zz, np.float32(0)) * size
        pace_y = rate / np.sqrt(item_sums[one] + np.float32(1e-8))
        pace_z = rate / np.sqrt(item_sums[other] + np.float32(1e-8))
        up, down = pull - reg * bias[one], -pull - reg * bias[other]
        bias_sums[one] += up * up
        bias_sums[other] += down * down
        bias[one] += rate * up / np.sqrt(bias_sums[one] + np.float32(1e-8))
        bias[other] += rate * down / np.sqrt(bias_sums[other] + np.float32(1e-8))
    for a in range(len(x)):
        taste, liked, passed = x[a], y[a], z[a]
        x[a] += pace_x * (pull * (liked - passed) - reg * taste)
        y[a] += pace_y * (pull * taste - reg * liked)
        z[a] -= pace_z * (pull * taste + reg * passed)
    return max(np.log(np.float32(1) + odds) - difference, np.float32(0))


@inlined
def _fetch(vector):  # type: ignore[no-untyped-def]
    for a in range(0, len(vector), _STRIDE):
        prefetch(vector, a)


@inlined
def _ask(place, end, order, rows, columns, indptr, x, y):  # type: ignore[no-untyped-def]
    """Prefetch entries far ahead, the first item of users less far, and vectors of the nearest pairs."""
    entry = order[min(place + 4 * _AHEAD, end - 1)]
    prefetch(rows, entry)
    prefetch(columns, entry)
    prefetch(columns, indptr[rows[order[min(place + 2 * _AHEAD, end - 1)]]])
    entry = order[min(place + _AHEAD, end - 1)]
    _fetch(x[rows[entry]])
    _fetch(y[columns[entry]])


@sequential
def _learn_block(begin, end, order, low, high, members, rows, columns, indptr, seed, x, y, bias, sums, rate, reg):  # type: ignore[no-untyped-def]
    loss, pairs, other = 0.0, 0, -1
    state = np.empty(1, np.uint64)
    state[0] = seed
    for place in range(begin - 1, end):  # an item is drawn, and prefetched, while the previous pair is learned from
        before = other
        if place + 1 < end:
            _ask(place + 1, end, order, rows, columns, indptr, x, y)
            user = rows[order[place + 1]]
            other = _stranger(state, members, low, high, columns, indptr[user], indptr[user + 1])
            if other >= 0:
                _fetch(y[other])
        if before >= 0:
            user, item = rows[order[place]], columns[order[place]]
            loss += _pull(x[user], y[item], y[before], bias, item, before, sums, user, rate, reg, True)
            pairs += 1
    return loss, pairs


def learn(
    order: Whole,
    starts: Whole,
    members: Whole,
    member_starts: Whole,
    rows: Whole,
    columns: Columns,
    indptr: Whole,
    seeds: Seeds,
    x: Floats,
    y: Floats,
    bias: Floats,
    sums: tuple[Floats, Floats, Floats],
    rate: np.float32,
    reg: np.float32,
) -> tuple[npt.NDArray[np.float64], Whole]:
    """Train one epoch over the blocks of ``blocks.deal``; changes x, y, bias and sums in place.

    Parameters
    ----------
    order : Whole
        (entries,) entries, block after block.
    starts : Whole
        (parts² + 1,) first entry of each block.
    members : Whole
        (items,) items that take part, part after part.
    member_starts : Whole
        (parts + 1,) first item of each part.
    rows : Whole
        (entries,) user of each entry.
    columns : Columns
        (entries,) item of each entry.
    indptr : Whole
        (users + 1,) first entry of each user.
    seeds : Seeds
        (parts²,) seed of each block.
    x : Floats
        (users, f) factors of the users.
    y : Floats
        (items, f) factors of the items.
    bias : Floats
        (items,) biases of the items.
    sums : tuple[Floats, Floats, Floats]
        Sums of squared gradients of users, items and biases, for Adagrad.
    rate : np.float32
        Learning rate.
    reg : np.float32
        Strength of the regularisation.

    Returns
    -------
    tuple[npt.NDArray[np.float64], Whole]
        (parts²,) sum of the losses, and (parts²,) number of pairs, by block.
    """
    parts = len(member_starts) - 1
    losses, pairs = np.zeros(parts * parts), np.zeros(parts * parts, np.int64)

    def work(turn: int, first: int, last: int) -> None:
        for part in range(first, last):
            block, own = turn * parts + part, (turn + part) % parts
            begin, end = starts[block : block + 2]
            low, high = member_starts[own : own + 2]
            losses[block], pairs[block] = _learn_block(
                begin, end, order, low, high, members, rows, columns, indptr, seeds[block], x, y, bias, sums, rate, reg
            )

    share_rounds(np.arange(parts + 1), parts, work)
    return losses, pairs


@inlined
def _fold_user(user, first, last, columns, members, y, bias, epochs, rate, reg, x, sums):  # type: ignore[no-untyped-def]
    state = np.empty(1, np.uint64)
    state[0] = np.uint64(88172645463325252)
    for place in range(first, last):  # seeded by the user's own history: other users make no difference
        state[0] ^= np.uint64(columns[place] + 1) * np.uint64(0x9E3779B97F4A7C15)
    state[0] |= np.uint64(1)
    for _ in range(epochs):
        for place in range(first, last):
            other = _stranger(state, members, 0, len(members), columns, first, last)
            if other >= 0:
                item = columns[place]
                _pull(x[user], y[item], y[other], bias, item, other, sums, user, rate, reg, False)


@sequential
def _fold_users(
    first: int,
    last: int,
    columns: Columns,
    indptr: Whole,
    members: Whole,
    y: Floats,
    bias: Floats,
    epochs: int,
    rate: np.float32,
    reg: np.float32,
    x: Floats,
    sums: tuple[Floats, Floats, Floats],
) -> None:
    for user in range(first, last):
        _fold_user(user, indptr[user], indptr[user + 1], columns, members, y, bias, epochs, rate, reg, x, sums)


def fold(
    tasks: Whole,
    columns: Columns,
    indptr: Whole,
    members: Whole,
    y: Floats,
    bias: Floats,
    epochs: int,
    rate: np.float32,
    reg: np.float32,
    x: Floats,
    sums: tuple[Floats, Floats, Floats],
) -> None:
    """Train the factors of users alone, from zeros; the items stay fixed.

    Parameters
    ----------
    tasks : Whole
        (t + 1,) limits of the runs of users that threads take.
    columns : Columns
        (entries,) item of each entry.
    indptr : Whole
        (users + 1,) first entry of each user.
    members : Whole
        (m,) items that negatives are drawn from.
    y : Floats
        (items, f) factors of the items.
    bias : Floats
        (items,) biases of the items.
    epochs : int
        Number of passes over a history.
    rate : np.float32
        Learning rate.
    reg : np.float32
        Strength of the regularisation.
    x : Floats
        (users, f) factors of the users; changed in place.
    sums : tuple[Floats, Floats, Floats]
        Sums of squared gradients; those of users are changed in place.
    """
    arguments = (columns, indptr, members, y, bias, epochs, rate, reg, x, sums)
    share(tasks, lambda first, last: _fold_users(first, last, *arguments))
