"""Models for the encoders' tests, each made once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.encoders.models import save_in_hub_cache, save_timm, save_tiny_clip

TIMM_MODEL = "test_resnet.r160_in1k"


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="class")
def hub_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A hub cache that holds one timm model, under its own name and as somebody's repository."""
    from huggingface_hub import constants

    cache = tmp_path_factory.mktemp("hub")
    weights = save_timm("test_resnet", cache / "weights.safetensors")
    save_in_hub_cache(cache, f"timm/{TIMM_MODEL}", {"model.safetensors": weights})
    config: dict[str, object] = {"architecture": "test_resnet", "num_classes": 1000, "pretrained_cfg": {}}
    save_in_hub_cache(cache, "somebody/model", {"model.safetensors": weights, "config.json": config})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "HF_HUB_CACHE", str(cache))
        yield cache


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every attempt to leave this machine fails at once, as without a resolver."""
    import socket

    def refuse(*arguments: object, **options: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
