"""Reasons tell what is damaged from what is not supported, in words of ours alone."""

import struct

import numpy as np
import pytest
from PIL import Image

from tests.conftest import saved
from visrec_cli.images.decoder import load_picture
from visrec_cli.images.reject_reasons import reason_of
from visrec_cli.images.sources import PictureError

SECRET = b"hunter2-the-password-of-root"


def noise(mode="RGB"):
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def reason(data):
    with pytest.raises(PictureError) as refusal:
        load_picture(data)
    return str(refusal.value)


def bmp_header(compression):
    return struct.pack("<IIIHHI", 40, 64, 64, 1, 24, compression)


def with_tag(data, tag, value):
    """A little-endian TIFF whose short tag has another value."""
    at = data.index(struct.pack("<HHI", tag, 3, 1))
    return data[: at + 8] + struct.pack("<H", value) + data[at + 10 :]


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"P1 ",
        b"P6\n",
        b"Pf\n",
        b"P3\n12 ",
        b"BM",
        b"GIF89a",
        b"II*\0",
        b"\0\0\1\0",
        b"RIFF1234WEBP",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"\0\0\0\x0cjP  ",
        b"\0\0\0\x18ftypavif",
        b"{",
        b"8BPS",
    ],
)
@pytest.mark.parametrize("secret", [SECRET, SECRET * 40])
def test_bytes_of_a_file_are_never_quoted(head, secret):
    said = reason(head + secret)
    assert not any(secret[at : at + 4].decode() in said for at in range(len(SECRET) - 3))
    assert said.isprintable()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xff\x0a" + bytes(60), "JPEG XL picture: the format is not supported"),
        (b"8BPS\0\1" + bytes(60), "Photoshop picture: the format is not supported"),
        (b"DDS |\0\0\0" + bytes(60), "DirectDraw picture: the format is not supported"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG picture: the format is not supported"),
        (b"II+\0\x08\0\0\0" + bytes(60), "big TIFF picture: the format is not supported"),
        (b"PF\n2 2\n-1.0\n" + bytes(48), "colour PFM picture: the format is not supported"),
        (b"#?RADIANCE\n" + bytes(60), "Radiance picture: the format is not supported"),
        (with_tag(saved(noise(), "TIFF"), 259, 34661), "TIFF in a compression that is not supported"),  # JBIG
        (with_tag(saved(noise(), "TIFF"), 259, 50002), "TIFF in a compression that is not supported"),  # JPEG XL
        (with_tag(saved(noise("L"), "TIFF"), 258, 24), "TIFF with pixels of a kind that is not supported"),
        (saved(noise(), "BMP").replace(bmp_header(0), bmp_header(4)), "BMP in a compression that is not supported"),
    ],
)  # fmt: skip
def test_what_may_be_whole_is_not_called_broken(data, said):
    assert reason(data) == said


@pytest.mark.parametrize(
    "compression", ["tiff_lzw", "tiff_deflate", "tiff_adobe_deflate", "packbits", "jpeg", "zstd", "lzma", "group4"]
)
def test_damaged_tiffs_are_called_so_and_libtiff_says_nothing(compression, capfd):
    data = saved(noise("1" if compression == "group4" else "RGB"), "TIFF", compression=compression)
    capfd.readouterr()
    rng, told = np.random.default_rng(1), set()
    for _ in range(40):
        broken = bytearray(data)
        for at in rng.integers(8, len(data) * 3 // 4, 40):
            broken[at] = rng.integers(0, 256)
        try:
            load_picture(bytes(broken))
        except PictureError as error:
            told.add(str(error))
    assert told <= {"broken TIFF", "truncated TIFF"}
    assert capfd.readouterr().err == ""


def test_the_words_of_a_library_are_not_passed_on():
    for error in (
        ValueError(f"bad header {SECRET!r}"),
        OSError(SECRET.decode()),
        RuntimeError("password 'x' required"),
    ):
        for head in (b"\x89PNG", b"P6", b"", b"nothing"):
            assert "hunter2" not in reason_of(error, head)
            assert "password" not in reason_of(error, head)
