"""Uncertainty of means over users: bootstrap intervals."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from visrec_cli.metrics.base import PerUser
from visrec_cli.options.eval import RESAMPLES
from visrec_cli.stages.eval.user_scores import PerUserScores, finish_of

LEVEL = 0.95
_CELLS = 1 << 23  # of a block of counts: 64 MiB
_Interval = tuple[float, float]
Columns = npt.NDArray[np.float64]


def intervals_of(
    runs: Sequence[PerUserScores], *, resamples: int = RESAMPLES, level: float = LEVEL, seed: int = 0
) -> list[dict[tuple[str, str], _Interval]]:
    """The interval of each metric of users, run by run, by slice and name; NaN where fewer than two users have a value.

    Users are drawn anew, as many as there are, with replacement: the same ones for all runs. Metrics of all lists
    together (coverage) have no interval: which lists there are is no sample of anything.
    """
    found: list[dict[tuple[str, str], _Interval]] = [{} for _ in runs]
    names = [(at, "all", name) for at, run in enumerate(runs) for name in run.values]
    names += [(at, slice, name) for at, run in enumerate(runs) for slice in run.slices for name in run.slices[slice]]
    users = max((len(run.users) for run in runs), default=0)
    for some in _grouped(names, max(1, 2 * _CELLS // max(users, 1))):
        parts = [runs[at].parts(name, slice) for at, slice, name in some]
        sums, numbers = (np.stack(side, axis=1) for side in zip(*parts, strict=True))
        ends = np.stack(bootstrap(sums, numbers, resamples=resamples, level=level, seed=seed), axis=1)
        for (at, slice, name), both in zip(some, ends, strict=True):
            low, high = finish_of(name)(both)  # it keeps the order, so the ends of the interval stay its ends
            found[at][slice, name] = (float(low), float(high))
    return found


def bootstrap(
    sums: Columns, numbers: Columns, *, resamples: int = RESAMPLES, level: float = LEVEL, seed: int = 0
) -> tuple[PerUser, PerUser]:
    """Both ends, (m,) each, of intervals for ratios of totals; NaN where fewer than two users have a number.

    sums, numbers: (users, m); a plain mean has numbers of 1, and 0 where a user has no value. The ends are
    bias-corrected and accelerated (BCa): means of hits are skewed, and plain percentiles then lie too low. The
    correction of the bias is the acceleration, as it is for means, and not counted from the draws, which would make it
    a draw too. scipy.stats.bootstrap counts it, and has a jackknife that takes memory in users²; of a ratio, each
    user's influence is known without one. Source: Efron & Tibshirani 1993, eqs. 14.9, 14.10 and 14.15; DiCiccio &
    Efron 1996, "Bootstrap confidence intervals", for the bias.
    """
    from scipy.special import ndtr, ndtri

    total, number = sums.sum(axis=0), numbers.sum(axis=0)
    ratio = np.divide(total, number, out=np.full(len(total), np.nan), where=number > 0)
    drawn = np.concatenate(list(_resampled(sums, numbers, resamples, seed)))
    influence = np.where(numbers > 0, sums - ratio * numbers, 0)
    spread = (influence**2).sum(axis=0)
    few = ((numbers > 0).sum(axis=0) < 2) | np.isnan(ratio)
    fixed = spread <= (1e-12 * np.where(few, 1, ratio)) ** 2  # the same for all users, but for rounding
    with np.errstate(divide="ignore", invalid="ignore"):
        acceleration = (influence**3).sum(axis=0) / (6 * spread**1.5)
    ends = np.empty((2, len(ratio)))
    for at in range(len(ratio)):
        if few[at] or fixed[at]:
            ends[:, at] = np.nan if few[at] else ratio[at]
            continue
        replicates = drawn[~np.isnan(drawn[:, at]), at]
        z = acceleration[at] + ndtri([(1 - level) / 2, (1 + level) / 2])
        ends[:, at] = np.quantile(replicates, ndtr(acceleration[at] + z / (1 - acceleration[at] * z)))
    return ends[0], ends[1]


def _resampled(sums: Columns, numbers: Columns, resamples: int, seed: int) -> Iterator[Columns]:
    """Blocks of (resamples, m) ratios. How often each user is drawn, times the columns, is a product of matrices."""
    n = len(sums)
    rng = np.random.default_rng([seed, 3])
    numbers, of = _distinct(numbers)
    for start in range(0, resamples, step := max(1, _CELLS // max(n, 1))):
        counts = np.empty((min(step, resamples - start), n))
        for row in counts:
            row[:] = np.bincount(rng.integers(0, n, n), minlength=n)
        total, number = counts @ sums, (counts @ numbers)[:, of]
        yield np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)


def _distinct(columns: Columns) -> tuple[Columns, npt.NDArray[np.int64]]:
    """The different columns, and which of them each is: most metrics are of the same users."""
    place: dict[bytes, int] = {}
    of = [place.setdefault(column.tobytes(), len(place)) for column in columns.T]
    return columns[:, [of.index(one) for one in range(len(place))]], np.array(of, np.int64)


def _grouped(names: Sequence[tuple[int, str, str]], size: int) -> Iterator[Sequence[tuple[int, str, str]]]:
    return (names[start : start + size] for start in range(0, len(names), size))
