"""``--private``: how much a model may tell about single users."""

import math
from dataclasses import dataclass

from visrec_cli.errors import UsageError
from visrec_cli.options.parsers import weights


@dataclass(frozen=True)
class Privacy:
    """The guarantee of differential privacy for each user.

    Any result is at most e^epsilon times as likely with a user's whole history as without it, except with probability
    delta.

    Attributes
    ----------
    epsilon : float
        Bound on the privacy loss, above 0.
    delta : float | None, default=None
        Probability, between 0 and 1; None for 0.1 / number of users.

    References
    ----------
    Dwork & Roth 2014, "The algorithmic foundations of differential privacy", definition 2.4.
    """

    epsilon: float
    delta: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.epsilon < math.inf:
            raise UsageError(f"epsilon={self.epsilon:g} is not a positive number", fix="--private epsilon=4")
        if self.delta is not None and not 0 < self.delta < 1:
            raise UsageError(f"delta={self.delta:g} is not between 0 and 1", fix="--private epsilon=4,delta=1e-5")

    def delta_of(self, users: int) -> float:
        """The delta for this number of users."""
        return 0.1 / max(users, 1) if self.delta is None else self.delta


def privacy_of(text: str | None) -> Privacy | None:
    """``epsilon=4,delta=1e-5``; None stays None. Raises UsageError for anything else."""
    if text is None:
        return None
    given = weights(text, flag="--private", example="epsilon=4")
    if "epsilon" not in given or set(given) - {"epsilon", "delta"}:
        raise UsageError(f"--private {text} is neither epsilon=E nor epsilon=E,delta=D", fix="--private epsilon=4")
    return Privacy(given["epsilon"], given.get("delta"))
