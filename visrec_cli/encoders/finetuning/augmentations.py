"""Augmentations by torchvision: flip, rotation, crop, colour."""

from collections.abc import Sequence
from typing import Any

from visrec_cli.errors import unknown

KINDS = ("flip", "rotate", "crop", "colour")
STRONG = KINDS
"""Augmentations for pictures without labels, from which two views of each picture are made."""


def kinds_of(text: str | None) -> tuple[str, ...]:
    """Parse kinds of augmentation.

    Parameters
    ----------
    text : str | None
        Kinds, joined by commas; "none" or None for none, "all" for all.

    Returns
    -------
    tuple[str, ...]
        The kinds, in the order of ``KINDS``.

    Raises
    ------
    UsageError
        If a kind is not known.
    """
    words = [word.strip() for word in (text or "none").split(",") if word.strip()]
    if words == ["none"]:
        return ()
    if words == ["all"]:
        return KINDS
    for word in words:
        if word not in KINDS:
            raise unknown("augmentation", word, [*KINDS, "all", "none"])
    return tuple(kind for kind in KINDS if kind in words)


class Augmentations:
    """Draws a random view of each picture, which depends on the seed and the picture's place in the batch alone.

    Parameters
    ----------
    kinds : Sequence[str]
        Kinds of augmentation, of ``KINDS``.
    height : int
        Height of the views in pixels.
    width : int
        Width of the views in pixels.
    """

    def __init__(self, kinds: Sequence[str], height: int, width: int) -> None:
        from torchvision.transforms import v2

        # As in Chen et al. 2020 (SimCLR), but weaker: in many catalogues labels are about colour.
        steps = {
            "flip": lambda: v2.RandomHorizontalFlip(),
            "rotate": lambda: v2.RandomRotation(15, fill=255),
            "crop": lambda: v2.RandomResizedCrop((height, width), scale=(0.4, 1.0), ratio=(0.8, 1.25), antialias=True),
            "colour": lambda: v2.ColorJitter(0.3, 0.3, 0.3, 0.03),
        }
        self._draw = v2.Compose([steps[kind]() for kind in kinds])

    def __call__(self, pixels: Any, seed: int) -> Any:
        """The views of (n, height, width, 3) uint8 pictures, in the same shape and type."""
        import torch

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            views = [self._draw(one) for one in pixels.permute(0, 3, 1, 2)]
        return torch.stack(views).permute(0, 2, 3, 1).contiguous()
