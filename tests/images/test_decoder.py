import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageFile

from tests.conftest import saved
from visrec_cli.errors import InputError
from visrec_cli.images import decoder
from visrec_cli.images.decoder import load_picture
from visrec_cli.images.sources import PictureError


def noise(mode="RGB", size=(96, 64)):
    rng = np.random.default_rng(1)
    shape = (size[1], size[0], 3) if mode == "RGB" else (size[1], size[0])
    return Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8))


def png_header(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


class TestFormats:
    @pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM", "WEBP", "GIF", "JPEG2000", "AVIF", "JPEG", "ICO"])
    def test_every_format_gives_its_colour(self, kind):
        options = {"lossless": True} if kind == "WEBP" else {}
        picture = load_picture(saved(Image.new("RGB", (32, 32), (200, 40, 60)), kind, **options))
        assert (picture.mode, picture.size) == ("RGB", (32, 32))
        assert np.abs(np.array(picture.getpixel((16, 16))) - (200, 40, 60)).max() <= 4

    def test_content_counts_and_not_the_ending(self, tmp_path):
        path = tmp_path / "really-a-png.jpg"
        path.write_bytes(saved(Image.new("RGB", (2, 2), "lime"), "PNG"))
        assert load_picture(path).getpixel((0, 0)) == (0, 255, 0)
        assert load_picture(str(path)).getpixel((0, 0)) == (0, 255, 0)

    def test_first_frame_of_an_animation(self):
        frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "lime", "blue")]
        for kind in ("GIF", "PNG", "WEBP", "TIFF"):
            options = {"lossless": True} if kind == "WEBP" else {}
            data = saved(frames[0], kind, save_all=True, append_images=frames[1:], **options)
            red, green, _ = load_picture(data).getpixel((0, 0))
            assert (red, green) == (255, 0)

    def test_the_first_of_a_phones_two_pictures_in_one_jpeg(self):
        second = Image.new("RGB", (8, 8), "blue")
        data = saved(Image.new("RGB", (8, 8), "red"), "MPO", save_all=True, append_images=[second])
        assert load_picture(data).getpixel((4, 4)) == pytest.approx((255, 0, 0), abs=3)

    def test_no_metadata_is_carried_along(self):
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        data = saved(Image.new("RGB", (2, 2)), "PNG", icc_profile=srgb, dpi=(300, 300))
        assert load_picture(data).info == {}


class TestModes:
    def test_one_bit(self):
        image = Image.new("1", (2, 1), 0)
        image.putpixel((1, 0), 1)
        picture = load_picture(saved(image, "PNG"))
        assert [picture.getpixel((x, 0)) for x in (0, 1)] == [(0, 0, 0), (255, 255, 255)]

    def test_grey(self):
        assert load_picture(saved(Image.new("L", (2, 2), 77), "PNG")).getpixel((1, 1)) == (77, 77, 77)

    @pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
    def test_16_bit_grey_is_scaled_and_not_clipped(self, kind):
        image = Image.fromarray(np.array([[0, 257, 32896, 65535]], dtype=np.uint16))
        assert np.asarray(load_picture(saved(image, kind)))[0, :, 0].tolist() == [0, 1, 128, 255]

    def test_a_dark_16_bit_picture_stays_dark(self):
        image = Image.fromarray(np.full((2, 2), 200, dtype=np.uint16))
        assert load_picture(saved(image, "PNG")).getpixel((0, 0)) == (1, 1, 1)

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ([0, 51, 255], [0, 51, 255]),  # eight bits in a wide file
            ([0, 25700, 65535], [0, 100, 255]),  # sixteen bits in a wide file
            ([-100, 0, 100], [0, 128, 255]),  # no known range: from lowest to highest
            ([0, 1 << 20, 1 << 21], [0, 128, 255]),
        ],
    )
    def test_32_bit_integers(self, values, expected):
        image = Image.fromarray(np.array([values], dtype=np.int32))
        assert np.asarray(load_picture(saved(image, "TIFF")))[0, :, 1].tolist() == expected

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ([0.0, 0.2, 1.0], [0, 51, 255]),
            ([0.0, 51.0, 255.0], [0, 51, 255]),
            ([0.0, 25700.0, 65535.0], [0, 100, 255]),
            ([-1.0, 0.0, 3.0], [0, 64, 255]),
            ([float("nan"), 0.5, 1.0], [0, 128, 255]),
            ([7.5e5, 7.5e5, 7.5e5], [0, 0, 0]),
        ],
    )
    def test_floats(self, values, expected):
        image = Image.fromarray(np.array([values], dtype=np.float32))
        assert np.asarray(load_picture(saved(image, "TIFF")))[0, :, 2].tolist() == expected

    def test_alpha_lies_over_white(self):
        image = Image.new("RGBA", (3, 1))
        for x, alpha in enumerate((0, 128, 255)):
            image.putpixel((x, 0), (255, 0, 0, alpha))
        picture = load_picture(saved(image, "PNG"))
        assert [picture.getpixel((x, 0)) for x in range(3)] == [(255, 255, 255), (255, 127, 127), (255, 0, 0)]

    def test_grey_with_alpha(self):
        image = Image.new("LA", (2, 1), (0, 0))
        image.putpixel((1, 0), (0, 255))
        picture = load_picture(saved(image, "PNG"))
        assert [picture.getpixel((x, 0)) for x in range(2)] == [(255, 255, 255), (0, 0, 0)]

    def test_palette_with_transparency(self):
        image = Image.new("P", (3, 1))
        image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
        for x in range(3):
            image.putpixel((x, 0), x)
        one = load_picture(saved(image, "PNG", transparency=1))
        assert [one.getpixel((x, 0)) for x in range(3)] == [(255, 0, 0), (255, 255, 255), (0, 0, 255)]
        several = load_picture(saved(image, "PNG", transparency=bytes([0, 255, 128])))
        assert [several.getpixel((x, 0)) for x in range(3)] == [(255, 255, 255), (0, 255, 0), (127, 127, 255)]

    def test_transparent_colour_of_rgb(self):
        image = Image.new("RGB", (2, 1), (1, 2, 3))
        image.putpixel((1, 0), (9, 9, 9))
        picture = load_picture(saved(image, "PNG", transparency=(1, 2, 3)))
        assert [picture.getpixel((x, 0)) for x in range(2)] == [(255, 255, 255), (9, 9, 9)]

    @pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
    def test_cmyk(self, kind):
        picture = load_picture(saved(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), kind, quality=100))
        assert np.abs(np.array(picture.getpixel((4, 4))) - (255, 0, 0)).max() <= 3

    def test_ycbcr_and_lab(self):
        for mode, grey in (("YCbCr", (128, 128, 128)), ("LAB", (136, 128, 128))):
            picture = load_picture(saved(Image.new(mode, (8, 8), grey), "TIFF"))
            assert np.abs(np.array(picture.getpixel((4, 4))).astype(int) - 128).max() <= 8


