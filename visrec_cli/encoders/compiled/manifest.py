"""Manifest of a compiled model, and the cache folder ``models`` that holds both.

A model whose file does not match its manifest is compiled again.
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

FORMAT = 1  # increased when compilation changes
MODEL, MANIFEST = "model.onnx", "card.json"
_DECIDING = ("torch", "torchvision", "timm", "transformers", "sentence-transformers", "tokenizers", "onnx")


@dataclass(frozen=True)
class ModelManifest:
    """Description of a compiled model.

    Attributes
    ----------
    spec : str
        Spec of the encoder.
    space : Space
        Space of its vectors, normalised.
    sources : list[tuple[str, int, int]]
        Path, size in bytes and mtime in nanoseconds of the files that it was made from.
    framing : dict[str, Any] | None, default=None
        Of picture models: how pictures are resized and cropped.
    classes : list[str] | None, default=None
        Of picture models: names of the classes.
    inputs : list[str], default=field(default_factory=list)
        Of text models: names of the inputs.
    prompts : dict[str, str], default=field(default_factory=dict)
        Of text models: prompts for documents and queries.
    token_limit : int | None, default=None
        Of text models: number of tokens that it reads.
    drift : dict[str, float], default=field(default_factory=dict)
        Difference between its vectors and the plain model's when it was compiled.
    model_sha256 : str, default=""
        Hash of the compiled file.
    others_sha256 : dict[str, str], default=field(default_factory=dict)
        Hashes of the files beside it.
    refused : str | None, default=None
        Why the model cannot be compiled; then there is no file, and the plain model is used.
    folder : str, default=""
        Folder of the cache.
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
        """File of the compiled model."""
        return Path(self.folder) / MODEL


def whole(manifest: ModelManifest, recompile: Callable[[], ModelManifest]) -> ModelManifest:
    """The manifest, or that of ``recompile()`` if a file beside it is damaged."""
    return manifest if _is_whole(manifest) else recompile()


def _is_whole(manifest: ModelManifest) -> bool:
    kept = {MODEL: manifest.model_sha256, **manifest.others_sha256}
    try:
        return all(hash_of_file(Path(manifest.folder) / name) == digest for name, digest in kept.items())
    except OSError:
        return False


def status_of(files: Sequence[Path]) -> list[tuple[str, int, int]]:
    """Path, size and mtime of the files that a model is made from."""
    found = [(str(path.absolute()), path.stat()) for path in files]
    return [(name, status.st_size, status.st_mtime_ns) for name, status in found]


def kept_manifest(kind: str, spec: str) -> ModelManifest | None:
    """Look up the manifest of an encoder.

    Parameters
    ----------
    kind : str
        "image" or "text".
    spec : str
        Spec of the encoder.

    Returns
    -------
    ModelManifest | None
        The manifest; None if there is none, or if the weights have changed since.
    """
    folder = _folder(kind, spec)
    try:
        manifest = _manifest_from((folder / MANIFEST).read_bytes(), folder)
        fresh = manifest.sources == status_of([Path(path) for path, _, _ in manifest.sources])
        if not fresh or not (manifest.refused or manifest.model.exists()):
            return None
        with suppress(OSError):  # a cache of another user may be read-only
            os.utime(folder / MANIFEST)  # mark as just used: pruning starts with the least recently used
        return manifest
    except (OSError, ValueError):  # of paths, or of damaged manifests
        return None


class ManifestDocument(msgspec.Struct, forbid_unknown_fields=True):
    """A manifest as JSON. Its hash guards against changes, which could give vectors a wrong space.

    Attributes
    ----------
    spec : str
        See ``ModelManifest``.
    space : dict[str, Any]
        See ``ModelManifest``.
    sources : list[tuple[str, int, int]]
        See ``ModelManifest``.
    framing : dict[str, Any] | None
        See ``ModelManifest``.
    classes : list[str] | None
        See ``ModelManifest``.
    inputs : list[str]
        See ``ModelManifest``.
    prompts : dict[str, str]
        See ``ModelManifest``.
    token_limit : Count | None
        See ``ModelManifest``.
    drift : dict[str, float]
        See ``ModelManifest``.
    model_sha256 : str
        See ``ModelManifest``.
    others_sha256 : dict[str, str]
        See ``ModelManifest``.
    refused : str | None
        See ``ModelManifest``.
    sha256 : str
        Hash of the other fields.
    """

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
    """The manifest in this text. Raises InputError if it is not one, or was changed."""
    origin = Origin(f"the manifest in {folder}", fix="visrec cache clear --models")
    raw = origin.json(text)
    document = origin.typed(raw, ManifestDocument)
    if document.sha256 != _digest(raw):
        raise origin.wrong("sha256", "the manifest was changed after it was written")
    fields = {name: getattr(document, name) for name in document.__struct_fields__ if name != "sha256"}
    if document.framing is not None:
        framing_from(document.framing, origin, "framing")
    return ModelManifest(**{**fields, "space": space_from(document.space, origin, "space"), "folder": str(folder)})


def _digest(raw: dict[str, Any]) -> str:
    """Hash of a manifest's content, without the hash itself."""
    rest = {name: value for name, value in raw.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def keep_manifest(kind: str, manifest: ModelManifest, write: Callable[[Path], object] | None) -> ModelManifest:
    """Cache a manifest and the files beside it, both completely or not at all.

    If another process has cached the model meanwhile, that one is used.

    Parameters
    ----------
    kind : str
        "image" or "text".
    manifest : ModelManifest
        The manifest.
    write : Callable[[Path], object] | None
        Writes the files into a folder; None if there are none.

    Returns
    -------
    ModelManifest
        The manifest as it is cached.

    Raises
    ------
    OSError
        If the cache cannot be written.
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
        with FileLock(target.parent / ".lock"):  # one process at a time checks, removes and adds
            found = kept_manifest(kind, manifest.spec)
            if found is None or found.refused != manifest.refused or not (found.refused or _is_whole(found)):
                forget(target)
                new.rename(target)
                found = kept_manifest(kind, manifest.spec)
    except NotImplementedError as error:  # a file system without locks
        raise OSError(str(error)) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
    if found is None:
        raise OSError("the written file cannot be read back")
    return found


def forget(folder: Path) -> None:
    """Remove a model from the cache."""
    if folder.exists():
        gone = folder.with_name(f".old-{os.getpid()}-{folder.name}")
        try:
            folder.rename(gone)
        except OSError:  # another process has just done it
            return
        shutil.rmtree(gone, ignore_errors=True)


def _folder(kind: str, spec: str) -> Path:
    """Folder of a model, named by everything that determines its contents, except the weights (see the manifest)."""
    name, _, rest = spec.partition(":")
    file = Path(rest.partition("?")[0]).expanduser()
    place = str(file.absolute()) if rest and file.exists() else ""  # a relative path may be another file elsewhere
    key = [FORMAT, kind, spec, place, *(f"{package} {version_of(package)}" for package in _DECIDING)]
    digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]
    plain = "".join(letter if letter.isalnum() else "-" for letter in f"{name}-{Path(rest).name}").strip("-")[:40]
    return cache_dir() / "models" / f"{kind}-{plain}-{digest}"
