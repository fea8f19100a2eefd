import numpy as np
import pytest
from PIL import Image, ImageDraw

from visrec_cli.errors import UsageError
from visrec_cli.images.examination import Treatment, encode, examine, normalised
from visrec_cli.images.geometry import parse_colour, parse_size, resize, trim


def halves(width=80, height=40):
    """Left red, right blue."""
    picture = Image.new("RGB", (width, height), "red")
    picture.paste("blue", (width // 2, 0, width, height))
    return picture


@pytest.mark.parametrize(
    ("text", "size"), [("224", (224, 224)), ("640x480", (640, 480)), (" 3X2 ", (3, 2)), ("3×2", (3, 2))]
)
def test_sizes(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "x", "10x", "0", "5x0", "-4", "1.5", "123456"])
def test_what_is_no_size(text):
    with pytest.raises(UsageError):
        parse_size(text)


def test_colours():
    assert parse_colour("white") == (255, 255, 255)
    assert parse_colour("#102030") == (16, 32, 48)
    with pytest.raises(UsageError, match="'blurple'"):
        parse_colour("blurple")


class TestResize:
    def test_fit_keeps_the_shape(self):
        assert resize(halves(), (20, 20), "fit").size == (20, 10)
        assert resize(halves(), (160, 160), "fit").size == (160, 80)
        assert resize(Image.new("RGB", (1000, 1)), (10, 10), "fit").size == (10, 1)

    def test_crop_fills_from_the_middle(self):
        picture = resize(halves(), (40, 40), "crop")
        assert picture.size == (40, 40)
        assert (picture.getpixel((5, 20)), picture.getpixel((34, 20))) == ((255, 0, 0), (0, 0, 255))

    def test_pad_fills_the_rest_with_its_colour(self):
        picture = resize(halves(), (40, 40), "pad", (1, 2, 3))
        assert picture.size == (40, 40)
        assert (picture.getpixel((20, 2)), picture.getpixel((5, 20))) == ((1, 2, 3), (255, 0, 0))

    def test_stretch_ignores_the_shape(self):
        assert resize(halves(), (30, 50), "stretch").size == (30, 50)

    def test_reduction_is_antialiased(self):
        lines = np.zeros((64, 64, 3), np.uint8)
        lines[:, ::2] = 255
        grey = np.asarray(resize(Image.fromarray(lines), (8, 8)))
        assert np.abs(grey.astype(int) - 128).max() < 20


def photo(width, height):
    return Image.fromarray(np.random.default_rng(2).integers(60, 200, (height, width, 3), dtype=np.uint8))


class TestTrimBorder:
    @pytest.mark.parametrize("colour", ["black", "white", (90, 10, 10)])
    @pytest.mark.parametrize("bars", [(0, 12, 0, 12), (20, 0, 20, 0), (7, 9, 3, 5), (0, 0, 0, 30), (40, 30, 50, 60)])
    def test_bars_are_cut_off_exactly(self, colour, bars):
        inner = photo(100, 80)
        left, top, right, bottom = bars
        framed = Image.new("RGB", (100 + left + right, 80 + top + bottom), colour)
        framed.paste(inner, (left, top))
        assert np.array_equal(trim(framed, "border"), inner)

    def test_a_large_picture_loses_its_bars_too(self):
        framed = Image.new("RGB", (3000, 2200), "black")
        framed.paste(photo(3000, 2000), (0, 100))
        trimmed = trim(framed, "border")
        assert trimmed.width == 3000
        assert 1985 <= trimmed.height <= 2000
        assert np.asarray(trimmed).min() >= 60, "nothing of the bars is left"

    def test_bars_of_two_colours(self):
        framed = Image.new("RGB", (100, 120), "black")
        framed.paste("white", (0, 0, 100, 30))
        framed.paste(photo(100, 80), (0, 30))
        assert trim(framed, "border").size == (100, 80)

    def test_a_product_that_fills_the_width_keeps_its_background(self):
        skirt = Image.new("RGB", (120, 160), "white")
        ImageDraw.Draw(skirt).polygon([(30, 50), (90, 50), (118, 110), (2, 110)], fill="navy")
        assert trim(skirt, "border").size == (120, 160)

    def test_a_studio_background_is_no_bar(self):
        product = Image.new("RGB", (200, 200), "white")
        ImageDraw.Draw(product).ellipse((50, 60, 150, 140), fill="navy")
        assert trim(product, "border").size == (200, 200)

    def test_blank_and_photo_are_left_alone(self):
        for picture in (Image.new("RGB", (50, 40), "black"), photo(50, 40), Image.new("RGB", (1, 1))):
            assert trim(picture, "border").size == picture.size


class TestTrimBackground:
    @pytest.mark.parametrize("ground", ["white", "black", (200, 220, 240)])
    def test_the_product_is_cut_out_with_a_margin(self, ground):
        picture = Image.new("RGB", (300, 200), ground)
        ImageDraw.Draw(picture).rectangle((100, 50, 199, 149), fill="crimson")
        trimmed = trim(picture, "background")
        assert trimmed.size == (108, 108)  # 100 and a margin of 4 % on each side
        assert trimmed.getpixel((4, 4)) == (220, 20, 60)
        assert trimmed.getpixel((3, 3)) != (220, 20, 60)

    def test_large_pictures_keep_the_whole_product(self):
        picture = Image.new("RGB", (4000, 3000), "white")
        ImageDraw.Draw(picture).rectangle((1000, 500, 2999, 2499), fill="crimson")
        trimmed = np.asarray(trim(picture, "background"))
        assert (trimmed[:, :, 1] == 20).sum() == 2000 * 2000
        assert 2140 <= trimmed.shape[0] <= 2180

    def test_what_is_not_plain_is_left_alone(self):
        for picture in (photo(60, 50), halves(), Image.new("RGB", (40, 40), "white")):
            assert trim(picture, "background").size == picture.size


class TestTreatment:
    @pytest.mark.parametrize(
        "options", [{"trim": "edges"}, {"store": "gif"}, {"mode": "squash"}, {"resize": "big", "store": "png"},
                    {"resize": "64"}, {"trim": "border"}, {"pad_colour": "blurple"}, {"jpeg_quality": 0}]
    )  # fmt: skip
    def test_contradictions_and_unknown_words_are_usage_problems(self, options):
        with pytest.raises(UsageError):
            Treatment(**options)

    @pytest.mark.parametrize("store", ["jpeg", "png"])
    def test_the_same_pixels_give_the_same_bytes(self, store):
        treatment = Treatment(store=store, resize="32", mode="pad")
        one, two = (encode(normalised(halves(), treatment), treatment) for _ in range(2))
        assert one == two
        assert one.startswith(b"\x89PNG" if store == "png" else b"\xff\xd8\xff")

    def test_numbers_are_those_of_the_source_and_the_stored_picture_has_the_new_size(self, tmp_path):
        import io

        halves(200, 100).save(tmp_path / "a.png")
        examined = examine(str(tmp_path / "a.png"), Treatment(store="png", resize="50"))
        assert (examined.quality.width, examined.quality.height) == (200, 100)
        assert Image.open(io.BytesIO(examined.stored)).size == (50, 25)