class TestOrientation:
    @pytest.mark.parametrize("turn", range(1, 9))
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
    def test_all_eight_ways_end_upright(self, kind, turn):
        # EXIF 2.32, 4.6.5: 6 is a picture whose row 0 is seen at the right, so it was stored turned to the left.
        upright = np.zeros((16, 32, 3), np.uint8)
        upright[:8, :16] = 255
        store = {
            1: lambda a: a,
            2: lambda a: a[:, ::-1],
            3: lambda a: a[::-1, ::-1],
            4: lambda a: a[::-1],
            5: lambda a: a.swapaxes(0, 1),
            6: lambda a: np.rot90(a, 1),
            7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
            8: lambda a: np.rot90(a, -1),
        }[turn]
        exif = Image.Exif()
        exif[0x0112] = turn
        image = Image.fromarray(np.ascontiguousarray(store(upright)))
        options = {"tiffinfo": {0x0112: turn}} if kind == "TIFF" else {"exif": exif}
        picture = load_picture(saved(image, kind, **options))
        assert picture.size == (32, 16)
        assert np.abs(np.asarray(picture, dtype=int) - upright).max() <= 16

    @pytest.mark.filterwarnings("ignore:Corrupt EXIF")  # as decoder.py does outside of tests
    def test_broken_exif_does_not_cost_the_picture(self):
        data = saved(Image.new("RGB", (8, 8), "white"), "JPEG", exif=b"Exif\0\0II*\0garbage garbage")
        assert load_picture(data).getpixel((0, 0)) == (255, 255, 255)


