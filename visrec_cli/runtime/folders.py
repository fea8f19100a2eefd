"""The cache folder."""

import contextlib
import os
import stat
import tempfile
from pathlib import Path

_TAG = "CACHEDIR.TAG"  # programs that make backups pass over a folder with it: bford.info/cachedir
_TAG_TEXT = """Signature: 8a477f597d28d172789f06886806bc55
# This folder is a cache of visrec: all in it can be made again. See: visrec cache info
"""


_instead: dict[str, str] = {}


def cache_dir() -> Path:
    """The cache folder, made if need be: ``VISREC_CACHE_DIR``, else the system's.

    Where it cannot be made, one in the temporary folder that the next run finds again; ``cache_note`` then says so.
    """
    named = os.environ.get("VISREC_CACHE_DIR")
    if named:
        folder = Path(named).expanduser()
    else:
        from platformdirs import user_cache_path

        try:
            folder = user_cache_path("visrec", appauthor=False)
        except (RuntimeError, KeyError, OSError):  # no HOME and a user id that nobody knows
            folder = Path(tempfile.gettempdir()) / "visrec-cache"
    try:
        make_cache(folder, dedicated=not named)
    except OSError as error:
        return _temporary(folder, error)
    return folder


def cache_note() -> str | None:
    """What is to be said about where this process keeps things, if it is not where they belong."""
    return next(iter(_instead.values()), None)


def _temporary(wanted: Path, error: OSError) -> Path:
    """A folder of this user in the temporary one; the folder that was wanted, if there is none either."""
    reason = error.strerror or error
    user = os.getuid() if hasattr(os, "getuid") else "user"
    try:
        folder = Path(tempfile.gettempdir()) / f"visrec-cache-{user}"
        folder.mkdir(mode=0o700, exist_ok=True)
        state = folder.lstat()
        if hasattr(os, "getuid") and (state.st_uid != user or not stat.S_ISDIR(state.st_mode) or state.st_mode & 0o022):
            folder = Path(tempfile.mkdtemp(prefix="visrec-cache-"))  # somebody else may write there
        make_cache(folder, dedicated=True)
    except OSError:
        _instead[str(wanted)] = f"nothing can be kept for the next run: {wanted} cannot be made ({reason})"
        return wanted
    _instead[str(wanted)] = f"{wanted} cannot be made ({reason}): {folder} keeps what the next run can use"
    return folder


def make_cache(folder: Path, *, dedicated: bool = False) -> None:
    """Make the folder if it is not there, and mark it as ours unless it holds other things. Raises OSError.

    ours: it is, by its name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if is_cache(folder) or not (dedicated or all(path.name == "lost+found" for path in folder.iterdir())):
        return
    with contextlib.suppress(OSError):  # one that cannot be written is said by those who write
        (folder / _TAG).write_text(_TAG_TEXT, "utf-8")


def is_cache(folder: Path) -> bool:
    """Whether all that has one of our names in this folder is ours: it was made, or found empty, by visrec."""
    return (folder / _TAG).is_file()
