import numpy as np
import pytest
from PIL import Image, ImageFilter

from visrec_cli.errors import UsageError
from visrec_cli.images.limits import Limits, parse_resolution
from visrec_cli.images.quality import Quality, quality_of, reduced


def of(array):
    return quality_of(Image.fromarray(np.asarray(array, dtype=np.uint8)))


def checkerboard(side=64, cell=1, low=0, high=255):
    rows, columns = np.indices((side, side)) // cell
    return np.repeat(np.where((rows + columns) % 2, high, low)[:, :, None], 3, axis=2)


def test_one_colour_has_nothing():
    quality = of(np.full((30, 40, 3), 51))
    assert quality == Quality(40, 30, 0.0, pytest.approx(0.2), 0.0, 0.0)


def test_half_black_half_white_has_full_contrast():
    half = np.zeros((40, 40, 3))
    half[:, 20:] = 255
    quality = of(half)
    assert quality.contrast == pytest.approx(1.0)
    assert quality.brightness == pytest.approx(0.5)
    # The Laplacian is 255 in one column and -255 in the next: its variance is 2 / 40 of 255 squared.
    assert quality.sharpness == pytest.approx(2 / 40 * 255**2)


def test_blur_lowers_sharpness_and_nothing_else_much():
    sharp = Image.fromarray(checkerboard(256, 8).astype(np.uint8))
    numbers = [quality_of(sharp.filter(ImageFilter.GaussianBlur(r))) for r in (0, 1, 2, 4)]
    sharpness = [q.sharpness for q in numbers]
    assert sharpness == sorted(sharpness, reverse=True)
    assert sharpness[0] > 50 * sharpness[-1]
    assert numbers[-1].brightness == pytest.approx(numbers[0].brightness, abs=0.01)


def test_size_is_that_of_the_source_and_numbers_hardly_depend_on_it():
    big = Image.fromarray(checkerboard(2048, 128).astype(np.uint8))
    small = big.resize((512, 512), Image.Resampling.BOX)
    one, two = quality_of(big), quality_of(small)
    assert (one.width, one.height) == (2048, 2048)
    assert one.sharpness == pytest.approx(two.sharpness, rel=0.01)
    assert one.clutter == two.clutter


def studio(size=128):
    picture = np.full((size, size, 3), 250)
    middle = slice(size // 4, 3 * size // 4)
    picture[middle, middle] = checkerboard(size // 2, 4)
    return picture


def test_clutter_looks_at_the_outer_frame_only():
    plain = of(studio()).clutter
    stripes = np.tile(np.where(np.arange(128) // 2 % 2, 255, 0)[None, :, None], (128, 1, 3))
    stripes[32:96, 32:96] = 250
    assert plain == 0.0
    frame = 128**2 - (128 - 2 * 19) ** 2
    assert of(stripes).clutter == pytest.approx((frame - 2 * 128) / frame), "all but the outermost columns"


def test_clutter_of_soft_shadows_is_small():
    gradient = np.repeat(np.linspace(180, 250, 128)[None, :, None], 128, axis=0).repeat(3, axis=2)
    assert of(gradient).clutter == 0.0


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (3000, 1), (2, 3)])
def test_slivers_have_numbers_too(shape):
    quality = of(np.random.default_rng(0).integers(0, 256, (*shape, 3)))
    assert all(np.isfinite(v) for v in (quality.sharpness, quality.brightness, quality.contrast, quality.clutter))
    assert 0 <= quality.contrast <= 1
    assert 0 <= quality.clutter <= 1


def test_reduced_never_enlarges():
    assert reduced(Image.new("L", (300, 20)), 100).size == (100, 7)
    assert reduced(Image.new("L", (50, 20)), 100).size == (50, 20)


class TestLimits:
    GOOD = Quality(width=1080, height=1920, sharpness=500, brightness=0.5, contrast=0.4, clutter=0.1)

    @pytest.mark.parametrize(
        ("text", "sides"),
        [
            ("1080p", (1080, 1080)), ("720P", (720, 720)), ("4k", (2160, 2160)), ("640x480", (480, 640)),
            ("480x640", (480, 640)), ("256", (256, 256)), (" 4K ", (2160, 2160)),
        ],
    )  # fmt: skip
    def test_resolutions(self, text, sides):
        assert parse_resolution(text) == sides

    @pytest.mark.parametrize("text", ["", "big", "0", "0x10", "-5", "10x", "1e3", "99999999"])
    def test_what_is_no_resolution(self, text):
        with pytest.raises(UsageError, match="not a resolution"):
            parse_resolution(text)

    def test_no_limits_no_issues(self):
        assert Limits().issues(self.GOOD) == []

    @pytest.mark.parametrize(
        ("limit", "phrase"),
        [
            ({"min_resolution": "4k"}, "1080x1920 is below 4k"),
            ({"min_resolution": "1921x100"}, "1080x1920 is below 1921x100"),
            ({"min_sharpness": 501}, "sharpness 500 is below 501"),
            ({"min_brightness": 0.6}, "brightness 0.5 is below 0.6"),
            ({"max_brightness": 0.4}, "brightness 0.5 is over 0.4"),
            ({"min_contrast": 0.5}, "contrast 0.4 is below 0.5"),
            ({"max_clutter": 0.05}, "clutter 0.1 is over 0.05"),
            ({"max_aspect": 1.5}, "aspect 1.78 is over 1.5"),
        ],
    )
    def test_each_limit_says_what_it_missed(self, limit, phrase):
        assert Limits(**limit).issues(self.GOOD) == [phrase]

    def test_the_limit_itself_is_good_enough(self):
        limits = Limits("1080p", 500, 0.5, 0.5, 0.4, 0.1, 1.78)
        assert limits.issues(self.GOOD) == []

    def test_impossible_limits_are_usage_problems(self):
        with pytest.raises(UsageError):
            Limits(max_aspect=0.5)
        with pytest.raises(UsageError):
            Limits(min_resolution="huge")
