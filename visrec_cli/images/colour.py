"""Embedded colour profiles: their colours in sRGB, by LittleCMS. A picture without a profile is taken for sRGB.

Only ICC profiles count, as in browsers: neither what EXIF says of a camera's Adobe RGB, nor PNG's gAMA, cHRM and cICP.
"""

import hashlib
import io
import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

CONVERTED, UNUSABLE = "converted", "unusable"
NOTE = "visrec.colour"
"""Where the ``info`` of a decoded picture says what became of its profile; absent where nothing did."""

SAME = 2
"""Levels of 255 by which sRGB may be off and still be sRGB, so that its pixels stay as they are.

The sRGB profiles of many makers, from 410 bytes to 60 kB, differ from one another by 1 (rounded primaries, curves as
tables); skcms, which Chrome uses, allows 1 too. Of other spaces Adobe RGB comes nearest: 9 levels, on greys.
"""
_LARGEST = 16 << 20  # bytes of a profile; those of presses have 2 MB
PngImagePlugin.MAX_TEXT_CHUNK = _LARGEST  # Pillow refuses the whole picture where its profile has more than 1 MiB
_TAGS = 100  # LittleCMS reads no more of a profile
_KEPT = 32
_CLASSES = ("mntr", "scnr", "prtr", "spac")  # profiles of devices and spaces; others turn colours into effects
_INTENT, _FLAGS = ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION


@dataclass(frozen=True)
class Colours:
    """How a picture's pixels become RGB. note: CONVERTED, UNUSABLE or None. mode: of what the transform takes."""

    note: str | None = None
    transform: ImageCms.ImageCmsTransform | None = None
    mode: str = "RGB"

    def to_rgb(self, image: Image.Image) -> Image.Image:
        """A copy as 8-bit RGB; transparency is dropped. Thread-safe."""
        copy = image.convert(self.mode)
        return copy if self.transform is None else self.transform.apply(copy, copy if self.mode == "RGB" else None)


AS_THEY_ARE = Colours()
_UNUSABLE = Colours(UNUSABLE)


def colours_of(image: Image.Image) -> Colours:
    """What the picture's own profile asks for. One that is broken, or of another kind of picture, is passed over."""
    if "icc_profile" not in image.info or image.mode == "LAB":  # Lab needs no profile; Pillow converts it
        return AS_THEY_ARE
    profile = image.info["icc_profile"]
    if not isinstance(profile, bytes) or not 0 < len(profile) <= _LARGEST:  # None: the file's parts do not fit together
        return _UNUSABLE
    return _KNOWN.get(profile, _kind_of(image.mode))


def _kind_of(mode: str) -> str:
    return mode if mode == "CMYK" else "grey" if mode[0] in "1LIF" else "RGB"


class _Known:
    """The transforms of the profiles that came last: building one takes longer than a small picture does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[bytes, str], Colours] = OrderedDict()

    def get(self, profile: bytes, kind: str) -> Colours:
        key = (hashlib.sha256(profile).digest(), kind)
        with self._lock:  # also while it is built: other threads are likely to want the same
            if key not in self._kept:
                self._kept[key] = _built(profile, kind)
                if len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]


_KNOWN = _Known()


def _built(profile: bytes, kind: str) -> Colours:
    """kind: "grey", "RGB" or "CMYK", what the picture is. A grey one may have a profile for RGB, as many JPEGs do."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(_without_programs(profile)))
        space = source.profile.xcolor_space.strip()
        if source.profile.device_class not in _CLASSES or space not in {"grey": ("GRAY", "RGB")}.get(kind, (kind,)):
            return _UNUSABLE
        mode = "L" if space == "GRAY" else space
        transform = ImageCms.ImageCmsTransform(
            source, ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")), mode, "RGB", _INTENT, flags=_FLAGS
        )
        colours = Colours(CONVERTED, transform, mode)
        return AS_THEY_ARE if kind != "CMYK" and _changes_nothing(colours, kind) else colours
    except Exception:  # LittleCMS has no classes for what is wrong; a build of Pillow without it has ImportError
        return _UNUSABLE


def _without_programs(profile: bytes) -> bytes:
    """The profile without its D2B tags, which whoever does not know them must do without (ICC.1:2010, 9.2).

    They hold any number of steps in floating point: 1 MB of them kept LittleCMS busy for minutes.
    """
    data = bytearray(profile)
    for at in range(132, 132 + 12 * min(int.from_bytes(data[128:132]), _TAGS), 12):
        if data[at : at + 3] == b"D2B":
            data[at : at + 3] = b"d2b"
    return bytes(data)


def _changes_nothing(colours: Colours, kind: str) -> bool:
    """Whether greys of all levels, and for colour pictures a grid of colours, stay within SAME of what they were."""
    levels = np.arange(256, dtype=np.uint8)
    samples = [np.stack([levels] * 3, axis=-1)[None]]
    if kind == "RGB":
        steps = np.arange(0, 256, 15, dtype=np.uint8)
        samples.append(np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3))
    return all(
        np.abs(np.asarray(colours.to_rgb(Image.fromarray(one)), np.int16) - one).max() <= SAME for one in samples
    )
