"""From the bytes of a text to UTF-8: the one door of tables, lists and questions that are text."""

import shlex

from visrec_cli.errors import InputError
from visrec_cli.tables.compression import decompressed_bytes

_FOREIGN = {
    b"<!doctype html": ("a web page", "download it again: the server gave a page for the file"),
    b"<html": ("a web page", "download it again: the server gave a page for the file"),
    b"<?xml": ("XML", "write it as CSV, NDJSON or Parquet"),
    b"version https://git-lfs": ("a pointer of Git LFS, not the file itself", "git lfs pull"),
    b"%pdf-": ("a PDF", "write the table as CSV, NDJSON or Parquet"),
}
WIDE_MARKS = (
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


def in_utf8(data: bytes, where: str, then: str = "| visrec … -") -> bytes:
    """The text in UTF-8, without a byte order mark. Raises InputError for what is no text.

    then: what stands in an advice behind the command that makes a text of it.
    """
    data = decompressed_bytes(data, where)
    for mark, encoding in WIDE_MARKS:
        if data.startswith(mark):
            try:
                text = data.decode(encoding).encode()
                if b"\0" in text[:65536]:
                    raise UnicodeError("a character that is zero")
                return text
            except UnicodeError as error:
                raise InputError(
                    f"{where} begins as {encoding.upper()} text and is none", fix="make the file again, in UTF-8"
                ) from error
    data = data.removeprefix(b"\xef\xbb\xbf")
    begins = data[:512].lstrip().lower()
    for mark, (kind, fix) in _FOREIGN.items():
        if begins.startswith(mark):
            raise InputError(f"{where} is {kind}", fix=fix)
    if b"\0" in data[:65536]:
        raise InputError(
            f"{where} is not a table that visrec knows (it starts with {data[:8]!r})",
            fix="Arrow, Parquet, NPY, CSV, TSV or NDJSON are read; pictures go to 'visrec preprocess'",
        )
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{where}: line {line} is not UTF-8 text", fix=f"iconv -f latin1 -t utf-8 {shlex.quote(where)} {then}"
        ) from error
    return data


def lines_of(data: bytes, where: str) -> list[str]:
    """The lines of a list in a file, whatever ends them, without spaces around them. Raises InputError."""
    text = in_utf8(data, where, "> list.txt").decode().replace("\r\n", "\n").replace("\r", "\n")
    return [line.strip() for line in text.removesuffix("\n").split("\n")] if text else []
