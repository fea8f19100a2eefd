"""A model in torch whose whole preprocessing is a framing, and (x − mean) / divisor of its bytes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from visrec_cli.encoders.base import Prepared
from visrec_cli.encoders.torch_images import TorchImageEncoder, on_device

if TYPE_CHECKING:
    from PIL.Image import Image


class FramedImageEncoder(TorchImageEncoder):
    """Bytes travel to the device, a quarter of what floats would be, and become numbers there."""

    def prepare(self, picture: "Image") -> Prepared:
        """(height, width, 3) uint8."""
        assert self.framing is not None
        return self.framing(picture)

    def to_device(self, batch: Sequence[Prepared]) -> Any:
        """See TorchImageEncoder."""
        return numbers_of(on_device(np.stack(batch), self._device), self.statistics)


def numbers_of(pixels: Any, statistics: tuple[Sequence[float], Sequence[float]]) -> Any:
    """(n, height, width, 3) uint8 as the model's (n, 3, height, width) float32, a channels-last view, on their device.

    statistics: (mean, divisor) of the channels, in 0 to 255.
    """
    import torch

    mean, divisor = (torch.tensor(one, dtype=torch.float32, device=pixels.device) for one in statistics)
    return ((pixels.float() - mean) / divisor).permute(0, 3, 1, 2)
