"""Pictures with a colour profile are read in sRGB; those in sRGB already, or without one, stay as they are."""

import os
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from tests import profiles
from tests.conftest import saved
from visrec_cli.images import colour, pixels
from visrec_cli.images.colour import CONVERTED, NOTE, UNUSABLE
from visrec_cli.images.decoder import decoded, load_picture

DISPLAY_P3 = profiles.rgb(profiles.P3, profiles.srgb_curve)
ADOBE_RGB = profiles.rgb(profiles.ADOBE, profiles.gamma(563 / 256))
LINEAR_GREY = profiles.grey(profiles.gamma(1))
PAPER, CYAN, BLACK = (100, 0, 0), (55, -37, -50), (16, 0, 0)
INKS = profiles.cmyk(lambda c, m, y, k: BLACK if k else CYAN if c else PAPER)
SRGB = {
    "of LittleCMS": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    "made here": profiles.rgb(profiles.SRGB, profiles.srgb_curve),
    "with curves of 128 points": profiles.rgb(profiles.SRGB, profiles.srgb_curve, points=128, name="c2"),
}


def noise(mode="RGB"):
    values = np.random.default_rng(3).integers(0, 256, (31, 43, 4), dtype=np.uint8)
    return Image.fromarray(values).convert(mode)


def outcome(data):
    with decoded(data) as picture:
        return picture.info.get(NOTE)


def of_one(colour, kind="PNG", mode="RGB", **options):
    """The middle of a picture of one colour, as it is read."""
    return load_picture(saved(Image.new(mode, (16, 16), colour), kind, **options)).getpixel((8, 8))


class TestColours:
    @pytest.mark.parametrize("shown", [(200, 60, 60), (90, 160, 70), (20, 40, 200), (128, 128, 128), (250, 240, 90)])
    def test_as_the_formulas_have_them(self, shown):
        for profile, space in (
            (DISPLAY_P3, (profiles.P3, profiles.srgb_curve)),
            (ADOBE_RGB, (profiles.ADOBE, profiles.gamma(563 / 256))),
        ):
            assert of_one(shown, icc_profile=profile) == pytest.approx(profiles.expected(shown, *space), abs=1)

    def test_well_known_ones(self):
        # CSS Color 4: sRGB's red is color(display-p3 0.917 0.200 0.139). Adobe's red is sRGB's, its 219 sRGB's 255
        assert of_one((234, 51, 35), icc_profile=DISPLAY_P3) == pytest.approx((255, 0, 0), abs=2)
        assert of_one((144, 255, 60), icc_profile=ADOBE_RGB) == pytest.approx((0, 255, 0), abs=4)
        assert of_one((219, 0, 0), icc_profile=ADOBE_RGB) == pytest.approx((255, 0, 0), abs=1)
        assert of_one((255, 255, 255), icc_profile=ADOBE_RGB) == (255, 255, 255)

    def test_programs_in_a_profile_are_not_run(self):
        large = profiles.rgb(profiles.P3, profiles.srgb_curve, steps=100_000)  # LittleCMS alone took minutes
        assert of_one((234, 51, 35), icc_profile=large) == pytest.approx((255, 0, 0), abs=2)
        steps = profiles.rgb(profiles.P3, profiles.srgb_curve, steps=3)
        assert outcome(saved(noise(), icc_profile=steps)) == CONVERTED

    def test_beyond_srgb_the_nearest(self):
        assert of_one((255, 0, 0), icc_profile=DISPLAY_P3) == (255, 0, 0)

    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
    def test_by_a_profile_of_more_than_a_megabyte(self, kind):
        large = ADOBE_RGB + os.urandom(3 << 20)
        wanted = profiles.expected((200, 60, 60), profiles.ADOBE, profiles.gamma(2.2))
        assert of_one((200, 60, 60), kind, icc_profile=large, quality=100) == pytest.approx(wanted, abs=4)

    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "AVIF", "MPO"])
    def test_in_every_format_that_carries_a_profile(self, kind):
        exact = {"WEBP": {"lossless": True}, "AVIF": {"quality": 100}, "JPEG": {"quality": 100}, "MPO": {"quality": 95}}
        found = of_one((200, 60, 60), kind, icc_profile=ADOBE_RGB, **exact.get(kind, {}))
        assert found == pytest.approx(profiles.expected((200, 60, 60), profiles.ADOBE, profiles.gamma(2.2)), abs=4)

    def test_in_the_heic_of_a_phone(self):
        pytest.importorskip("pillow_heif").register_heif_opener()
        found = of_one((200, 60, 60), "HEIF", icc_profile=ADOBE_RGB, quality=-1)
        assert found == pytest.approx(profiles.expected((200, 60, 60), profiles.ADOBE, profiles.gamma(2.2)), abs=6)

    def test_the_reader_may_pass_over_them(self):
        data = saved(noise(), icc_profile=ADOBE_RGB)
        assert load_picture(data, profiles=False).tobytes() == noise().tobytes() != load_picture(data).tobytes()


