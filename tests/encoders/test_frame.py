import numpy as np
import pytest
from PIL import Image

from visrec_cli.encoders.frame import Framing
from visrec_cli.encoders.timm_images import framing_of

CONFIG = {"input_size": (3, 96, 96), "interpolation": "bicubic", "crop_pct": 0.875, "crop_mode": "center"}


def photo(size: tuple[int, int]) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (size[1] // 4 + 1, size[0] // 4 + 1, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)


@pytest.mark.parametrize("size", [(300, 200), (200, 301), (96, 96), (50, 431), (1200, 777)])
@pytest.mark.parametrize("change", [{}, {"interpolation": "bilinear"}, {"crop_mode": "squash"}, {"crop_pct": 1.0}])
def test_gives_the_very_bytes_that_timm_s_transform_gives(size: tuple[int, int], change: dict[str, object]) -> None:
    from timm.data import create_transform

    config = {**CONFIG, **change}
    framing = framing_of(config)
    assert framing is not None
    plain = create_transform(**config, mean=(0, 0, 0), std=(1, 1, 1), is_training=False)
    expected = (np.asarray(plain(photo(size))) * 255).round().astype(np.uint8).transpose(1, 2, 0)
    np.testing.assert_array_equal(framing(photo(size)), expected)


@pytest.mark.parametrize("change", [{"crop_mode": "border"}, {"interpolation": "random"}, {"input_size": (3, 96, 128)}])
def test_ways_that_are_not_known_are_left_to_timm(change: dict[str, object]) -> None:
    assert framing_of({**CONFIG, **change}) is None


def test_survives_json() -> None:
    framing = Framing("centre", 224, 224, 256, "bilinear")
    assert Framing(**framing.to_dict()) == framing
    assert framing.scaled_to == 448
