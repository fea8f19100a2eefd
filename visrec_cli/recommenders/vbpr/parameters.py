"""The parameters of VBPR, and the steps that they take for pairs of items on a CPU."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from visrec_cli.recommenders.base import Arrays
from visrec_cli.recommenders.content_projection import split_parts
from visrec_cli.recommenders.pairwise import Pairs
from visrec_cli.tables.vectors import Matrix

_BLOCK = 256  # pairs that share one step of E and β'


class VbprParameters:
    """Learned parameters by name, with the sums of squares of their steps."""

    def __init__(self, values: Arrays) -> None:
        self.values = values
        self.moments: Arrays = {name: np.full_like(array, 0.1) for name, array in values.items()}

    def walk(self, pairs: Pairs, features: Matrix, widths: Sequence[int], settings: dict[str, Any]) -> float:
        """Steps for all the pairs, (n, 3). Returns their mean loss.

        E and β' are as good as constant within a block: its products with them are matrices, not loops.
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
        """Move users, items and biases for each pair. Returns the sum of the losses, and σ(x_uj - x_ui) of each."""
        from visrec_cli.recommenders.vbpr.kernel import steps

        values, moments, pushes = self.values, self.moments, np.empty(len(pairs), np.float32)
        loss = steps(
            pairs, seen, appeal,
            values["users"], values["items"], values["bias"], moments["users"], moments["items"], moments["bias"],
            np.float32(settings["learning_rate"]), np.float32(settings["reg"]), not users_only, pushes,
        )  # fmt: skip
        return float(loss), pushes

    def pull(self, name: str, push: Matrix, pairs: int, settings: dict[str, Any]) -> None:
        """Move one array shared by all pairs of a block by the sum of what they want."""
        slope = np.float32(settings["reg_visual"] * pairs) * self.values[name] - push
        self.moments[name] += slope**2
        self.values[name] -= np.float32(settings["learning_rate"]) * slope / np.sqrt(self.moments[name])


def visual_terms(features: Matrix, widths: Sequence[int], learned: Mapping[str, Matrix]) -> tuple[Matrix, Matrix]:
    """``(E f, β'·f)``: (n, parts · visual_size) and (n,)."""
    pairs = zip(split_parts(features, widths), split_parts(learned["embedding"].T, widths), strict=True)
    return np.hstack([inputs @ embedding.T for inputs, embedding in pairs]), features @ learned["taste"][:, 0]
