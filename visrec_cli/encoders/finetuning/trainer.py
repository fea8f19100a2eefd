"""The training loop; it can be resumed after each epoch, to the same bytes."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import numpy.typing as npt

from visrec_cli.encoders.finetuning.augmentations import STRONG, Augmentations
from visrec_cli.encoders.finetuning.backbones import Backbone, features
from visrec_cli.encoders.finetuning.frozen_features import FrozenFeatures, frozen_part
from visrec_cli.encoders.finetuning.frozen_stages import freeze_stages, parameter_groups
from visrec_cli.encoders.finetuning.learning_schedule import EncoderCallback, Schedule
from visrec_cli.encoders.finetuning.objectives import Objective
from visrec_cli.encoders.framed_images import numbers_of
from visrec_cli.encoders.torch_images import memory_errors
from visrec_cli.errors import InputError, UsageError
from visrec_cli.runtime.adam import Arrays
from visrec_cli.tables.vectors import Rows

Pixels = Callable[[Rows], npt.NDArray[np.uint8]]
"""Function from rows of pictures to (n, height, width, 3) uint8, framed."""

_KEPT = 3 << 30  # bytes of the frozen part's output that are kept in memory
_LOOK = 32  # pictures at a time, without gradients


class EncoderTrainer:
    """Trains a backbone on an objective.

    An epoch depends only on the state, the seed and its number. Batch norms keep their original statistics: the few
    pictures of a catalogue would blur them, and the model is then the same in training and in use.

    Parameters
    ----------
    backbone : Backbone
        The model to train.
    objective : Objective
        The objective.
    pixels : Pixels
        Returns the pictures of rows.
    schedule : Schedule
        The hyperparameters.
    device : Any
        Device of torch.
    seed : int
        Seed of everything random.
    tell : Callable[[str], None], default=lambda line: None
        Called with notes for the user.

    Raises
    ------
    UsageError
        If all stages are frozen and there are no heads.
    """

    def __init__(
        self, backbone: Backbone, objective: Objective, pixels: Pixels, schedule: Schedule, *, device: Any, seed: int,
        tell: Callable[[str], None] = lambda line: None,
    ) -> None:  # fmt: skip
        import torch

        self.backbone, self.objective, self.schedule = backbone, objective, schedule
        self._pixels, self._device, self._seed, self._tell = pixels, device, seed, tell
        model = backbone.model.eval().to(device=device, memory_format=torch.channels_last)
        freeze_stages(model, schedule.freeze)
        self.network = model
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.heads = objective.heads(backbone.width).to(device)
        groups = parameter_groups(model, self.heads, schedule.decay)
        if not groups:
            raise UsageError("there is nothing to train: all stages are frozen", fix="use a smaller --freeze")
        self._optimiser = torch.optim.AdamW(groups, lr=schedule.rate)
        kinds = schedule.augment or (STRONG if objective.views > 1 else ())
        size = backbone.framing.height, backbone.framing.width
        self._views = Augmentations(kinds, *size) if kinds else None
        self._part: FrozenFeatures | None = None
        self._kept: dict[int, npt.NDArray[np.float32]] = {}
        self._free_bytes = _KEPT
        if self._views is None:
            self._part = self._split()

    def fit(self, callback: EncoderCallback) -> None:
        """Train epoch by epoch until the last one, or until the callback stops.

        Parameters
        ----------
        callback : EncoderCallback
            Called before, between and after epochs.

        Raises
        ------
        DeviceMemoryError
            If the device runs out of memory.
        UsageError
            If training diverges.
        """
        done = callback.begin(self.schedule.epochs, self)
        with memory_errors(self._device):
            for number in range(done + 1, self.schedule.epochs + 1):
                loss = self._epoch(number)
                if not np.isfinite(loss):
                    raise UsageError(f"training diverged (loss = {loss} at epoch {number})", fix="use a smaller --rate")
                if callback.epoch(number, loss, self):
                    break
        callback.end(self)

    def model(self) -> "EncoderTrainer":
        """The trainer itself, which the validator scores."""
        return self

    def score(self) -> float:
        """Score of the objective on the pictures that are held back."""
        import torch

        with torch.inference_mode():
            return self.objective.score(self.embed, self.heads)

    def embed(self, rows: Rows) -> Any:
        """Current vectors, (n, d), without gradients."""
        import torch

        with torch.inference_mode(), self._precision():
            return torch.cat([self._vectors(self._seen(part)) for part in _in_parts(rows)]).float()

    def state(self) -> Arrays:
        """Everything that changes from epoch to epoch."""
        found = {f"weights.{name}": one.detach() for name, one in self._learning()}
        for place, moments in self._optimiser.state_dict()["state"].items():
            found |= {f"moments.{place}.{name}": value for name, value in moments.items()}
        return {name: tensor.cpu().numpy().copy() for name, tensor in found.items()}

    def restore(self, state: Arrays) -> None:
        """Continue from a saved state.

        Parameters
        ----------
        state : Arrays
            Arrays as returned by ``state``.

        Raises
        ------
        InputError
            If the moments do not fit this optimiser.
        """
        import torch

        moments: dict[int, dict[str, Any]] = {}
        for place, shapes in self._moments(state).items():
            for which, shape in shapes.items():
                array = state.get(f"moments.{place}.{which}")
                if array is None or array.shape != shape:
                    raise InputError(
                        f"the checkpoint is from another optimiser: moments.{place}.{which} does not fit",
                        fix="start again without --resume",
                    )
                moments.setdefault(place, {})[which] = torch.from_numpy(np.array(array))
        with torch.no_grad():
            for name, parameter in self._learning():
                parameter.copy_(torch.from_numpy(state[f"weights.{name}"]))
        whole = self._optimiser.state_dict()
        self._optimiser.load_state_dict({**whole, "state": moments})

    def _moments(self, state: Arrays) -> dict[int, dict[str, tuple[int, ...]]]:
        """Names and shapes of Adam's moments, for each parameter (by its number) of which the state has any."""
        parameters = [one for group in self._optimiser.param_groups for one in group["params"]]
        return {
            place: {"step": (), "exp_avg": tuple(one.shape), "exp_avg_sq": tuple(one.shape)}
            for place, one in enumerate(parameters)
            if any(name.startswith(f"moments.{place}.") for name in state)
        }

    def _epoch(self, number: int) -> float:
        rng = np.random.default_rng([self._seed, number])
        batches = list(self.objective.batches(rng, self.schedule.batch_size))
        losses = []
        for step, batch in enumerate(batches):
            pace = self.schedule.pace(((number - 1) * len(batches) + step) / (self.schedule.epochs * len(batches)))
            for group in self._optimiser.param_groups:
                group["lr"] = self.schedule.rate * group["scale"] * pace
            inputs = [
                self._seen(batch.rows, int(rng.integers(1 << 31)) if self._views else None)
                for _ in range(self.objective.views)
            ]
            with self._precision():
                vectors = self._vectors(self._joined(inputs))
                loss = self.objective.loss(vectors, batch, self.heads)
            self._optimiser.zero_grad(set_to_none=True)
            loss.backward()
            self._optimiser.step()
            losses.append(float(loss.detach()))
        return float(np.mean(losses)) if losses else float("nan")

    def _seen(self, rows: Rows, seed: int | None = None) -> Any:
        """Input of the trainable part for these pictures, or for a view of each if there is a seed."""
        import torch

        if self._part is None:
            pixels = torch.from_numpy(self._pixels(rows))
            if seed is not None and self._views is not None:
                pixels = self._views(pixels, seed)
            return numbers_of(pixels.to(self._device), self.backbone.statistics)
        missing = np.array([row for row in rows.tolist() if row not in self._kept], np.int64)
        fresh: dict[int, npt.NDArray[np.float32]] = {}
        for part in _in_parts(missing) if len(missing) else ():
            numbers = numbers_of(torch.from_numpy(self._pixels(part)).to(self._device), self.backbone.statistics)
            fresh |= dict(zip(part.tolist(), self._part.before(numbers).float().cpu().numpy(), strict=True))
        for row, kept in fresh.items():
            if kept.nbytes <= self._free_bytes:
                self._kept[row] = kept.copy()
                self._free_bytes -= kept.nbytes
        found = np.stack([fresh[row] if row in fresh else self._kept[row] for row in rows.tolist()])
        tensor = torch.from_numpy(found).to(self._device)
        return tensor.to(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor

    def _vectors(self, inputs: Any) -> Any:
        return features(self.network, inputs) if self._part is None else self._part.after(inputs)

    def _split(self) -> FrozenFeatures | None:
        import torch

        if not self.schedule.freeze:
            return None
        size = self.backbone.framing.height, self.backbone.framing.width, 3
        pixels = np.random.default_rng(0).integers(0, 256, (2, *size), dtype=np.uint8)
        part = frozen_part(
            self.network, numbers_of(torch.from_numpy(pixels).to(self._device), self.backbone.statistics)
        )
        if part is None:
            self._tell(f"{self.backbone.architecture} cannot be split: its frozen stages are computed in every epoch")
        return part

    def _joined(self, parts: Sequence[Any]) -> Any:
        import torch

        return parts[0] if len(parts) == 1 else torch.cat(list(parts))

    def _precision(self) -> Any:
        """Half precision on a GPU, in a format that needs no scaling of the loss."""
        import torch

        return torch.autocast("cuda", dtype=torch.bfloat16) if self._device.type == "cuda" else nullcontext()

    def _learning(self) -> list[tuple[str, Any]]:
        named = [*self.network.named_parameters(prefix="model"), *self.heads.named_parameters(prefix="heads")]
        return [(name, parameter) for name, parameter in named if parameter.requires_grad]


def _in_parts(rows: Rows) -> list[Rows]:
    return np.split(rows, range(_LOOK, len(rows), _LOOK))
