"""Where visrec keeps what it can make again."""

import os
import tempfile
from pathlib import Path


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
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="visrec-cache-"))
    return folder
