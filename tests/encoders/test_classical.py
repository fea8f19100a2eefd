import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.conftest import draw
from tests.contracts.encoder_suite import ImageEncoderSuite
from visrec_cli.encoders.base import ImageEncoder
from visrec_cli.encoders.factory import open_image_encoder
from visrec_cli.errors import UsageError


class Classical(ImageEncoderSuite):
    spec: str

    @classmethod
    def make(cls, **options: Any) -> ImageEncoder:
        return open_image_encoder(cls.spec, **options)


class TestColour(Classical):
    spec = "colour"

    def test_knows_colour_better_than_shape(self, encoder: ImageEncoder) -> None:
        red, blue = (200, 30, 40), (30, 60, 190)
        disc, square, other = self.vectors_of(encoder, [draw("disc", red), draw("square", red), draw("disc", blue)])
        assert disc @ square > disc @ other

    def test_hue_of_grey_pictures_says_nothing(self, encoder: ImageEncoder) -> None:
        # Two greys that differ in the last bit have the hues of red and of blue.
        one, other = (Image.new("RGB", (40, 40), colour) for colour in ((128, 127, 127), (127, 127, 128)))
        a, b = self.vectors_of(encoder, [one, other])
        assert a @ b > 0.99


class TestLbp(Classical):
    spec = "lbp"

    def test_knows_texture_under_another_light(self, encoder: ImageEncoder) -> None:
        rows = np.indices((96, 96))
        stripes, checks = (rows[0] % 6 < 3) * 90 + 60, (rows.sum(axis=0) % 6 < 3) * 90 + 60
        pictures = [Image.fromarray(a.astype(np.uint8)).convert("RGB") for a in (stripes, stripes + 40, checks)]
        a, lighter, other = self.vectors_of(encoder, pictures)
        assert a @ lighter > a @ other


class TestHog(Classical):
    spec = "hog"

    def test_knows_shape_better_than_colour(self, encoder: ImageEncoder) -> None:
        red, blue = (200, 30, 40), (30, 60, 190)
        disc, other, square = self.vectors_of(encoder, [draw("disc", red), draw("disc", blue), draw("square", red)])
        assert disc @ other > disc @ square

    def test_a_blank_picture_is_similar_to_nothing(self, encoder: ImageEncoder) -> None:
        np.testing.assert_array_equal(self.vectors_of(encoder, [Image.new("RGB", (50, 50))]), 0)


class TestTogether(Classical):
    spec = "colour+hog"

    def test_each_part_counts_alike(self, encoder: ImageEncoder) -> None:
        [vector] = self.vectors_of(encoder, [draw("disc", (200, 30, 40))])
        width = open_image_encoder("colour").dimension
        np.testing.assert_allclose([vector[:width] @ vector[:width], vector[width:] @ vector[width:]], 0.5, atol=1e-5)


class TestAllThree(Classical):
    spec = "colour+lbp+hog"


def test_unknown_part() -> None:
    with pytest.raises(UsageError, match="'hgo'") as caught:
        open_image_encoder("colour+hgo")
    assert "hog" in str(caught.value.fix)


def test_needs_no_torch() -> None:
    code = """if True:
        import sys
        from PIL import Image
        from visrec_cli.encoders.factory import open_image_encoder
        encoder = open_image_encoder("colour+lbp+hog")
        encoder.encode([encoder.prepare(Image.new("RGB", (9, 9)))])
        sys.exit("torch" in sys.modules)
    """
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
