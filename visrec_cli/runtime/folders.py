"""Where visrec keeps what it can make again."""

import contextlib
import os
import tempfile
from pathlib import Path

_TAG = "CACHEDIR.TAG"  # programs that make backups pass over a folder with it: bford.info/cachedir
_TAG_TEXT = """Signature: 8a477f597d28d172789f06886806bc55
# This folder is a cache of visrec: all in it can be made again. See: visrec cache info
"""


def cache_dir() -> Path:
    """The cache folder, made if need be: ``VISREC_CACHE_DIR``, else the system's; without a home, a temporary one."""
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
        make_cache(folder, ours=not named)
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="visrec-cache-"))
    return folder


def make_cache(folder: Path, *, ours: bool = False) -> None:
    """Make the folder if it is not there, and mark it as ours unless it holds other things. Raises OSError.

    ours: it is, by its name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if is_cache(folder) or not (ours or all(path.name == "lost+found" for path in folder.iterdir())):
        return
    with contextlib.suppress(OSError):  # one that cannot be written is said by those who write
        (folder / _TAG).write_text(_TAG_TEXT, "utf-8")


def is_cache(folder: Path) -> bool:
    """Whether all that has one of our names in this folder is ours: it was made, or found empty, by visrec."""
    return (folder / _TAG).is_file()
