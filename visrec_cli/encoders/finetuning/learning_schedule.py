"""Training schedule and callbacks."""

import math
from dataclasses import dataclass
from typing import Any, Protocol

_WARM = 0.1  # share of all steps in which the rate climbs


@dataclass(frozen=True)
class Schedule:
    """How to learn. rate: of the heads; each stage before learns slower by the factor ``decay``. augment: see views."""

    epochs: int = 10
    rate: float = 1e-3
    decay: float = 0.7
    batch_size: int = 64
    freeze: int = 0
    augment: tuple[str, ...] = ()

    def pace(self, done: float) -> float:
        """The share of the rate: up in the first steps, then down along a cosine. done: the share of all steps."""
        if done < _WARM:
            return min((done + 1e-3) / _WARM, 1.0)
        return (1 + math.cos(math.pi * (done - _WARM) / (1 - _WARM))) / 2


class EncoderCallback(Protocol):
    """Who looks on; see training.callbacks."""

    def begin(self, epochs: int, learner: Any) -> int:
        """May restore a checkpoint. Returns how many epochs are done."""

    def epoch(self, number: int, loss: float, learner: Any) -> bool:
        """Called after epoch ``number``, from 1. True: stop here."""

    def end(self, learner: Any) -> None:
        """Called after the last epoch; may restore the best one."""
