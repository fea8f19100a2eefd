"""Unpacking compressed archives, up to a limit (see runtime.decompression_limits)."""

import tarfile
import tempfile
from pathlib import Path
from typing import IO

from visrec_cli.runtime.decompression_limits import Unpacking


def unpacked(path: str) -> IO[bytes]:
    """An unnamed temporary file with the tar inside a compressed one, at its start.

    Raises InputError above the limit, and what tarfile raises of damaged files.
    """
    size = Path(path).stat().st_size
    counted = Unpacking(path, lambda: size, otherwise="or give the unpacked folder")
    file = tempfile.TemporaryFile()  # noqa: SIM115  # the caller closes it
    try:
        with tarfile.open(path, "r:*") as packed:
            assert packed.fileobj is not None
            packed.fileobj.seek(0)
            while block := packed.fileobj.read(1 << 20):
                counted.add(len(block))
                file.write(block)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file