class TestBroken:
    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"", "empty file"),
            (b"<!DOCTYPE html><html>", "^not a picture: a web page$"),
            (b"\x00\x01\x02\x03" * 9, "^not a picture: its first bytes are of no known format$"),
            (b"\xff\xd8\xff\xe0" + b"\0" * 99, "broken JPEG"),
            (b"\0\0\0\x18ftypheic" + b"\0" * 99, "HEIC"),
            (b"%PDF-1.7", "^not a picture: a PDF$"),
        ],
    )
    def test_what_is_no_picture(self, data, reason):
        with pytest.raises(PictureError, match=reason):
            load_picture(data)

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "TIFF", "BMP", "PPM", "WEBP", "AVIF", "JPEG2000"])
    @pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
    def test_truncated_files_are_refused_and_never_half_shown(self, kind, share):
        data = saved(noise(), kind)
        with pytest.raises(PictureError, match=f"(truncated|broken) {kind}"):
            load_picture(data[: int(len(data) * share)])

    def test_a_setting_of_another_library_does_not_let_half_pictures_in(self, monkeypatch):
        monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
        data = saved(noise(), "JPEG")
        with pytest.raises(PictureError, match="truncated JPEG"):
            load_picture(data[: len(data) // 2])

    @pytest.mark.parametrize(
        "raised",
        [
            SyntaxError("bad"), TypeError("bad"), ValueError("bad"), RuntimeError("bad"), OSError("bad"),
            struct.error("bad"), Image.DecompressionBombError("bad"), MemoryError(), KeyError("bad"), IndexError("bad"),
            EOFError("bad"), ZeroDivisionError("bad"), AssertionError(), OverflowError("bad"), NotImplementedError("x"),
        ],
    )  # fmt: skip
    def test_whatever_the_decoder_raises_is_one_kind_of_error(self, monkeypatch, raised):
        def fail(*_args, **_kwargs):
            raise raised

        monkeypatch.setattr(decoder.Image, "open", fail)
        with pytest.raises(PictureError) as refusal:
            load_picture(saved(noise(), "PNG"))
        assert "PNG" in str(refusal.value)
        assert isinstance(refusal.value, InputError)

    def test_missing_folder_and_address(self, tmp_path):
        for source, reason in (
            (tmp_path / "no.jpg", "no such file"),
            (tmp_path, "a folder"),
            ("https://example.com/a.jpg", "a web address"),
        ):
            with pytest.raises(PictureError, match=reason):
                load_picture(source)

    @given(
        at=st.integers(0, 5000), value=st.integers(0, 255), kind=st.sampled_from(["JPEG", "PNG", "GIF", "TIFF", "WEBP"])
    )
    def test_one_wrong_byte_gives_a_picture_or_a_picture_error(self, at, value, kind):
        data = bytearray(saved(noise(size=(24, 24)), kind))
        data[at % len(data)] = value
        try:
            outcome = load_picture(bytes(data)).mode
        except PictureError as error:
            outcome = str(error)
        assert outcome == "RGB" or (5 < len(outcome) < 200 and outcome.isprintable())


class TestSize:
    def test_a_giant_is_refused_before_it_is_decoded(self):
        with pytest.raises(PictureError, match="PNG says 60000x60000: 3600 megapixels, over the limit of 200"):
            load_picture(png_header(60000, 60000))

    def test_the_limit_is_the_callers(self):
        data = saved(Image.new("RGB", (100, 100)), "PNG")
        assert load_picture(data, max_megapixels=0.01).size == (100, 100)
        with pytest.raises(PictureError, match=r"over the limit of 0\.0099"):
            load_picture(data, max_megapixels=0.0099)

    def test_between_pillows_warning_and_our_limit_nothing_is_said(self):
        # 90 megapixels: Pillow alone would warn, which fails any test here
        with pytest.raises(PictureError, match=r"(truncated|broken) PNG"):
            load_picture(png_header(10000, 9000))

    def test_a_giant_inside_an_icon(self):
        inner = png_header(30000, 30000)
        icon = struct.pack("<HHHBBBBHHII", 0, 1, 1, 16, 16, 0, 0, 1, 32, len(inner), 22) + inner
        with pytest.raises(PictureError, match="30000x30000"):
            load_picture(icon)

    def test_a_giant_frame_in_a_small_gif(self):
        data = bytearray(saved(Image.new("P", (4, 4)), "GIF"))
        at = data.index(b"\x2c")
        data[at + 5 : at + 9] = struct.pack("<HH", 60000, 60000)
        with pytest.raises(PictureError, match="megapixels"):
            load_picture(bytes(data))

    def test_jpeg_may_be_decoded_smaller_where_that_will_do(self):
        data = saved(Image.new("RGB", (800, 400), (10, 200, 90)), "JPEG")
        assert load_picture(data, at_least=(100, 50)).size == (100, 50)
        assert load_picture(data, at_least=(101, 50)).size == (200, 100)
        assert load_picture(data).size == (800, 400)

    def test_a_picture_on_its_side_is_asked_for_upright(self):
        exif = Image.Exif()
        exif[0x0112] = 6
        data = saved(Image.new("RGB", (800, 400)), "JPEG", exif=exif)
        assert load_picture(data, at_least=(50, 100)).size == (50, 100)


def test_a_jpeg_2000_that_ends_where_its_data_begins_is_no_black_picture() -> None:
    whole = saved(Image.new("RGB", (32, 32), (240, 10, 20)), "JPEG2000")
    for end in range(len(whole)):
        with pytest.raises(PictureError):
            load_picture(whole[:end])
