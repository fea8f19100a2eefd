"""NPZ in, as numpy.savez writes it: arrays by name in an archive that is not compressed."""

import io
import zipfile
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from visrec_cli.errors import InputError
from visrec_cli.tables.documents import Origin


def read_arrays(path: Path, origin: Origin) -> dict[str, npt.NDArray[Any]]:
    """All arrays of the file, which takes no more memory than the file itself: nothing in it is compressed.

    Raises InputError.
    """
    try:
        with path.open("rb") as raw, zipfile.ZipFile(raw) as archive:
            members = archive.infolist()
            if any(one.compress_type != zipfile.ZIP_STORED for one in members):
                raise origin.wrong("", "it is compressed, and checkpoints are not")
            if sum(one.file_size for one in members) > path.stat().st_size:
                raise origin.wrong("", "its parts are larger than the file")
            found = {one.filename.removesuffix(".npy"): _array(archive.read(one)) for one in members}
            if len(found) < len(members):
                raise origin.wrong("", "a part stands twice in it")
            return found
    except InputError:
        raise
    except Exception as error:  # zip, npy headers and Python's own parser have two dozen between them
        raise origin.wrong("", str(error)[:120] or type(error).__name__) from error


def _array(content: bytes) -> npt.NDArray[Any]:
    """The array of an NPY file. Raises ValueError for any other length of ``content`` than it says, and much else."""
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, turned, dtype = read(stream)
    if dtype.kind not in "biufU" or min(shape, default=0) < 0:
        raise ValueError(f"an array of {dtype} of the shape {shape}")
    start = stream.tell()
    if len(content) - start != prod(shape) * dtype.itemsize:
        raise ValueError(f"{len(content) - start} bytes for an array of {dtype} of the shape {shape}")
    flat = np.frombuffer(content, dtype, offset=start).copy()
    return flat.reshape(shape, order="F" if turned else "C")
