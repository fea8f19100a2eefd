"""SASRec: self-attention over a user's history (a Transformer)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from visrec_cli.errors import UsageError
from visrec_cli.recommenders.base import Arrays, Setting
from visrec_cli.recommenders.sequential.base import SequenceModel
from visrec_cli.tables.documents import Origin, Shape
from visrec_cli.tables.vectors import Matrix, Rows

if TYPE_CHECKING:
    from torch import Tensor

    from visrec_cli.recommenders.sequential.ops import Dropout

_EPSILON = 1e-5
_DEEPEST = 1000  # largest number of layers that a file may have


class SasRec(SequenceModel):
    """Reads a history at once: each position attends to those before it.

        v_i = id_i + sum over the parts p of W_p f_ip             s_ui = u · v_i
        x_t = v_(item of step t) · √d + place_t
        x  := x + Attention(norm x),   x := x + down · relu(up · norm x),   for each layer
        u   = norm x of the last step

    f_i are the principal components of the item's vector. Every step is trained to predict the next one: the loss is
    -ln softmax(s)_next over all items with interactions, or over ``negatives`` random ones. Items have the same vectors
    as input and as output. In training, the ids of some are hidden, so that the network learns to score items without
    an id (new ones). Histories longer than ``length`` are cut at random places, in each epoch at others.

    A weight only says whether an item was liked; an item that occurs twice stands at its last place. Steps are those of
    Adam with decoupled weight decay.

    References
    ----------
    Kang & McAuley 2018; norms before each part: Xiong et al. 2020; the loss, which matters more than the network:
    Klenitskiy & Vasilev 2023.
    """

    name: ClassVar[str] = "sasrec"
    summary: ClassVar[str] = (
        "a Transformer over the user's history in order: predicts what comes next; scores new items and sessions"
    )
    settings: ClassVar[dict[str, Setting]] = {
        **SequenceModel.common,
        "layers": Setting(2, "number of attention blocks", 1, 3, least=1),
        "heads": Setting(1, "number of attention heads", choices=(1, 2, 4)),
    }

    @classmethod
    def shapes(cls, settings: Mapping[str, Any], origin: Origin) -> dict[str, Shape]:
        """See SequenceModel."""
        d, layers = settings["embedding_size"], settings["layers"]
        if d % settings["heads"]:
            raise origin.wrong("settings.heads", f"embedding_size {d} is not divisible by {settings['heads']}")
        if layers > _DEEPEST:
            raise origin.wrong("settings.layers", f"{layers} is more than {_DEEPEST}")
        shapes: dict[str, Shape] = {"places": (settings["length"], d), "end.scale": (d,), "end.shift": (d,)}
        for layer in range(layers):
            for name in ("query", "key", "value", "out", "up", "down"):
                shapes |= {f"{layer}.{name}": (d, d), f"{layer}.{name}.bias": (d,)}
            for name in ("attend", "think"):
                shapes |= {f"{layer}.{name}.scale": (d,), f"{layer}.{name}.shift": (d,)}
        return shapes

    def draw(self, rng: np.random.Generator) -> Arrays:
        """Draw the embedding of the positions, and the blocks.

        Parameters
        ----------
        rng : np.random.Generator
            Source of randomness.

        Returns
        -------
        Arrays
            Parameters by name.

        Raises
        ------
        UsageError
            If ``embedding_size`` is not divisible by ``heads``.
        """
        d = self.set["embedding_size"]
        if d % self.set["heads"]:
            raise UsageError(
                f"embedding_size={d} is not divisible by heads={self.set['heads']}", fix="use --set heads=1"
            )
        drawn = {"places": rng.standard_normal((self.set["length"], d), np.float32) * np.float32(0.02)}
        for layer in range(self.set["layers"]):
            for name in ("query", "key", "value", "out", "up", "down"):
                drawn[f"{layer}.{name}"] = rng.standard_normal((d, d), np.float32) / np.float32(np.sqrt(d))
                drawn[f"{layer}.{name}.bias"] = np.zeros(d, np.float32)
        for norm in [f"{layer}.{name}" for layer in range(self.set["layers"]) for name in ("attend", "think")] + [
            "end"
        ]:
            drawn[f"{norm}.scale"], drawn[f"{norm}.shift"] = np.ones(d, np.float32), np.zeros(d, np.float32)
        return drawn

    def read(self, vectors: "Tensor", drop: "Dropout") -> "Tensor":
        """See SequenceModel."""
        from torch.nn.functional import layer_norm, linear, relu, scaled_dot_product_attention

        n, steps, d = vectors.shape
        w = {name[4:]: tensor for name, tensor in self._learned.items() if name.startswith("net:")}

        def norm(x: "Tensor", name: str) -> "Tensor":
            return layer_norm(x, (d,), w[f"{name}.scale"], w[f"{name}.shift"], _EPSILON)

        def through(x: "Tensor", name: str) -> "Tensor":
            return linear(x, w[name].T, w[f"{name}.bias"])

        def heads(x: "Tensor") -> "Tensor":
            return x.view(n, steps, self.set["heads"], -1).transpose(1, 2)

        x = drop(vectors * float(np.sqrt(d)) + w["places"][:steps])
        for layer in range(self.set["layers"]):
            at = norm(x, f"{layer}.attend")
            q, k, v = (heads(through(at, f"{layer}.{name}")) for name in ("query", "key", "value"))
            seen = scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(n, steps, d)
            x = x + drop(through(seen, f"{layer}.out"))
            at = drop(relu(through(norm(x, f"{layer}.think"), f"{layer}.up")))
            x = x + drop(through(at, f"{layer}.down"))
        return norm(x, "end")

    @classmethod
    def last(cls, learned: Mapping[str, Any], settings: Mapping[str, Any], vectors: Matrix, sizes: Rows) -> Matrix:
        """See SequenceModel; the last block is computed for the last step only."""
        n, steps, d = vectors.shape
        ends, layers, heads = (np.arange(n), sizes - 1), settings["layers"], settings["heads"]

        def through(x: Matrix, name: str) -> Matrix:
            return x @ learned[name] + learned[f"{name}.bias"]

        def norm(x: Matrix, name: str) -> Matrix:
            return _normalised(x) * learned[f"{name}.scale"] + learned[f"{name}.shift"]

        later = np.triu(np.full((steps, steps), -np.inf, np.float32), 1)
        x = vectors * np.float32(np.sqrt(d)) + learned["places"][:steps]
        for layer in range(layers):
            at = norm(x, f"{layer}.attend")
            unseen = later[None]
            k, v = (through(at, f"{layer}.{name}") for name in ("key", "value"))
            if layer == layers - 1:
                x, at, unseen = x[ends][:, None], at[ends][:, None], later[sizes - 1][:, None]
            seen = _attention(through(at, f"{layer}.query"), k, v, unseen, heads)
            x = x + through(seen, f"{layer}.out")
            x = x + through(np.maximum(through(norm(x, f"{layer}.think"), f"{layer}.up"), 0), f"{layer}.down")
        output: Matrix = norm(x[:, 0], "end")
        return output


def _attention(q: Matrix, k: Matrix, v: Matrix, unseen: Matrix, heads: int) -> Matrix:
    """(n, m, d) from q (n, m, d), k and v (n, steps, d); unseen: -inf where a step must not look, else 0."""
    q, k, v = (x.reshape(*x.shape[:2], heads, -1).transpose(0, 2, 1, 3) for x in (q, k, v))
    scores = q @ k.transpose(0, 1, 3, 2) / np.float32(np.sqrt(q.shape[-1])) + unseen[:, None]
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    seen = weights / weights.sum(axis=-1, keepdims=True) @ v
    return seen.transpose(0, 2, 1, 3).reshape(q.shape[0], q.shape[2], -1)


def _normalised(x: Matrix) -> npt.NDArray[np.float32]:
    x = x - x.mean(axis=-1, keepdims=True)
    found: npt.NDArray[np.float32] = x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + np.float32(_EPSILON))
    return found
