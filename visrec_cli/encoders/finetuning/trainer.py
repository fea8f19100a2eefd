"""The training loop, resumable after each epoch to the same bytes."""

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
"""Rows of the pictures → (n, height, width, 3) bytes, framed."""

_KEPT = 3 << 30  # bytes of the frozen part's output that are held in memory
_LOOK = 32  # pictures at a time, without gradients


class EncoderTrainer:
    """A backbone that learns an objective.

    An epoch depends on the state, the seed and its number alone. Batch norms keep the statistics that they came with:
    the few pictures of a catalogue would blur them, and so a model is the same while it learns and when it is used.
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
            raise UsageError("there is nothing to train: all stages are frozen", fix="take a smaller --freeze")
        self._optimiser = torch.optim.AdamW(groups, lr=schedule.rate)
        kinds = schedule.augment or (STRONG if objective.views > 1 else ())
        size = backbone.framing.height, backbone.framing.width
        self._views = Augmentations(kinds, *size) if kinds else None
        self._part: FrozenFeatures | None = None
        self._kept: dict[int, npt.NDArray[np.float32]] = {}
        self._room = _KEPT
        if self._views is None:
            self._part = self._parted()

    def fit(self, callback: EncoderCallback) -> None:
        """Learn epoch by epoch, until ``callback`` stops it. Raises DeviceMemoryError, UsageError for a bad rate."""
        done = callback.begin(self.schedule.epochs, self)
        with memory_errors(self._device):
            for number in range(done + 1, self.schedule.epochs + 1):
                loss = self._epoch(number)
                if not np.isfinite(loss):
                    raise UsageError(
                        f"training diverged (loss = {loss} at epoch {number})", fix="take a smaller --rate"
                    )
                if callback.epoch(number, loss, self):
                    break
        callback.end(self)

    def model(self) -> "EncoderTrainer":
        """Itself: what is judged."""
        return self

    def score(self) -> float:
        """What the objective says of the pictures that are held back."""
        import torch

        with torch.inference_mode():
            return self.objective.score(self.embed, self.heads)

    def embed(self, rows: Rows) -> Any:
        """(n, d) vectors as they are by now, without gradients."""
        import torch

        with torch.inference_mode(), self._precision():
            return torch.cat([self._vectors(self._seen(some)) for some in _in_parts(rows)]).float()

    def state(self) -> Arrays:
        """Everything that changes from epoch to epoch."""
        found = {f"weights.{name}": one.detach() for name, one in self._learning()}
        for place, moments in self._optimiser.state_dict()["state"].items():
            found |= {f"moments.{place}.{name}": value for name, value in moments.items()}
        return {name: tensor.cpu().numpy().copy() for name, tensor in found.items()}

    def restore(self, state: Arrays) -> None:
        """Go back to what ``state`` gave. Raises InputError for moments that are of no optimiser like this one."""
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
        """What Adam keeps, and of which shape, of each parameter that a state has anything of, by its number."""
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
            given = [
                self._seen(batch.rows, int(rng.integers(1 << 31)) if self._views else None)
                for _ in range(self.objective.views)
            ]
            with self._precision():
                vectors = self._vectors(self._joined(given))
                loss = self.objective.loss(vectors, batch, self.heads)
            self._optimiser.zero_grad(set_to_none=True)
            loss.backward()
            self._optimiser.step()
            losses.append(float(loss.detach()))
        return float(np.mean(losses)) if losses else float("nan")

    def _seen(self, rows: Rows, seed: int | None = None) -> Any:
        """What the learning part is given of these pictures; of a view of each, with a seed."""
        import torch

        if self._part is None:
            pixels = torch.from_numpy(self._pixels(rows))
            if seed is not None and self._views is not None:
                pixels = self._views(pixels, seed)
            return numbers_of(pixels.to(self._device), self.backbone.statistics)
        lost = np.array([row for row in rows.tolist() if row not in self._kept], np.int64)
        fresh: dict[int, npt.NDArray[np.float32]] = {}
        for some in _in_parts(lost) if len(lost) else ():
            numbers = numbers_of(torch.from_numpy(self._pixels(some)).to(self._device), self.backbone.statistics)
            fresh |= dict(zip(some.tolist(), self._part.before(numbers).float().cpu().numpy(), strict=True))
        for row, kept in fresh.items():
            if kept.nbytes <= self._room:
                self._kept[row] = kept.copy()
                self._room -= kept.nbytes
        found = np.stack([fresh[row] if row in fresh else self._kept[row] for row in rows.tolist()])
        tensor = torch.from_numpy(found).to(self._device)
        return tensor.to(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor

    def _vectors(self, given: Any) -> Any:
        return features(self.network, given) if self._part is None else self._part.after(given)

    def _parted(self) -> FrozenFeatures | None:
        import torch

        if not self.schedule.freeze:
            return None
        size = self.backbone.framing.height, self.backbone.framing.width, 3
        pixels = np.random.default_rng(0).integers(0, 256, (2, *size), dtype=np.uint8)
        part = frozen_part(
            self.network, numbers_of(torch.from_numpy(pixels).to(self._device), self.backbone.statistics)
        )
        if part is None:
            self._tell(f"{self.backbone.architecture} cannot be parted: its frozen stages are computed in every epoch")
        return part

    def _joined(self, parts: Sequence[Any]) -> Any:
        import torch

        return parts[0] if len(parts) == 1 else torch.cat(list(parts))

    def _precision(self) -> Any:
        """Half precision on a GPU, in the format that needs no scaling of the loss."""
        import torch

        return torch.autocast("cuda", dtype=torch.bfloat16) if self._device.type == "cuda" else nullcontext()

    def _learning(self) -> list[tuple[str, Any]]:
        named = [*self.network.named_parameters(prefix="model"), *self.heads.named_parameters(prefix="heads")]
        return [(name, parameter) for name, parameter in named if parameter.requires_grad]


def _in_parts(rows: Rows) -> list[Rows]:
    return np.split(rows, range(_LOOK, len(rows), _LOOK))
