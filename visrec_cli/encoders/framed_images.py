"""Models in torch whose whole preprocessing is a framing, and (x − mean) / divisor of its bytes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from visrec_cli.encoders.base import Prepared
from visrec_cli.encoders.torch_images import TorchImageEncoder, on_device

if TYPE_CHECKING:
    from PIL.Image import Image


class FramedImageEncoder(TorchImageEncoder):
    """Encoder whose pictures are copied to the device as bytes, a quarter of the size of floats."""

    def prepare(self, picture: "Image") -> Prepared:
        """The framed picture, (height, width, 3) uint8."""
        assert self.framing is not None
        return self.framing(picture)

    def to_device(self, batch: Sequence[Prepared]) -> Any:
        """See TorchImageEncoder."""
        return numbers_of(on_device(np.stack(batch), self._device), self.statistics)


def numbers_of(pixels: Any, statistics: tuple[Sequence[float], Sequence[float]]) -> Any:
    """Convert bytes to the input of a model, on their device.

    Parameters
    ----------
    pixels : Any
        (n, height, width, 3) uint8 tensor.
    statistics : tuple[Sequence[float], Sequence[float]]
        Mean and divisor of the channels, on the scale from 0 to 255.

    Returns
    -------
    Any
        (n, 3, height, width) float32 tensor, as a channels-last view.
    """
    import torch

    mean, divisor = (torch.tensor(one, dtype=torch.float32, device=pixels.device) for one in statistics)
    return ((pixels.float() - mean) / divisor).permute(0, 3, 1, 2)
