"""Parameters of VBPR, and their steps for pairs of items on a CPU."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from visrec_cli.recommenders.base import Arrays
from visrec_cli.recommenders.content_projection import split_parts
from visrec_cli.recommenders.pairwise import Pairs
from visrec_cli.tables.vectors import Matrix

_BLOCK = 256  # pairs that share one step of E and β'


class VbprParameters:
    """Parameters by name, with the sums of their squared gradients.

    Parameters
    ----------
    values : Arrays
        Initial parameters by name; changed in place.
    """

    def __init__(self, values: Arrays) -> None:
        self.values = values
        self.moments: Arrays = {name: np.full_like(array, 0.1) for name, array in values.items()}

    def walk(self, pairs: Pairs, features: Matrix, widths: Sequence[int], settings: dict[str, Any]) -> float:
        """Train on pairs, in blocks.

        Within a block, E and β' are taken as constant, so that products with them are matrix products.

        Parameters
        ----------
        pairs : Pairs
            (n, 3) user, item with interaction, item without.
        features : Matrix
            (items, sum of widths) projected vectors of the items.
        widths : Sequence[int]
            Width of each projected part.
        settings : dict[str, Any]
            Settings of the recommender.

        Returns
        -------
        float
            The mean loss, before each step.
        """
        total, k = 0.0, self.values["items"].shape[1]
        for start in range(0, len(pairs), _BLOCK):
            block = pairs[start : start + _BLOCK]
            difference = features[block[:, 1]] - features[block[:, 2]]
            thetas = self.values["users"][block[:, 0], k:]
            loss, pushes = self.step(block, *visual_terms(difference, widths, self.values), settings)
            total += loss
            pulled = difference * pushes[:, None]
            sides = zip(split_parts(pulled, widths), np.split(thetas, len(widths), axis=1), strict=True)
            self.pull("embedding", np.vstack([inputs.T @ theta for inputs, theta in sides]), len(block), settings)
            self.pull("taste", pulled.sum(axis=0)[:, None], len(block), settings)
        return total / max(len(pairs), 1)

    def step(
        self, pairs: Pairs, seen: Matrix, appeal: Matrix, settings: dict[str, Any], users_only: bool = False
    ) -> tuple[float, Matrix]:
        """Update users, items and biases for each pair.

        Parameters
        ----------
        pairs : Pairs
            (n, 3) user, item with interaction, item without.
        seen : Matrix
            (n, v) E (f_i - f_j) of each pair.
        appeal : Matrix
            (n,) β'·(f_i - f_j) of each pair.
        settings : dict[str, Any]
            Settings of the recommender.
        users_only : bool, default=False
            Whether items and biases stay fixed.

        Returns
        -------
        tuple[float, Matrix]
            The sum of the losses, and (n,) σ(x_uj - x_ui) of each pair.
        """
        from visrec_cli.recommenders.vbpr.kernel import steps

        values, moments, pushes = self.values, self.moments, np.empty(len(pairs), np.float32)
        loss = steps(
            pairs, seen, appeal,
            values["users"], values["items"], values["bias"], moments["users"], moments["items"], moments["bias"],
            np.float32(settings["learning_rate"]), np.float32(settings["reg"]), not users_only, pushes,
        )  # fmt: skip
        return float(loss), pushes

    def pull(self, name: str, push: Matrix, pairs: int, settings: dict[str, Any]) -> None:
        """Update a parameter that all pairs of a block share.

        Parameters
        ----------
        name : str
            Name of the parameter.
        push : Matrix
            Sum of the pairs' gradients, in the shape of the parameter.
        pairs : int
            Number of pairs.
        settings : dict[str, Any]
            Settings of the recommender.
        """
        slope = np.float32(settings["reg_visual"] * pairs) * self.values[name] - push
        self.moments[name] += slope**2
        self.values[name] -= np.float32(settings["learning_rate"]) * slope / np.sqrt(self.moments[name])


def visual_terms(features: Matrix, widths: Sequence[int], learned: Mapping[str, Matrix]) -> tuple[Matrix, Matrix]:
    """``(E f, β'·f)``: (n, parts · visual_size) and (n,)."""
    pairs = zip(split_parts(features, widths), split_parts(learned["embedding"].T, widths), strict=True)
    return np.hstack([inputs @ embedding.T for inputs, embedding in pairs]), features @ learned["taste"][:, 0]
