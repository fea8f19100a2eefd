"""Unpacking compressed archives, up to a limit: a small file must not fill the disk."""

import os
import tarfile
import tempfile
from pathlib import Path
from typing import IO

from visrec_cli.errors import InputError, UsageProblem
from visrec_cli.runtime.words import sized

UNPACKED = "VISREC_MAX_UNPACKED"
_LEAST, _TIMES = 1 << 30, 50  # no archive of pictures, which are compressed already, becomes fifty times as large


def unpacked(path: str) -> IO[bytes]:
    """An unnamed temporary file with the tar inside a compressed one, at its start.

    Raises InputError above the limit, and what tarfile raises of damaged files.
    """
    most, written = _limit(path), 0
    file = tempfile.TemporaryFile()  # noqa: SIM115  # the caller closes it
    try:
        with tarfile.open(path, "r:*") as packed:
            assert packed.fileobj is not None
            packed.fileobj.seek(0)
            while block := packed.fileobj.read(1 << 20):
                written += len(block)
                if written > most:
                    raise InputError(
                        f"{path} has {sized(Path(path).stat().st_size)} and unpacks to more than {sized(most)}",
                        fix=f"{UNPACKED}=50 in the environment allows 50 GB; or give the unpacked folder",
                    )
                file.write(block)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _limit(path: str) -> int:
    """Bytes that an archive may become: what the environment says, else fifty times its size, and 1 GiB at least.

    Raises UsageProblem where the environment says no number.
    """
    told = os.environ.get(UNPACKED)
    if not told:
        return max(_LEAST, _TIMES * Path(path).stat().st_size)
    try:
        return int(float(told) * 1e9)
    except (ValueError, OverflowError):
        raise UsageProblem(f"{UNPACKED}={told} is no number of GB", fix=f"{UNPACKED}=50") from None