class TestUntouched:
    @pytest.mark.parametrize("profile", SRGB.values(), ids=SRGB.keys())
    @pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1"])
    def test_srgb_whoever_made_it(self, profile, mode):
        with_profile, without = saved(noise(mode), icc_profile=profile), saved(noise(mode))
        assert load_picture(with_profile).tobytes() == load_picture(without).tobytes()
        assert outcome(with_profile) is None

    def test_grey_with_the_curve_of_srgb_and_grey_in_p3(self):
        for profile in (profiles.grey(profiles.srgb_curve), DISPLAY_P3):  # P3 has sRGB's curve and white
            data = saved(noise("L"), icc_profile=profile)
            assert (load_picture(data).tobytes(), outcome(data)) == (noise("L").convert("RGB").tobytes(), None)

    def test_what_only_exif_or_pngs_own_chunks_say(self):
        exif = Image.Exif()
        exif[0xA001] = 65535  # ColorSpace: uncalibrated
        exif.get_ifd(0xA005)[1] = "R03"  # of cameras in Adobe RGB
        data = saved(noise(), "PNG", exif=exif)
        at = data.index(b"IDAT") - 4
        chunk = b"gAMA" + (100_000).to_bytes(4)  # linear
        with_gamma = data[:at] + b"\0\0\0\4" + chunk + zlib.crc32(chunk).to_bytes(4) + data[at:]
        for one in (data, with_gamma):
            assert (load_picture(one).tobytes(), outcome(one)) == (noise().tobytes(), None)


class TestModes:
    def test_grey(self):
        lit = round(255 * profiles.stored_in_srgb(128 / 255))  # 188
        assert of_one(128, mode="L", icc_profile=LINEAR_GREY) == pytest.approx((lit,) * 3, abs=1)
        deep = saved(Image.fromarray(np.full((4, 4), 128 * 257, np.uint16)), icc_profile=LINEAR_GREY)
        assert load_picture(deep).getpixel((0, 0)) == pytest.approx((lit,) * 3, abs=1)

    def test_grey_of_gamma_two_point_two_is_nearly_srgb(self):
        data = saved(
            Image.fromarray(np.arange(256, dtype=np.uint8)[None]), icc_profile=profiles.grey(profiles.gamma(2.2))
        )
        moved = np.abs(np.asarray(load_picture(data), int)[0, :, 0] - np.arange(256))
        assert (outcome(data), moved.max() <= 9, moved[100:].max() <= 2) == (CONVERTED, True, True)

    @pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "P", "RGB"])
    def test_transparent_parts_stay_white_and_the_others_are_converted(self, mode):
        profile = LINEAR_GREY if mode == "LA" else ADOBE_RGB
        shown = Image.new("RGBA", (2, 1), (128, 128, 128, 0) if mode == "LA" else (200, 60, 60, 0))
        shown.putpixel((1, 0), (100, 100, 100, 255) if mode == "LA" else (100, 160, 90, 255))
        if mode in ("P", "RGB"):
            shown = shown.convert("RGB")
            data = saved(shown.quantize(2), icc_profile=profile, transparency=shown.quantize(2).getpixel((0, 0)))
            if mode == "RGB":
                data = saved(shown, icc_profile=profile, transparency=(200, 60, 60))
        else:
            data = saved(shown.convert(mode), "TIFF" if mode == "PA" else "PNG", icc_profile=profile)
        opaque = load_picture(saved(shown.convert("L" if mode == "LA" else "RGB"), icc_profile=profile))
        picture = load_picture(data)
        assert picture.getpixel((0, 0)) == (255, 255, 255)
        assert picture.getpixel((1, 0)) == opaque.getpixel((1, 0)) != shown.convert("RGB").getpixel((1, 0))

    def test_half_transparent_is_mixed_after_the_conversion(self):
        data = saved(Image.new("RGBA", (1, 1), (200, 60, 60, 128)), icc_profile=ADOBE_RGB)
        solid = np.array(of_one((200, 60, 60), icc_profile=ADOBE_RGB))
        assert load_picture(data).getpixel((0, 0)) == pytest.approx(solid * 128 / 255 + 127, abs=1)

    @pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
    def test_inks_as_their_profile_has_them_and_else_as_pillow_does(self, kind):
        options = {"quality": 100} if kind == "JPEG" else {}
        plain = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
        assert load_picture(saved(plain, kind, **options)).getpixel((8, 8)) == pytest.approx((0, 255, 255), abs=2)
        lab = ImageCms.createProfile("LAB")
        to_rgb = ImageCms.buildTransform(lab, ImageCms.createProfile("sRGB"), "LAB", "RGB")
        for inks, (light, a, b) in (((255, 0, 0, 0), CYAN), ((0, 0, 0, 0), PAPER)):
            shown = Image.new("LAB", (1, 1), (round(light * 2.55), a + 128, b + 128))
            wanted = ImageCms.applyTransform(shown, to_rgb).getpixel((0, 0))
            assert of_one(inks, kind, "CMYK", icc_profile=INKS, **options) == pytest.approx(wanted, abs=5)
        black = of_one((0, 0, 0, 255), kind, "CMYK", icc_profile=INKS, **options)
        assert max(black) <= 3  # as dark as a press can print is as dark as a screen can show

    def test_lab_needs_no_profile(self):
        lab = ImageCms.profileToProfile(
            Image.new("RGB", (4, 4), (200, 60, 60)), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"),
            outputMode="LAB",
        )  # fmt: skip
        for options in ({}, {"icc_profile": ADOBE_RGB}):
            assert load_picture(saved(lab, "TIFF", **options)).getpixel((0, 0)) == pytest.approx((200, 60, 60), abs=3)


