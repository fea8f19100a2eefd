"""How a text is divided into columns: what stands above its header, its line ends, its delimiter, its header."""

import csv
import io
import re
from dataclasses import dataclass

from visrec_cli.tables.ids import is_id_name

_DELIMITERS = b",\t;|"
_SEPARATOR_LINE = re.compile(rb'\s*"?sep=(.)"?\s*', re.IGNORECASE)  # Excel writes it for itself
_LONGEST_HEADER = 1 << 20
_QUOTED = re.compile(rb'"(?:[^"]|"")*"')


@dataclass(frozen=True)
class Dialect:
    """data: the text from its header (or its first row) on, lines ending with LF. skipped: lines above that.

    header: the fields of the first record, as they are written. body: where the record after it begins in ``data``.
    """

    data: bytes
    delimiter: bytes
    header: tuple[str, ...]
    body: int
    skipped: int

    @property
    def width(self) -> int:
        """How many fields the header has."""
        return len(self.header)


def dialect_of(data: bytes) -> Dialect:
    """Finds the dialect of a text in UTF-8.

    Lines that begin with ``#`` above the header are comments, unless one of them is the header itself; a line
    ``sep=;`` names the delimiter; CR alone ends lines where the header has one. Otherwise the delimiter (comma, tab,
    semicolon, bar, ``::``) is the most frequent one in the header, outside of its quotes.
    """
    data = with_line_feeds(data)
    data, delimiter, skipped = _without_preamble(data)
    end = _end_of_record(data)
    first = data[:end]
    bare = _QUOTED.sub(b"", first)
    if delimiter is None and bare.count(b"::") > max(bare.count(one) for one in _each(_DELIMITERS)):
        data, first = data.replace(b"::", b"\t"), first.replace(b"::", b"\t")  # MovieLens 1M and 10M
        delimiter, end = b"\t", len(first)
    delimiter = delimiter or max(_each(_DELIMITERS), key=bare.count)
    record = io.StringIO(first.rstrip(b"\r\n").decode(), newline="")
    header = next(csv.reader(record, delimiter=delimiter.decode()), [])
    return Dialect(data, delimiter, tuple(header), end, skipped)


def record_of(fields: list[str], delimiter: bytes) -> bytes:
    """The fields as one line of text, quoted where they must be."""
    line = io.StringIO(newline="")
    csv.writer(line, delimiter=delimiter.decode(), lineterminator="\n").writerow(fields)
    return line.getvalue().encode()


def _each(characters: bytes) -> list[bytes]:
    return [bytes([one]) for one in characters]


def with_line_feeds(data: bytes) -> bytes:
    """The text with LF for CR where CR alone ends its first line, and so all of them: of a CSV, NDJSON or TREC."""
    first = data[:_LONGEST_HEADER].lstrip(b"\r\n").split(b"\n", 1)[0].removesuffix(b"\r")
    return re.sub(rb"\r(?!\n)", b"\n", data) if b"\r" in _QUOTED.sub(b"", first) else data


def _without_preamble(data: bytes) -> tuple[bytes, bytes | None, int]:
    """The text from its header on, the delimiter if a line names it, and how many lines stood above."""
    delimiter, start, skipped = None, 0, 0
    while start < len(data):
        end = data.find(b"\n", start)
        after = len(data) if end < 0 else end + 1
        line = data[start:after].rstrip(b"\r\n")
        named = _SEPARATOR_LINE.fullmatch(line)
        if named and delimiter is None:
            delimiter = named[1]
        elif line.startswith(b"#"):
            following = data[after : after + _LONGEST_HEADER].split(b"\n", 1)[0]
            if _names_ids(line) and not _names_ids(following):  # the header itself, as in '#user_id<TAB>item_id'
                return data[start:].lstrip(b"# "), delimiter, skipped
        elif line.strip():
            break
        start, skipped = after, skipped + 1
    return data[start:], delimiter, skipped


def _names_ids(line: bytes) -> bool:
    words = re.split(r"[,\t;|]", line.decode().lstrip("# "))
    return len(words) > 1 and any(is_id_name(word.strip(' "')) for word in words)


def _end_of_record(data: bytes) -> int:
    """Where the first record ends, its line feed included: a quoted name may hold line feeds."""
    first, start, quotes = data.find(b"\n") + 1 or len(data), 0, 0
    while 0 <= start < _LONGEST_HEADER:
        end = data.find(b"\n", start) + 1 or len(data)
        quotes += data.count(b'"', start, end)
        if quotes % 2 == 0:
            return end
        start = end if end < len(data) else -1
    return first  # a quote that is never closed
