"""Training schedule and callbacks."""

import math
from dataclasses import dataclass
from typing import Any, Protocol

_WARM = 0.1  # share of all steps in which the learning rate rises


@dataclass(frozen=True)
class Schedule:
    """Hyperparameters of a training.

    Attributes
    ----------
    epochs : int, default=10
        Number of epochs.
    rate : float, default=1e-3
        Learning rate of the heads.
    decay : float, default=0.7
        Factor of the learning rate from each stage to the one before it.
    batch_size : int, default=64
        Number of pictures per step.
    freeze : int, default=0
        Number of frozen stages.
    augment : tuple[str, ...], default=()
        Kinds of augmentation, see ``augmentations``.
    """

    epochs: int = 10
    rate: float = 1e-3
    decay: float = 0.7
    batch_size: int = 64
    freeze: int = 0
    augment: tuple[str, ...] = ()

    def pace(self, done: float) -> float:
        """Factor of the learning rate: rises, then falls along a cosine. done: share of the steps that are done."""
        if done < _WARM:
            return min((done + 1e-3) / _WARM, 1.0)
        return (1 + math.cos(math.pi * (done - _WARM) / (1 - _WARM))) / 2


class EncoderCallback(Protocol):
    """Interface of training callbacks; see ``training.callbacks``."""

    def begin(self, epochs: int, learner: Any) -> int:
        """Called once, before the first epoch; may restore a checkpoint.

        Parameters
        ----------
        epochs : int
            Number of epochs to train.
        learner : Any
            The trainer.

        Returns
        -------
        int
            Number of epochs that are already done.
        """

    def epoch(self, number: int, loss: float, learner: Any) -> bool:
        """Called after each epoch.

        Parameters
        ----------
        number : int
            Number of the epoch, from 1.
        loss : float
            Its mean loss.
        learner : Any
            The trainer.

        Returns
        -------
        bool
            Whether to stop here.
        """

    def end(self, learner: Any) -> None:
        """Called once, after the last epoch; may restore the best one.

        Parameters
        ----------
        learner : Any
            The trainer.
        """
