"""The encoder of a table's space, opened and checked, for query pictures and texts."""

from visrec_cli.encoders.base import Encoder, ImageEncoder, TextEncoder
from visrec_cli.encoders.factory import open_image_encoder, open_text_encoder
from visrec_cli.errors import UsageError
from visrec_cli.registry import has
from visrec_cli.tables.compatibility import follows_profiles, require_same_space
from visrec_cli.tables.spaces import Space


def picture_encoder(space: Space, *, device: str = "auto") -> ImageEncoder:
    """What makes vectors of ``space`` of pictures, with their colour profiles followed or not, as it says.

    Raises UsageError for a space that takes no pictures, SpaceMismatchError when the encoder here is not the one
    that made the space (other weights or preprocessing), UnavailableError when it cannot be had.
    """
    _require_family("image-encoder", space, "pictures", "embed-images")
    precise = "scaled_to" not in space.preprocessing
    encoder = open_image_encoder(
        space.encoder, device=device, normalise=space.normalised, precise=precise, profiles=follows_profiles(space)
    )
    _require_same(space, encoder)
    return encoder


def text_encoder(space: Space, *, device: str = "auto") -> TextEncoder:
    """What makes vectors of ``space`` of texts; raises as picture_encoder does."""
    _require_family("text-encoder", space, "text", "embed-text")
    encoder = open_text_encoder(
        space.encoder, device=device, normalise=space.normalised, profiles=follows_profiles(space)
    )
    _require_same(space, encoder)
    return encoder


def _require_family(family: str, space: Space, what: str, verb: str) -> None:
    name = space.encoder.partition(":")[0].split("+")[0]
    if not has(family, name):
        known = has("image-encoder", name) or has("text-encoder", name) or space.sources
        raise UsageError(
            f"vectors of {space.encoder} cannot be compared with {what}"
            + ("" if known else ": no encoder of that name is installed here"),
            fix=("" if known else "install the plug-in that has it; or ")
            + f"add a column that can: visrec {verb}, or embed with a model for pictures and text (st:clip-ViT-B-32)",
        )


def _require_same(space: Space, encoder: Encoder) -> None:
    require_same_space(space, encoder.space, "the table", f"the encoder {encoder.spec} as it is here")
