"""Running a timm model over batches of pictures: device, precision, memory errors, features and classes at once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from visrec_cli.encoders.base import ImageEncoder, Label, Prepared, Vectors
from visrec_cli.errors import DeviceMemoryError
from visrec_cli.tables.spaces import Space

_FULL = ("out of memory", "can't allocate memory", "not enough memory")


class TorchImageEncoder(ImageEncoder):
    """A timm model in evaluation mode. Subclasses say where its weights come from and how a picture is prepared."""

    def __init__(
        self, model: Any, *, spec: str, weights: str, preprocessing: dict[str, Any], normalise: bool, device: Any,
        precise: bool = False, classes: Sequence[str] | None = None,
    ) -> None:  # fmt: skip
        import torch

        self.spec, self._device, self._precise, self.classes = spec, device, precise, classes
        self.batch_size = 8 if device.type == "cpu" else 64  # on a CPU as fast as 32, in a third less memory
        self._model = model.eval().to(device=device, memory_format=torch.channels_last)
        dimension = getattr(model, "head_hidden_size", model.num_features)  # what comes before the classifier
        self.space = Space(spec, dimension, normalise, weights, preprocessing)

    def to_device(self, batch: Sequence[Prepared]) -> Any:
        """Prepared pictures as the model's (n, 3, height, width) input."""
        import torch

        return torch.from_numpy(np.stack(batch)).to(self._device, memory_format=torch.channels_last)

    def encode(self, batch: Sequence[Prepared]) -> Vectors:
        """See ImageEncoder."""
        with arithmetic(self._device, precise=self._precise):
            trunk = self._model.forward_features(self.to_device(batch))
            return self.finish(self._model.forward_head(trunk, pre_logits=True).float().cpu().numpy())

    def recognise(self, batch: Sequence[Prepared], k: int) -> tuple[Vectors, list[list[Label]]]:
        """See ImageEncoder."""
        self.require_classes()
        names = self.classes or ()
        with arithmetic(self._device, precise=self._precise):
            trunk = self._model.forward_features(self.to_device(batch))
            vectors = self.finish(self._model.forward_head(trunk, pre_logits=True).float().cpu().numpy())
            best = self._model.forward_head(trunk).float().softmax(dim=1).topk(min(k, len(names)), dim=1)
        pairs = zip(best.indices.tolist(), best.values.tolist(), strict=True)
        return vectors, [[Label(names[i], s) for i, s in zip(*pair, strict=True)] for pair in pairs]


@contextmanager
def arithmetic(device: Any, *, precise: bool) -> Iterator[None]:
    """No gradients; half precision where the device is made for it; running out of memory as DeviceMemoryError."""
    import torch

    halved = device.type in ("cuda", "mps") and not precise
    try:
        with torch.inference_mode(), torch.autocast(device.type, dtype=torch.float16, enabled=halved):
            yield
    except RuntimeError as error:  # CUDA has a class of its own for it, MPS and the CPU have words
        if not any(words in str(error).lower() for words in _FULL):
            raise
        if device.type == "cuda":
            torch.cuda.empty_cache()
        raise DeviceMemoryError(
            f"the device {device} ran out of memory", fix="use a smaller --batch-size, or --device cpu"
        ) from error
