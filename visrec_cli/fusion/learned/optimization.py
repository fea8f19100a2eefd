"""Training loop of fusions learned by gradients: batches of related items, and the best epoch."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from visrec_cli.errors import UsageError
from visrec_cli.fusion.learned.arithmetic import principal
from visrec_cli.fusion.learned.base import FuserTrainingData
from visrec_cli.runtime.settings import Setting
from visrec_cli.tables.vectors import Matrix, Rows

if TYPE_CHECKING:
    from torch import Tensor

SETTINGS = {
    "epochs": Setting(100, "passes over the items, at most", least=1),
    "batch_size": Setting(256, "items per step", least=2),
    "learning_rate": Setting(0.01, "step size of Adam", least=1e-6),
    "reg": Setting(0.01, "weight decay", least=0),
    "temperature": Setting(0.1, "divisor of the cosines; smaller values favour the nearest items", least=0.001),
}
HEADS = {"components": Setting(256, "principal components of each modality that are used", least=1)}


@dataclass(frozen=True)
class FitSpec:
    """Loss and validation of a fuser.

    Attributes
    ----------
    loss : "Callable[[dict[str, Tensor], list[Tensor], Tensor, Tensor], Tensor]"
        Computes the loss, a scalar, from weights, blocks, present and agree (batch, batch), in torch.
    validate : Callable[[Mapping[str, Matrix]], float] | None
        Computes the metric on held-back items from the parameters; None if there are none, and then the last epoch is
        the best.
    metric : str
        Name of the metric.
    """

    loss: "Callable[[dict[str, Tensor], list[Tensor], Tensor, Tensor], Tensor]"
    validate: Callable[[Mapping[str, Matrix]], float] | None
    metric: str


@dataclass(frozen=True)
class ReducedInputs:
    """Each modality reduced to its principal components; heads trained on them become maps of the whole vectors.

    Attributes
    ----------
    means : list[Matrix]
        (d,) mean of each modality.
    axes : list[Matrix]
        (d, components) principal axes of each modality.
    """

    means: list[Matrix]
    axes: list[Matrix]

    @classmethod
    def of(cls, examples: FuserTrainingData, rows: Rows, most: int) -> "ReducedInputs":
        """Fit the components.

        Parameters
        ----------
        examples : FuserTrainingData
            The training data.
        rows : Rows
            Row numbers to fit on.
        most : int
            Largest number of components per modality.

        Returns
        -------
        ReducedInputs
            The reduction.
        """
        both = [principal(b[rows[p[rows]]], most) for b, p in zip(examples.blocks, examples.present, strict=True)]
        return cls([mean for mean, _ in both], [axes for _, axes in both])

    def apply(self, blocks: Sequence[Matrix]) -> list[Matrix]:
        """(n, components) float32 of each modality."""
        return [
            np.asarray((b - mean) @ axes, np.float32)
            for b, mean, axes in zip(blocks, self.means, self.axes, strict=True)
        ]

    def whole(self, arrays: Mapping[str, Matrix]) -> dict[str, Matrix]:
        """The same heads for whole vectors: multiplied by the axes, with the mean moved into the bias."""
        result = dict(arrays)
        for m, (mean, axes) in enumerate(zip(self.means, self.axes, strict=True)):
            head = (axes @ arrays[f"head:{m}"]).astype(np.float32)
            result[f"head:{m}"] = head
            result[f"bias:{m}"] = (arrays.get(f"bias:{m}", np.float32(0)) - mean @ head).astype(np.float32)
        return result

    def start(self, dim: int, rng: np.random.Generator) -> dict[str, Matrix]:
        """Random heads, ``head:m`` (components, dim)."""
        shapes = [(axes.shape[1], dim) for axes in self.axes]
        return {f"head:{m}": drawn(rng, *shape) for m, shape in enumerate(shapes)}


def drawn(rng: np.random.Generator, rows: int, columns: int) -> Matrix:
    """(rows, columns) random map that keeps the length of a vector on average (LeCun et al. 1998, eq. 16)."""
    return (rng.standard_normal((rows, columns)) / np.sqrt(rows)).astype(np.float32)


def train(
    fit_spec: FitSpec, start: Mapping[str, Matrix], blocks: Sequence[Matrix], examples: FuserTrainingData, rows: Rows,
    settings: Mapping[str, Any],
) -> tuple[dict[str, Matrix], dict[str, Any]]:  # fmt: skip
    """Train parameters by Adam, and keep those of the best epoch.

    Half of a batch is drawn at random, the other half are partners of these. One thread computes, so that sums are
    always taken in the same order, and two runs agree in every byte.

    Parameters
    ----------
    fit_spec : FitSpec
        Loss and validation.
    start : Mapping[str, Matrix]
        Initial parameters by name.
    blocks : Sequence[Matrix]
        (n, d) inputs of the loss, for all rows.
    examples : FuserTrainingData
        The training data.
    rows : Rows
        Row numbers to learn from, ascending.
    settings : Mapping[str, Any]
        All settings of the fuser.

    Returns
    -------
    tuple[dict[str, Matrix], dict[str, Any]]
        The parameters by name, and metadata of the training.

    Raises
    ------
    UsageError
        If training diverges.
    """
    with _one_thread():
        return _train(fit_spec, start, blocks, examples, rows, settings)


def _train(
    fit_spec: FitSpec, start: Mapping[str, Matrix], blocks: Sequence[Matrix], examples: FuserTrainingData, rows: Rows,
    settings: Mapping[str, Any],
) -> tuple[dict[str, Matrix], dict[str, Any]]:  # fmt: skip
    from visrec_cli.runtime.device import pick_device

    device = pick_device(examples.device)
    import torch

    from visrec_cli.runtime.adam import Adam

    weights = {name: torch.from_numpy(array.copy()).to(device).requires_grad_() for name, array in start.items()}
    adam = Adam(weights, settings["learning_rate"], settings["reg"])
    present = np.stack(examples.present, axis=1).astype(np.float32)
    rng = np.random.default_rng([examples.seed, 2])
    best, best_epoch, kept = -np.inf, 0, {name: array.copy() for name, array in start.items()}
    examples.report.expect(settings["epochs"], "epochs")
    for number in range(1, settings["epochs"] + 1):
        losses = []
        for batch in _batches(examples, rows, settings["batch_size"], rng):
            seen = [torch.from_numpy(block[batch]).to(device) for block in blocks]
            valid = torch.from_numpy(present[batch]).to(device)
            agree = torch.from_numpy(examples.target.agree(batch, batch)).to(device)
            loss = fit_spec.loss(weights, seen, valid, agree)
            if loss.requires_grad:  # not if no items of the batch belong together
                loss.backward()
                adam.step()
                losses.append(float(loss.detach()))
        mean = float(np.mean(losses)) if losses else 0.0
        arrays = {name: tensor.detach().cpu().numpy().copy() for name, tensor in weights.items()}
        if not np.isfinite(mean) or not all(np.isfinite(array).all() for array in arrays.values()):
            raise UsageError(
                f"training diverged (loss = {mean} at epoch {number})", fix="use --set learning_rate=0.001"
            )
        value = fit_spec.validate(arrays) if fit_spec.validate is not None else float(number)
        if value > best:
            best, best_epoch, kept = value, number, arrays
        examples.report.advance()
        validated = f" · {fit_spec.metric} {value:.4f} (best {best:.4f} in {best_epoch})" if fit_spec.validate else ""
        examples.report.note(f"loss {mean:.4f}{validated}")
        if number - best_epoch >= examples.patience:
            break
    facts = {"target": examples.target.name, "seed": examples.seed, "items": len(rows), "epoch": best_epoch}
    return kept, facts | ({"metric": fit_spec.metric, "validation": round(best, 4)} if fit_spec.validate else {})


def _batches(examples: FuserTrainingData, rows: Rows, size: int, rng: np.random.Generator) -> Iterator[Rows]:
    order = rng.permutation(rows)
    anchors = size if examples.target.kind == "pairs" else max(size // 2, 1)
    for start in range(0, len(order), anchors):
        chosen = order[start : start + anchors]
        yield np.unique(np.concatenate([chosen, examples.target.partners(chosen, rows, rng)]))


@contextmanager
def _one_thread() -> Iterator[None]:
    from threadpoolctl import threadpool_limits

    from visrec_cli.runtime.torch_settings import tune_for_torch

    tune_for_torch()
    import torch

    many = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(limits=1):
            yield
    finally:
        torch.set_num_threads(many)
