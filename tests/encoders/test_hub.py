import threading
from pathlib import Path

import pytest
from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

from visrec_cli.encoders import hub
from visrec_cli.errors import UnavailableError


def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(hub, "PATIENCE", 0.1)
    monkeypatch.setattr("huggingface_hub.get_hf_file_metadata", lambda *a, **k: released.wait(60))
    with pytest.raises(UnavailableError, match=r"no answer within 0\.1 seconds"):
        hub.require_reachable("owner/name")
    released.set()


def test_a_repository_without_that_one_file_is_reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*arguments: object, **options: object) -> None:
        raise EntryNotFoundError("no config.json")

    monkeypatch.setattr("huggingface_hub.get_hf_file_metadata", missing)
    hub.require_reachable("owner/name")


def test_a_file_is_downloaded_when_the_cache_lacks_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"x")
    monkeypatch.setattr(hub, "cached_file", lambda repo, names: None)
    monkeypatch.setattr(hub, "require_reachable", lambda repo: None)
    monkeypatch.setattr("huggingface_hub.hf_hub_download", lambda repo, name: str(tmp_path / name))
    assert hub.fetch_file("owner/name", ("model.safetensors",)) == tmp_path / "model.safetensors"


def test_the_next_name_is_tried_when_a_file_is_not_in_the_repository(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def only_the_second(repo: str, name: str) -> str:
        if name == "a.bin":
            raise EntryNotFoundError(name)
        return str(tmp_path / name)

    monkeypatch.setattr(hub, "cached_file", lambda repo, names: None)
    monkeypatch.setattr(hub, "require_reachable", lambda repo: None)
    monkeypatch.setattr("huggingface_hub.hf_hub_download", only_the_second)
    assert hub.fetch_file("owner/name", ("a.bin", "b.bin")) == tmp_path / "b.bin"
    with pytest.raises(UnavailableError, match=r"none of the files a\.bin$"):
        hub.fetch_file("owner/name", ("a.bin",))


@pytest.mark.parametrize("kind", [OSError, LocalEntryNotFoundError])
def test_a_download_that_breaks_off_is_one_line(monkeypatch: pytest.MonkeyPatch, kind: type[Exception]) -> None:
    def broken(repo: str, name: str) -> str:
        raise kind("connection reset\nwith a long story")

    monkeypatch.setattr(hub, "cached_file", lambda repo, names: None)
    monkeypatch.setattr(hub, "require_reachable", lambda repo: None)
    monkeypatch.setattr("huggingface_hub.hf_hub_download", broken)
    with pytest.raises(UnavailableError, match=r"connection reset$"):
        hub.fetch_file("owner/name", ("model.safetensors",))