UNFIT = {
    "bytes of anything": b"no profile at all, only words" * 20,
    "one of its head": DISPLAY_P3[:100],
    "one cut in its table": DISPLAY_P3[:140],
    "one for inks": INKS,
    "one for greys": LINEAR_GREY,
    "one that links two devices": DISPLAY_P3[:12] + b"link" + DISPLAY_P3[16:],
    "one of names": DISPLAY_P3[:12] + b"nmcl" + DISPLAY_P3[16:],
}


class TestUnusable:
    @pytest.mark.parametrize("profile", UNFIT.values(), ids=UNFIT.keys())
    @pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
    def test_the_pixels_are_read_as_srgb_and_nothing_reaches_the_screen(self, profile, mode, capfd):
        data = saved(noise(mode), icc_profile=profile)
        assert load_picture(data).tobytes() == load_picture(saved(noise(mode))).tobytes()
        assert outcome(data) == UNUSABLE
        assert capfd.readouterr() == ("", "")

    def test_one_for_rgb_in_a_picture_of_inks(self):
        data = saved(noise("CMYK"), "TIFF", icc_profile=ADOBE_RGB)
        assert load_picture(data).tobytes() == load_picture(saved(noise("CMYK"), "TIFF")).tobytes()
        assert outcome(data) == UNUSABLE

    def test_parts_of_it_are_missing(self):
        whole = profiles.rgb(profiles.P3, profiles.srgb_curve, points=30000)  # three parts in a JPEG
        data = saved(noise(), "JPEG", icc_profile=whole)
        at = data.index(b"ICC_PROFILE\0\2") - 4
        lost = data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4]) :]
        assert outcome(data) == CONVERTED
        assert (outcome(lost), load_picture(lost).size) == (UNUSABLE, (43, 31))

    def test_one_of_a_size_that_no_profile_has(self):
        assert outcome(saved(noise(), "TIFF", icc_profile=DISPLAY_P3 + bytes(17 << 20))) == UNUSABLE

    def test_a_pillow_without_littlecms(self, monkeypatch):
        monkeypatch.setattr(colour, "_KNOWN", colour._Known())
        monkeypatch.setattr(ImageCms, "core", None)
        assert outcome(saved(noise(), icc_profile=DISPLAY_P3)) == UNUSABLE

    @given(at=st.integers(0, len(ADOBE_RGB) - 1), value=st.binary(min_size=1, max_size=4))
    def test_wrong_bytes_give_a_picture_all_the_same(self, at, value):
        profile = ADOBE_RGB[:at] + value + ADOBE_RGB[at + len(value) :]
        assert load_picture(saved(noise(), "TIFF", icc_profile=profile)).size == (43, 31)


def test_strips_change_no_bit(monkeypatch):
    made = [saved(noise(mode), "TIFF", icc_profile=ADOBE_RGB) for mode in ("RGB", "RGBA")]
    made += [saved(noise("L"), icc_profile=LINEAR_GREY), saved(noise("CMYK"), "TIFF", icc_profile=INKS)]
    whole = [load_picture(data).tobytes() for data in made]
    monkeypatch.setattr(pixels, "_BAND_PIXELS", 100)
    assert [load_picture(data).tobytes() for data in made] == whole


def test_threads_share_transforms_and_get_the_same(monkeypatch):
    monkeypatch.setattr(colour, "_KNOWN", colour._Known())
    made = [
        saved(noise(mode), "TIFF", icc_profile=profile)
        for mode, profile in (("RGB", DISPLAY_P3), ("RGB", ADOBE_RGB), ("L", LINEAR_GREY), ("CMYK", INKS))
    ]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda data: load_picture(data).tobytes(), made * 50))
    assert found == [load_picture(data).tobytes() for data in made] * 50
    assert len(colour._KNOWN._kept) == 4


def test_of_many_profiles_the_last_are_kept(monkeypatch):
    monkeypatch.setattr(colour, "_KNOWN", colour._Known())
    for number in range(100):
        load_picture(saved(noise(), "TIFF", icc_profile=ADOBE_RGB + bytes([number]) + os.urandom(8)))
    assert len(colour._KNOWN._kept) == 32
