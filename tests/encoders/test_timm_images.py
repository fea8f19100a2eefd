from pathlib import Path
from typing import Any

import pytest

from tests.contracts.encoder_suite import PICTURES, ImageEncoderSuite
from tests.encoders.conftest import TIMM_MODEL
from visrec_cli.encoders.base import ImageEncoder
from visrec_cli.encoders.factory import open_image_encoder
from visrec_cli.errors import UnavailableError, UsageError


@pytest.mark.usefixtures("hub_cache")
class TestKnownModel(ImageEncoderSuite):
    @classmethod
    def make(cls, **options: Any) -> ImageEncoder:
        return open_image_encoder(f"timm:{TIMM_MODEL}", device="cpu", **options)

    def test_preprocessing_is_timm_s_own(self, encoder: ImageEncoder) -> None:
        assert encoder.space.preprocessing["input_size"] == [3, 160, 160]
        assert encoder.prepare(PICTURES[0]).shape == (160, 160, 3)
        plain = self.make(engine="torch")
        assert plain.prepare(PICTURES[0]).shape == (3, 160, 160)
        assert plain.space == encoder.space

    def test_needs_no_network(self, no_network: None) -> None:
        assert self.make().classes

    def test_the_name_may_leave_out_the_default_weights(self, encoder: ImageEncoder) -> None:
        short = open_image_encoder("timm:test_resnet", device="cpu")
        assert short.space.weights == encoder.space.weights


@pytest.mark.usefixtures("hub_cache")
class TestSomebodysModel(ImageEncoderSuite):
    @classmethod
    def make(cls, **options: Any) -> ImageEncoder:
        return open_image_encoder("timm:hf-hub:somebody/model", device="cpu", **options)

    def test_the_name_is_opaque_after_the_first_colon(self, encoder: ImageEncoder) -> None:
        assert encoder.spec == "timm:hf-hub:somebody/model"


@pytest.mark.parametrize(
    ("name", "near"),
    [("resnet51", "resnet50"), ("resnet50.a1_in2k", "resnet50.a1_in1k"), ("vit_smal_patch14_dinov2", "vit_small")],
)
def test_unknown_names_show_the_nearest(name: str, near: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_image_encoder(f"timm:{name}", device="cpu")
    assert near in str(caught.value.fix)


@pytest.mark.parametrize("name", ["coatnet_0_224", "gcvit_tiny"])  # no weights at all; weights outside the hub
def test_a_model_without_weights_on_the_hub_says_how_to_bring_them(name: str) -> None:
    with pytest.raises(UsageError, match="no weights") as caught:
        open_image_encoder(f"timm:{name}", device="cpu")
    assert f"?arch={name}" in str(caught.value.fix)


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("name", ["resnet50", "hf-hub:nobody/nothing"])
def test_without_network_it_is_one_line_with_what_to_do(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(UnavailableError) as caught:
        open_image_encoder(f"timm:{name}", device="cpu")
    assert "\n" not in str(caught.value)
    assert "hf download" in str(caught.value.fix)
