"""Trailers, which mark visrec streams as complete.

The *trailer* is a batch of zero rows whose custom metadata holds ``visrec.end = {"bytes": …, "rows": …, "sha256": …,
"trailer": …}``: the first three of everything before it, the last a sha256 of the trailer's own bytes with zeros for
its digits. Then comes Arrow's end mark. Other readers pass over the trailer. It is written only when the producer
finished. Streams of earlier versions have no checksum of the trailer itself.
"""

import json
from dataclasses import dataclass
from typing import Any

import msgspec

from visrec_cli.errors import InputError, TruncatedStreamError
from visrec_cli.tables.checksums import BLANK, CHANGED, RandomAccess, fits_own_checksum, sha256_of, with_own_checksum
from visrec_cli.tables.documents import Count, Origin

END_KEY = b"visrec.end"
STREAM_KEY = b"visrec.stream"
STREAM_FORMAT, FIRST_FORMAT = b"2", b"1"  # of the schema's metadata; the first has no checksum of the trailer


def trailer(*, count: int, rows: int, digest: str) -> dict[bytes, bytes]:
    """The custom metadata of the trailer, before ``with_trailer_checksum``."""
    end = {"bytes": count, "rows": rows, "sha256": digest, "trailer": BLANK.decode()}
    return {END_KEY: json.dumps(end, sort_keys=True).encode()}


def with_trailer_checksum(message: bytes, _: Any = None) -> bytes:
    """The trailer's bytes with their own checksum."""
    return with_own_checksum(message, b'"trailer": "%b"' % BLANK)


@dataclass(frozen=True)
class Arrived:
    """What was read until the trailer: rows, bytes and their sha256, and the stream's format; the trailer's bytes."""

    rows: int
    count: int
    digest: str
    format: bytes | None
    trailer: bytes


def check_trailer(end: bytes, arrived: Arrived, where: str) -> None:
    """Compare a trailer with what was read. Raises TruncatedStreamError when they disagree."""
    trailer_found = trailer_of(end, where)
    if trailer_found.rows != arrived.rows:
        raise TruncatedStreamError(
            f"{where}: {arrived.rows} rows arrived, the producer wrote {trailer_found.rows}", fix="make the file again"
        )
    own = trailer_found.trailer
    whole = arrived.format == FIRST_FORMAT if own is None else fits_own_checksum(arrived.trailer, own)
    if trailer_found.sha256 != arrived.digest or trailer_found.bytes != arrived.count or not whole:
        raise TruncatedStreamError(f"{where}: {CHANGED}", fix="make the file again")


def compare_until_trailer(end: bytes, file: RandomAccess, where: str) -> None:
    """Compare a trailer with the bytes of a file before it. Raises TruncatedStreamError when they disagree."""
    trailer_found = trailer_of(end, where)
    if sha256_of(file, 0, trailer_found.bytes).hexdigest() != trailer_found.sha256:
        raise TruncatedStreamError(f"{where}: {CHANGED}", fix="make the file again")


class TrailerDocument(msgspec.Struct):
    """The content of a trailer. trailer: since format 2."""

    bytes: Count
    rows: Count
    sha256: str
    trailer: str | None = None


def trailer_of(end: bytes, where: str) -> TrailerDocument:
    """The content of a trailer. Raises TruncatedStreamError where it is none."""
    try:
        return Origin(f"{where}: the trailer", fix="make the file again").read(end, TrailerDocument)
    except InputError as error:
        raise TruncatedStreamError(f"{where}: the trailer is damaged", fix=error.fix) from error
