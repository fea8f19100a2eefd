"""A query's picture or sentence in the space of a table: the encoder that the space names, opened and checked."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from visrec_cli.catalogue import MENU
from visrec_cli.encoders.base import Encoder, Vectors
from visrec_cli.encoders.opening import open_image_encoder, open_text_encoder
from visrec_cli.errors import UsageProblem
from visrec_cli.tables.spaces import Space, require_same_space

if TYPE_CHECKING:
    from PIL.Image import Image

BATCH = 32


def encode_picture(space: Space, pictures: "Sequence[Image]", *, device: str = "auto") -> Vectors:
    """RGB pictures as (n, d) float32 vectors of ``space``.

    Raises UsageProblem for a space that takes no pictures, SpaceMismatchError when the encoder here is not the one
    that made the space (other weights or preprocessing), UnavailableError when it cannot be had.
    """
    _require_family("image-encoder", space, "pictures", "embed-images")
    precise = "scaled_to" not in space.preprocessing
    encoder = open_image_encoder(space.encoder, device=device, normalise=space.normalised, precise=precise)
    _require_same(space, encoder)
    prepared = [encoder.prepare(picture) for picture in pictures]
    parts = [encoder.encode(prepared[start : start + BATCH]) for start in range(0, len(prepared), BATCH)]
    return np.concatenate(parts) if parts else np.zeros((0, space.dimension), np.float32)


def scaled_to(space: Space | None) -> int | None:
    """Pixels of the shorter side below which a query's JPEG must not be decoded, None where it is wanted whole.

    Of a space with several kinds of picture vectors, what is enough for all.
    """
    if space is None:
        return None
    if space.sources:
        sides = [scaled_to(s.space) for s in space.sources if s.space is not None and _takes_pictures(s.space)]
        return max(side for side in sides if side) if sides and all(sides) else None
    wanted = space.preprocessing.get("scaled_to")
    return wanted if isinstance(wanted, int) else None


def _takes_pictures(space: Space) -> bool:
    return any(_takes_pictures(s.space) for s in space.sources if s.space) or (
        not space.sources and space.kind in ("image", "joint")
    )


def encode_sentence(space: Space, texts: Sequence[str], *, device: str = "auto") -> Vectors:
    """Texts as (n, d) float32 vectors of ``space``; raises as encode_picture does."""
    _require_family("text-encoder", space, "text", "embed-text")
    encoder = open_text_encoder(space.encoder, device=device, normalise=space.normalised)
    _require_same(space, encoder)
    return encoder.encode_query(texts) if texts else np.zeros((0, space.dimension), np.float32)


def _require_family(family: str, space: Space, what: str, verb: str) -> None:
    name = space.encoder.partition(":")[0].split("+")[0]
    if name not in MENU[family]:
        raise UsageProblem(
            f"vectors of {space.encoder} cannot be compared with {what}",
            fix=f"add a column that can: visrec {verb}, or embed with a model for pictures and text (st:clip-ViT-B-32)",
        )


def _require_same(space: Space, encoder: Encoder) -> None:
    require_same_space(space, encoder.space, "the table", f"the encoder {encoder.spec} as it is here")
