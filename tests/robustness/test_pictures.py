"""Pictures and archives whose bytes changed: a reason that a person understands, and never another exception."""

import io
import tarfile
import zipfile
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

import visrec_cli as visrec
from tests import profiles
from tests.conftest import COLOURS, draw
from tests.robustness.mutations import changed_bytes, rng, rounds
from tests.robustness.outcomes import survey
from visrec_cli.images.decoder import load_picture

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "AVIF", "JPEG2000", "ICO", "PPM")
PROFILES = {
    "adobe": profiles.rgb(profiles.ADOBE, profiles.gamma(2.2)),
    "programs": profiles.rgb(profiles.P3, profiles.srgb_curve, points=64, steps=5),
    "inks": profiles.cmyk(lambda c, m, y, k: (100 * (1 - k), -40 * c, 60 * y)),
}
ARCHIVES = ("s.zip", "s.tar", "s.tgz", "s.tar.xz", "s.tar.bz2")


def saved(format: str, size: int = 32) -> bytes:
    raw, picture = io.BytesIO(), draw("disc", COLOURS["red"], size=size)
    more = (
        {"exif": Image.Exif().tobytes()}
        if format == "JPEG"
        else {"compression": "tiff_lzw"}
        if format == "TIFF"
        else {}
    )
    picture.save(raw, format, **more)
    return raw.getvalue()


def packed(name: str) -> bytes:
    raw = io.BytesIO()
    members = {f"imgs/{colour}.png": draw("disc", rgb, size=16) for colour, rgb in COLOURS.items()}
    contents = {"notes.txt": b"words"}
    for member, picture in members.items():
        one = io.BytesIO()
        picture.save(one, "PNG")
        contents[member] = one.getvalue()
    if name.endswith("zip"):
        with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as file:
            for member, data in contents.items():
                file.writestr(member, data)
        return raw.getvalue()
    kind = {"s.tar": "w", "s.tgz": "w:gz", "s.tar.xz": "w:xz", "s.tar.bz2": "w:bz2"}[name]
    with tarfile.open(fileobj=raw, mode=kind) as tar:
        for member, data in contents.items():
            info = tarfile.TarInfo(member)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return raw.getvalue()


@pytest.mark.parametrize("format", FORMATS)
def test_a_picture_that_changed(format: str) -> None:
    whole = saved(format)
    assert load_picture(whole).size == (32, 32)
    cases = ((number, changed_bytes(whole, rng(format, number))) for number in rounds(len(FORMATS)))
    survey((f"round {number}", partial(load_picture, content, max_megapixels=4)) for number, content in cases)


@pytest.mark.parametrize("name", PROFILES)
def test_a_colour_profile_that_changed(name: str) -> None:
    """The picture is used, whatever its profile says."""
    whole, picture = PROFILES[name], draw("disc", COLOURS["red"], size=8).convert("CMYK" if name == "inks" else "RGB")

    def use(profile: bytes) -> None:
        raw = io.BytesIO()
        picture.save(raw, "TIFF", icc_profile=profile)
        assert load_picture(raw.getvalue()).size == (8, 8)

    use(whole)
    for number in rounds(10 if name == "inks" else 2):  # a transform of inks takes ten times as long; none is refused
        use(changed_bytes(whole, rng(name, number)))


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_that_changed(tmp_path: Path, name: str) -> None:
    """All its pictures are used or rejected; the whole archive is refused, or the end of it is."""
    whole, path = packed(name), tmp_path / name

    def use(content: bytes) -> None:
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        visrec.preprocess(str(path), threads=1).read_all()

    use(whole)
    cases = ((number, changed_bytes(whole, rng(name, number))) for number in rounds(len(ARCHIVES)))
    survey((f"round {number}", partial(use, content)) for number, content in cases)
