"""Augmentations by torchvision: flip, rotation, crop, colour."""

from collections.abc import Sequence
from typing import Any

from visrec_cli.errors import unknown

KINDS = ("flip", "rotate", "crop", "colour")
STRONG = KINDS
"""Of pictures without labels: what two views of one picture may differ in."""


def kinds_of(text: str | None) -> tuple[str, ...]:
    """``flip,crop`` as a tuple; ``none`` is none, ``all`` is all. Raises UsageError for another word."""
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
    """Draws a view of each picture. kinds: of KINDS. A view depends on the seed and its place in the batch alone."""

    def __init__(self, kinds: Sequence[str], height: int, width: int) -> None:
        from torchvision.transforms import v2

        # Source: Chen et al. 2020 (SimCLR), all weaker: in many catalogues the colour is what a label says.
        steps = {
            "flip": lambda: v2.RandomHorizontalFlip(),
            "rotate": lambda: v2.RandomRotation(15, fill=255),
            "crop": lambda: v2.RandomResizedCrop((height, width), scale=(0.4, 1.0), ratio=(0.8, 1.25), antialias=True),
            "colour": lambda: v2.ColorJitter(0.3, 0.3, 0.3, 0.03),
        }
        self._draw = v2.Compose([steps[kind]() for kind in kinds])

    def __call__(self, pixels: Any, seed: int) -> Any:
        """(n, height, width, 3) uint8 → the same of the views."""
        import torch

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            views = [self._draw(one) for one in pixels.permute(0, 3, 1, 2)]
        return torch.stack(views).permute(0, 2, 3, 1).contiguous()
