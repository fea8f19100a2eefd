"""Correction of p values for multiple tests."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

SIGNIFICANT = 0.05


def holm(ps: Sequence[float]) -> npt.NDArray[np.float64]:
    """Correct p values for multiple tests by Holm's step-down method.

    Parameters
    ----------
    ps : Sequence[float]
        p values; NaN for a test that could not be done.

    Returns
    -------
    npt.NDArray[np.float64]
        (m,) corrected p values, in the order of ``ps``. Comparing them with a level bounds the probability of any false
        positive by that level. NaN stays NaN.

    References
    ----------
    Holm 1979, "A simple sequentially rejective multiple test procedure".
    """
    found = np.asarray(ps, np.float64).copy()
    tested = np.flatnonzero(~np.isnan(found))
    order = tested[np.argsort(found[tested], kind="stable")]
    steps = found[order] * np.arange(len(order), 0, -1)
    found[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return found
