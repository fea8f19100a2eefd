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

    Items, hidden ids, loss and cutting are those of sasrec. Source: Hidasi et al. 2016, with all items (or drawn ones)
    in the loss instead of those of the batch, and answers from the vectors that are read; the unit: Cho et al. 2014.
    Steps by Adam with decoupled weight decay.
    """

    name: ClassVar[str] = "gru"
    summary: ClassVar[str] = "a recurrent network over what a user did in order: what comes next; knows new items"
    settings: ClassVar[dict[str, Setting]] = {
        **SequenceModel.common,
        "hidden_size": Setting(128, "numbers that the network holds of a user", 32, 512, log=True, least=1),
    }

    @classmethod
    def shapes(cls, settings: Mapping[str, Any], origin: Origin) -> dict[str, Shape]:
        """See SequenceModel."""
        d, h = settings["embedding_size"], settings["hidden_size"]
        gates = dict(zip(_GATES, ((3 * h, d), (3 * h, h), (3 * h,), (3 * h,)), strict=True))
        return {**gates, "out": (h, d), "out.bias": (d,)}

    def draw(self, rng: np.random.Generator) -> Arrays:
        """The gates, and the way from what is held to the space of the items."""
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
        """The gates live in torch's own module, in whatever order the device wants them."""
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
        """Step by step."""
        held, _ = self._gru(drop(vectors * float(np.sqrt(vectors.shape[2]))))
        return drop(held) @ self._learned["net:out"] + self._learned["net:out.bias"]

    @classmethod
    def last(cls, learned: Mapping[str, Any], settings: Mapping[str, Any], vectors: Matrix, sizes: Rows) -> Matrix:
        """The same in numpy."""
        n, steps, d = vectors.shape
        w_in, w_held, b_in, b_held = (learned[name] for name in _GATES)
        held = np.zeros((n, settings["hidden_size"]), np.float32)
        given = (vectors * np.float32(np.sqrt(d))) @ w_in.T + b_in
        for step in range(steps):
            new_r, new_z, new_n = np.split(given[:, step], 3, axis=1)
            old_r, old_z, old_n = np.split(held @ w_held.T + b_held, 3, axis=1)
            reset, keep = _sigmoid(new_r + old_r), _sigmoid(new_z + old_z)
            moved = (1 - keep) * np.tanh(new_n + reset * old_n) + keep * held
            held = np.where((step < sizes)[:, None], moved, held)
        found: Matrix = held @ learned["out"] + learned["out.bias"]
        return found


def _sigmoid(x: Matrix) -> Matrix:
    found: Matrix = np.float32(0.5) * (np.tanh(np.float32(0.5) * x) + np.float32(1))
    return found
