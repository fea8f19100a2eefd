"""Cache of built indexes: a file and its manifest, checked before the file is opened.

Libraries for approximate search trust their files: a file of another dimension, or a truncated one, gives wrong answers
or crashes the process. An index whose file does not match its manifest is therefore built again.
"""

import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from visrec_cli.errors import InputError
from visrec_cli.runtime.folders import cache_dir
from visrec_cli.runtime.report import Report
from visrec_cli.tables.documents import Origin
from visrec_cli.tables.vectors import Matrix


@dataclass(frozen=True)
class IndexRecipe:
    """Everything that determines the contents of an index file.

    Attributes
    ----------
    library : str
        Name of the library.
    version : str
        Its version.
    metric : str
        Similarity measure, as the library calls it.
    dimension : int
        Width of a vector.
    count : int
        Number of vectors.
    vectors_sha256 : str
        Hash of the vectors.
    settings : dict[str, Any]
        Build settings of the library.
    """

    library: str
    version: str
    metric: str
    dimension: int
    count: int
    vectors_sha256: str
    settings: dict[str, Any]

    @property
    def name(self) -> str:
        """A file name that is unique to this recipe."""
        key = json.dumps(asdict(self), sort_keys=True)
        return f"{self.library}-{hashlib.sha256(key.encode()).hexdigest()[:24]}"


def recipe(vectors: Matrix, *, library: str, version: str, metric: str, settings: dict[str, Any]) -> IndexRecipe:
    """Make the recipe of an index.

    Parameters
    ----------
    vectors : Matrix
        (n, d) float32.
    library : str
        Name of the library.
    version : str
        Its version.
    metric : str
        Similarity measure, as the library calls it.
    settings : dict[str, Any]
        Build settings of the library.

    Returns
    -------
    IndexRecipe
        The recipe.
    """
    fingerprint = hashlib.sha256(np.ascontiguousarray(vectors).view(np.uint8).data).hexdigest()
    return IndexRecipe(library, version, metric, vectors.shape[1], len(vectors), fingerprint, settings)


def kept_index(wanted: IndexRecipe, report: Report) -> Path | None:
    """Look up an index in the cache.

    Parameters
    ----------
    wanted : IndexRecipe
        Recipe of the index.
    report : Report
        Where a damaged file is recorded.

    Returns
    -------
    Path | None
        The file, if it is there and intact; otherwise None.
    """
    file, manifest = _paths(wanted)
    try:
        stored = Origin(str(manifest), fix="visrec cache clear").json(manifest.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, InputError):
        stored = None
    try:
        if stored == _manifest(wanted, file):
            with contextlib.suppress(OSError):  # mark as just used, on systems that do not record reads
                os.utime(manifest, ns=(time.time_ns(), manifest.stat().st_mtime_ns))
            return file
    except OSError:
        pass
    report.warn(f"the {wanted.library} index in the cache was damaged and is built again ({file})")
    return None


def keep_index(wanted: IndexRecipe, save: Callable[[str], object], report: Report) -> None:
    """Save an index to the cache: the file, then its manifest, each written completely or not at all.

    A cache that cannot be written is reported and only costs the time to build the index again.

    Parameters
    ----------
    wanted : IndexRecipe
        Recipe of the index.
    save : Callable[[str], object]
        Writes the index to the path that it is given.
    report : Report
        Where a failure is recorded.
    """
    file, manifest = _paths(wanted)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _write_whole(file, save)
        text = json.dumps(_manifest(wanted, file), sort_keys=True, indent=1)
        _write_whole(manifest, lambda path: Path(path).write_text(text, "utf-8"))
    except (OSError, RuntimeError) as error:
        report.warn(
            f"the {wanted.library} index could not be kept in {file.parent} ({error}); the next run builds it again"
        )


def _paths(wanted: IndexRecipe) -> tuple[Path, Path]:
    file = cache_dir() / "indexes" / f"{wanted.name}.index"
    return file, file.with_suffix(".json")


def _manifest(wanted: IndexRecipe, file: Path) -> dict[str, Any]:
    with file.open("rb") as raw:
        digest = hashlib.file_digest(raw, "sha256").hexdigest()
    return {**asdict(wanted), "file_bytes": file.stat().st_size, "file_sha256": digest}


def _write_whole(target: Path, write: Callable[[str], object]) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".new-")
    os.close(handle)
    temporary = Path(name)
    try:
        write(name)
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
