"""Manifest of a compiled model, and the cache folder ``models`` that holds both.

A model is a cache and never the truth: whatever does not match its manifest is compiled again.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from visrec_cli.encoders.frame import framing_from
from visrec_cli.encoders.weights import hash_of_file
from visrec_cli.runtime.folders import cache_dir
from visrec_cli.runtime.versions import version_of
from visrec_cli.tables.documents import Count, Origin
from visrec_cli.tables.spaces import Space, space_from

FORMAT = 1  # counted up when compiling changes
MODEL, MANIFEST = "model.onnx", "card.json"
_DECIDING = ("torch", "torchvision", "timm", "transformers", "sentence-transformers", "tokenizers", "onnx")


@dataclass(frozen=True)
class ModelManifest:
    """All about one compiled model.

    space: of its vectors, normalised. sources: (path, size, mtime_ns) of the files that it was made from.
    framing, classes: of picture models. inputs, prompts, token_limit: of text models. drift: how far its vectors were
    from the plain model's when it was compiled. model_sha256, others_sha256: of the files beside it. refused: why it
    cannot be compiled; then there is no model, and the plain one is used.
    """

    spec: str
    space: Space
    sources: list[tuple[str, int, int]]
    framing: dict[str, Any] | None = None
    classes: list[str] | None = None
    inputs: list[str] = field(default_factory=list)
    prompts: dict[str, str] = field(default_factory=dict)
    token_limit: int | None = None
    drift: dict[str, float] = field(default_factory=dict)
    model_sha256: str = ""
    others_sha256: dict[str, str] = field(default_factory=dict)
    refused: str | None = None
    folder: str = ""

    @property
    def model(self) -> Path:
        """The compiled model's file."""
        return Path(self.folder) / MODEL


def whole(manifest: ModelManifest, again: Callable[[], ModelManifest]) -> ModelManifest:
    """The manifest, or ``again()`` where a file beside it has not the checksum that it was kept with."""
    return manifest if _is_whole(manifest) else again()


def _is_whole(manifest: ModelManifest) -> bool:
    kept = {MODEL: manifest.model_sha256, **manifest.others_sha256}
    try:
        return all(hash_of_file(Path(manifest.folder) / name) == digest for name, digest in kept.items())
    except OSError:
        return False


def status_of(files: Sequence[Path]) -> list[tuple[str, int, int]]:
    """What a manifest remembers of the files that a model is made from."""
    found = [(str(path.absolute()), path.stat()) for path in files]
    return [(name, status.st_size, status.st_mtime_ns) for name, status in found]


def kept_manifest(kind: str, spec: str) -> ModelManifest | None:
    """The manifest of this encoder, or None if there is none, or if its weights have changed since.

    kind: "image" or "text"; spec: as for opening it.
    """
    folder = _folder(kind, spec)
    try:
        manifest = _manifest_from((folder / MANIFEST).read_bytes(), folder)
        fresh = manifest.sources == status_of([Path(path) for path, _, _ in manifest.sources])
        if not fresh or not (manifest.refused or manifest.model.exists()):
            return None
        with suppress(OSError):  # somebody else's cache may be read too
            os.utime(folder / MANIFEST)  # last used now: pruning begins with what was not
        return manifest
    except (OSError, ValueError):  # of paths, and of what is no manifest
        return None


class ManifestDocument(msgspec.Struct, forbid_unknown_fields=True):
    """A manifest as JSON. sha256: of the rest, since a changed manifest would give vectors a wrong name."""

    spec: str
    space: dict[str, Any]
    sources: list[tuple[str, int, int]]
    framing: dict[str, Any] | None
    classes: list[str] | None
    inputs: list[str]
    prompts: dict[str, str]
    token_limit: Count | None
    drift: dict[str, float]
    model_sha256: str
    others_sha256: dict[str, str]
    refused: str | None
    sha256: str


def _manifest_from(text: bytes, folder: Path) -> ModelManifest:
    """The manifest in this text. Raises InputError where it is none, or was changed."""
    origin = Origin(f"the manifest in {folder}", fix="visrec cache clear --models")
    raw = origin.json(text)
    document = origin.typed(raw, ManifestDocument)
    if document.sha256 != _digest(raw):
        raise origin.wrong("sha256", "the manifest was changed after it was written")
    words = {name: getattr(document, name) for name in document.__struct_fields__ if name != "sha256"}
    if document.framing is not None:
        framing_from(document.framing, origin, "framing")
    return ModelManifest(**{**words, "space": space_from(document.space, origin, "space"), "folder": str(folder)})


def _digest(raw: dict[str, Any]) -> str:
    """Of a manifest's content, but the digest itself."""
    rest = {name: value for name, value in raw.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def keep_manifest(kind: str, manifest: ModelManifest, write: Callable[[Path], object] | None) -> ModelManifest:
    """Keep the manifest and what ``write(folder)`` puts beside it, both whole or not at all; gives it as it is kept.

    A model that another process has kept meanwhile is used. Raises OSError where the cache cannot be written.
    """
    from filelock import FileLock

    target = _folder(kind, manifest.spec)
    target.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(dir=target.parent, prefix=".new-"))
    try:
        if write is not None:
            write(new)
        digests = {path.name: hash_of_file(path) for path in sorted(new.iterdir())}
        raw = {**asdict(manifest), "space": manifest.space.document(), "model_sha256": digests.pop(MODEL, "")}
        raw["others_sha256"] = digests
        raw.pop("folder")
        raw["sha256"] = _digest(raw)
        (new / MANIFEST).write_text(json.dumps(raw, sort_keys=True, indent=1), "utf-8")
        with FileLock(target.parent / ".lock"):  # one process at a time looks, removes, puts and looks again
            found = kept_manifest(kind, manifest.spec)
            if found is None or found.refused != manifest.refused or not (found.refused or _is_whole(found)):
                forget(target)
                new.rename(target)
                found = kept_manifest(kind, manifest.spec)
    except NotImplementedError as error:  # a drive without locks
        raise OSError(str(error)) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
    if found is None:
        raise OSError("the written file cannot be read back")
    return found


def forget(folder: Path) -> None:
    """Remove a kept model."""
    if folder.exists():
        gone = folder.with_name(f".old-{os.getpid()}-{folder.name}")
        try:
            folder.rename(gone)
        except OSError:  # somebody else has just done it
            return
        shutil.rmtree(gone, ignore_errors=True)


def _folder(kind: str, spec: str) -> Path:
    """Named by everything that decides what is in it, but the weights: those are on the manifest."""
    name, _, rest = spec.partition(":")
    file = Path(rest.partition("?")[0]).expanduser()
    place = str(file.absolute()) if rest and file.exists() else ""  # the same words mean another file elsewhere
    key = [FORMAT, kind, spec, place, *(f"{package} {version_of(package)}" for package in _DECIDING)]
    digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]
    plain = "".join(letter if letter.isalnum() else "-" for letter in f"{name}-{Path(rest).name}").strip("-")[:40]
    return cache_dir() / "models" / f"{kind}-{plain}-{digest}"
