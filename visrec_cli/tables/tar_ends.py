"""Where a tar archive ends: tarfile takes a header that was cut or damaged for the end, and says nothing."""

import tarfile

from visrec_cli.errors import InputError

_AGAIN = "fetch or pack it again"


def require_end(packed: tarfile.TarFile, path: str, last: str | None) -> None:
    """Raise InputError unless a list that was read to its end ended at the mark that ends archives, the last thing
    there: what is behind a damaged header, or behind the mark, would be dropped in silence.

    last: the last file in the list.
    """
    assert packed.fileobj is not None
    packed.fileobj.seek(packed.offset)
    mark = packed.fileobj.read(tarfile.BLOCKSIZE)
    where = f"after {last}" if last else "at its start"
    if len(mark) < tarfile.BLOCKSIZE:
        raise InputError(f"{path} was cut {where}: it has no end mark", fix=_AGAIN)
    if any(mark):
        raise InputError(f"{path} is damaged {where}", fix=_AGAIN)
    while block := packed.fileobj.read(1 << 20):
        if block.count(0) < len(block):
            raise InputError(
                f"{path}: more follows the end of the archive, which is {where}",
                fix="unpack both and pack them together, or give each by its own name",
            )
