"""GRU4Rec: a recurrent network over a user's history."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from visrec_cli.recommenders.base import Arrays, Setting
from visrec_cli.recommenders.sequential.base import SequenceModel
from visrec_cli.tables.documents import Origin, Shape
from visrec_cli.tables.vectors import Matrix, Rows

if TYPE_CHECKING:
    from torch import Tensor

    from visrec_cli.recommenders.sequential.ops import Dropout

_GATES = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")  # as torch calls them


class Gru(SequenceModel):
    """Reads a history step by step and updates a hidden state.

        v_i = id_i + sum over the parts p of W_p f_ip             s_ui = u · v_i
        h_t = GRU(h_(t-1), v_(item of step t) · √d)               u = out · h of the last step + b

    Items, hidden ids, loss and cutting are those of sasrec. The loss is taken over all items (or random ones) instead
    of those of the batch, and items have the same vectors as input and as output. Steps are those of Adam with
    decoupled weight decay.

    References
    ----------
    Hidasi et al. 2016; the unit: Cho et al. 2014.
    """

    name: ClassVar[str] = "gru"
    summary: ClassVar[str] = (
        "a recurrent network over the user's history in order: predicts what comes next; scores new items"
    )
    settings: ClassVar[dict[str, Setting]] = {
        **SequenceModel.common,
        "hidden_size": Setting(128, "numbers in the network's hidden state", 32, 512, log=True, least=1),
    }

    @classmethod
    def shapes(cls, settings: Mapping[str, Any], origin: Origin) -> dict[str, Shape]:
        """See SequenceModel."""
        d, h = settings["embedding_size"], settings["hidden_size"]
        gates = dict(zip(_GATES, ((3 * h, d), (3 * h, h), (3 * h,), (3 * h,)), strict=True))
        return {**gates, "out": (h, d), "out.bias": (d,)}

    def draw(self, rng: np.random.Generator) -> Arrays:
        """Draw the gates, and the map from the hidden state to the space of the items."""
        d, h = self.set["embedding_size"], self.set["hidden_size"]
        shapes = dict(zip(_GATES, ((3 * h, d), (3 * h, h), (3 * h,), (3 * h,)), strict=True))
        drawn = {
            name: rng.uniform(-1, 1, shape).astype(np.float32) / np.float32(np.sqrt(h))
            for name, shape in shapes.items()
        }
        return drawn | {
            "out": rng.standard_normal((h, d), np.float32) / np.float32(np.sqrt(h)),
            "out.bias": np.zeros(d, np.float32),
        }

    def tensors(self, drawn: Arrays) -> "dict[str, Tensor]":
        """The gates are parameters of torch's own module, which arranges them for the device."""
        import torch

        found = super().tensors(drawn)
        if f"net:{_GATES[0]}" in drawn:
            d, h = self.set["embedding_size"], self.set["hidden_size"]
            self._gru = torch.nn.GRU(d, h, batch_first=True).to(self._device)
            with torch.no_grad():
                for name in _GATES:
                    parameter = getattr(self._gru, name)
                    parameter.copy_(found[f"net:{name}"])
                    found[f"net:{name}"] = parameter
        return found

    def read(self, vectors: "Tensor", drop: "Dropout") -> "Tensor":
        """See SequenceModel."""
        hidden, _ = self._gru(drop(vectors * float(np.sqrt(vectors.shape[2]))))
        return drop(hidden) @ self._learned["net:out"] + self._learned["net:out.bias"]

    @classmethod
    def last(cls, learned: Mapping[str, Any], settings: Mapping[str, Any], vectors: Matrix, sizes: Rows) -> Matrix:
        """See SequenceModel."""
        n, steps, d = vectors.shape
        w_in, w_held, b_in, b_held = (learned[name] for name in _GATES)
        hidden = np.zeros((n, settings["hidden_size"]), np.float32)
        inputs = (vectors * np.float32(np.sqrt(d))) @ w_in.T + b_in
        for step in range(steps):
            new_r, new_z, new_n = np.split(inputs[:, step], 3, axis=1)
            old_r, old_z, old_n = np.split(hidden @ w_held.T + b_held, 3, axis=1)
            reset, keep = _sigmoid(new_r + old_r), _sigmoid(new_z + old_z)
            updated = (1 - keep) * np.tanh(new_n + reset * old_n) + keep * hidden
            hidden = np.where((step < sizes)[:, None], updated, hidden)
        found: Matrix = hidden @ learned["out"] + learned["out.bias"]
        return found


def _sigmoid(x: Matrix) -> Matrix:
    found: Matrix = np.float32(0.5) * (np.tanh(np.float32(0.5) * x) + np.float32(1))
    return found
