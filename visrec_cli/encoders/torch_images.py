"""timm models on batches of pictures: device, precision, memory errors, vectors and classes in one pass."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from visrec_cli.encoders.base import ImageEncoder, Label, Prepared, Vectors
from visrec_cli.encoders.frame import Framing
from visrec_cli.encoders.weights import hash_of_file
from visrec_cli.errors import DeviceMemoryError
from visrec_cli.tables.spaces import Space

_FULL = ("out of memory", "can't allocate memory", "not enough memory")


class TorchImageEncoder(ImageEncoder):
    """A timm model in evaluation mode. Subclasses define its weights and how a picture is prepared.

    Parameters
    ----------
    model : Any
        The model.
    spec : str
        The spec that opens it.
    files : Sequence[Path]
        Files that the model is made of; the first one holds the weights.
    preprocessing : dict[str, Any]
        Description of the preprocessing, which becomes part of the space.
    normalise : bool
        Whether vectors have length 1.
    device : Any
        Device of torch.
    precise : bool, default=False
        Whether to decode in full size and compute without half precision.
    classes : Sequence[str] | None, default=None
        Names of the classes of its classifier; None if not known.
    framing : Framing | None, default=None
        How ``prepare`` resizes and crops pictures; None if only the model's own transform knows.
    statistics : tuple[Sequence[float], Sequence[float]], default=((0,), (1,))
        Mean and divisor of the channels, on the scale from 0 to 255.
    """

    def __init__(
        self, model: Any, *, spec: str, files: Sequence[Path], preprocessing: dict[str, Any], normalise: bool,
        device: Any, precise: bool = False, classes: Sequence[str] | None = None, framing: Framing | None = None,
        statistics: tuple[Sequence[float], Sequence[float]] = ((0,), (1,)),
    ) -> None:  # fmt: skip
        import torch

        self.spec, self._device, self._precise, self.classes = spec, device, precise, classes
        self.files, self.framing, self.statistics = files, framing, statistics
        self.batch_size = 8 if device.type == "cpu" else 64  # on a CPU as fast as 32, in a third less memory
        self.in_flight = 1 if device.type == "cpu" else 2  # one batch is stacked and copied while another is computed
        self.engine = engine_of(device, precise=precise)
        self.model = model.eval().to(device=device, memory_format=torch.channels_last)
        if framing is not None and not precise:
            self.scaled_to = framing.scaled_to
            preprocessing = {**preprocessing, "scaled_to": framing.scaled_to}
        dimension = getattr(model, "head_hidden_size", model.num_features)  # of the layer before the classifier
        self.space = Space(spec, dimension, normalise, hash_of_file(files[0]), preprocessing)

    def to_device(self, batch: Sequence[Prepared]) -> Any:
        """Prepared pictures as the model's input, (n, 3, height, width)."""
        import torch

        return on_device(np.stack(batch), self._device).to(memory_format=torch.channels_last)

    def encode(self, batch: Sequence[Prepared]) -> Vectors:
        """See ImageEncoder."""
        with arithmetic(self._device, precise=self._precise):
            trunk = self.model.forward_features(self.to_device(batch))
            return self.finish(self.model.forward_head(trunk, pre_logits=True).float().cpu().numpy())

    def recognise(self, batch: Sequence[Prepared], k: int) -> tuple[Vectors, list[list[Label]]]:
        """See ImageEncoder."""
        self.require_classes()
        names = self.classes or ()
        with arithmetic(self._device, precise=self._precise):
            trunk = self.model.forward_features(self.to_device(batch))
            vectors = self.finish(self.model.forward_head(trunk, pre_logits=True).float().cpu().numpy())
            best = self.model.forward_head(trunk).float().softmax(dim=1).topk(min(k, len(names)), dim=1)
        pairs = zip(best.indices.tolist(), best.values.tolist(), strict=True)
        return vectors, [[Label(names[i], s) for i, s in zip(*pair, strict=True)] for pair in pairs]


def engine_of(device: Any, *, precise: bool) -> str:
    """``Encoder.engine`` of plain torch on this device."""
    import torch

    halved = device.type in ("cuda", "mps") and not precise
    return f"torch {torch.__version__} {device.type} {'float16' if halved else 'float32'}"


def on_device(array: Prepared, device: Any) -> Any:
    """The array as a tensor on the device. CUDA copies from pinned memory while it computes."""
    import torch

    tensor = torch.from_numpy(array)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


@contextmanager
def arithmetic(device: Any, *, precise: bool) -> Iterator[None]:
    """Compute within a block without gradients, in half precision if suitable, with ``memory_errors``."""
    import torch

    halved = device.type in ("cuda", "mps") and not precise
    with (
        memory_errors(device),
        torch.inference_mode(),
        torch.autocast(device.type, dtype=torch.float16, enabled=halved),
    ):
        yield


@contextmanager
def memory_errors(device: Any) -> Iterator[None]:
    """Raise DeviceMemoryError when a device runs out of memory.

    Parameters
    ----------
    device : Any
        Device of torch.

    Raises
    ------
    DeviceMemoryError
        If the device runs out of memory.
    """
    import torch

    try:
        yield
    except RuntimeError as error:  # CUDA has a subclass for it; MPS and the CPU only have messages
        if not any(words in str(error).lower() for words in _FULL):
            raise
        if device.type == "cuda":
            torch.cuda.empty_cache()
        raise DeviceMemoryError(
            f"the device {device} ran out of memory",
            fix=(
                "use a smaller --batch-size, or --device cpu",
                "--device cpu",
                "CUDA_VISIBLE_DEVICES= visrec … computes on the CPU",
            ),
        ) from error
