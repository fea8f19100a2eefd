"""Examination of one picture, decoded once: quality, fingerprints, normalisation."""

import io
from dataclasses import dataclass

from PIL import Image

from visrec_cli.errors import UsageError
from visrec_cli.images.colour import NOTE
from visrec_cli.images.decoder import decoded
from visrec_cli.images.fingerprints import Fingerprint, fingerprint_of
from visrec_cli.images.geometry import MODES, TRIMS, parse_colour, parse_size, resize, trim
from visrec_cli.images.quality import Quality, quality_of
from visrec_cli.images.sources import PictureError
from visrec_cli.options.pictures import TreatmentOptions

STORES = ("jpeg", "png")


@dataclass(frozen=True)
class Treatment(TreatmentOptions):
    """A treatment that has been checked.

    Raises
    ------
    UsageError
        Unknown words, sizes or colours, or options that contradict each other.
    """

    def __post_init__(self) -> None:
        for name, value, known in (
            ("trim", self.trim, TRIMS),
            ("mode", self.mode, MODES),
            ("store", self.store, STORES),
        ):
            if value is not None and value not in known:
                raise UsageError(f"unknown --{name} {value!r}", fix="use one of: " + ", ".join(known))
        if self.resize is not None:
            parse_size(self.resize)
        if (self.resize is not None or self.trim != "none") and self.store is None:
            raise UsageError(
                "resized or trimmed pictures must be stored", fix="add --store jpeg (or png) to the command"
            )
        if self.mode != "fit" and self.resize is None:
            raise UsageError(f"--mode {self.mode} needs a size", fix="add --resize 512")
        if not 1 <= self.jpeg_quality <= 100:
            raise UsageError(f"JPEG quality {self.jpeg_quality} is not within 1 to 100")
        parse_colour(self.pad_colour)


@dataclass(frozen=True, slots=True)
class Examined:
    """What is kept of one picture: numbers about its source, and the normalised picture if it is to be stored.

    colour: what became of its colour profile (see images.colour).
    """

    quality: Quality
    fingerprint: Fingerprint
    stored: bytes | None
    colour: str | None = None


def examine(source: str | bytes, treatment: Treatment) -> Examined | PictureError:
    """Decode, measure and normalise one picture, by its path or its bytes. An unusable one is returned as the error
    that says why."""
    try:
        with decoded(source, max_megapixels=treatment.max_megapixels) as picture:
            stored = encode(normalised(picture, treatment), treatment) if treatment.store else None
            return Examined(quality_of(picture), fingerprint_of(picture), stored, picture.info.get(NOTE))
    except PictureError as error:
        return error


def normalised(picture: Image.Image, treatment: Treatment) -> Image.Image:
    """The picture trimmed, then resized."""
    picture = trim(picture, treatment.trim)
    if treatment.resize is None:
        return picture
    return resize(picture, parse_size(treatment.resize), treatment.mode, parse_colour(treatment.pad_colour))


def encode(picture: Image.Image, treatment: Treatment) -> bytes:
    """The bytes of a JPEG or PNG file in sRGB, without any metadata: the same pixels give the same bytes."""
    file = io.BytesIO()
    if treatment.store == "png":
        picture.save(file, "PNG")
    else:
        picture.save(file, "JPEG", quality=treatment.jpeg_quality, subsampling=0 if treatment.jpeg_quality > 90 else 2)
    return file.getvalue()
