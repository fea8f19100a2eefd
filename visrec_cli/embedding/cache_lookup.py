"""Cache look-up: vectors of earlier runs, by content or by file stamp."""

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from visrec_cli.encoders.base import Encoder, Label, Vectors
from visrec_cli.errors import InputError, UsageError
from visrec_cli.images.archives import MARK, split_member
from visrec_cli.items.pictures import PictureSource
from visrec_cli.options.types import Cache
from visrec_cli.runtime.embedding_cache.embeddings import EmbeddingCache, open_cache
from visrec_cli.runtime.embedding_cache.file_stamps import Stamp, stamp_of
from visrec_cli.runtime.report import Report
from visrec_cli.tables.compatibility import with_profiles
from visrec_cli.tables.documents import Finite, Origin


class Result(NamedTuple):
    """What a model said of one picture or text: (d,) float32, the classes if they were asked for, whether it did not
    read the whole text, and what became of the picture's colour profile (see images.colour).
    """

    vector: Vectors
    labels: tuple[Label, ...] = ()
    cut: bool = False
    colour: str | None = None


class CacheRequest(NamedTuple):
    """One row's picture before anything is read: its file's stamp, and the result if both are known."""

    source: PictureSource
    stamp: Stamp | None
    result: Result | None


class CacheLookup:
    """The cache as the two stages use it; without one (``cache=False``) nothing is found and nothing kept.

    A result is known by the content, the space, and what computed it: the engine and, for pictures, the release of the
    decoder. variety: whatever else decides the result, such as how many classes are named.
    """

    def __init__(self, encoder: Encoder, cache: Cache, report: Report, *, variety: str = "") -> None:
        self._dimension = encoder.dimension
        self._kind, self._first = (
            f"{encoder.spec} {space.fingerprint} {encoder.engine}{variety}"
            for space in (encoder.space, with_profiles(encoder.space, followed=False))
        )
        self._cache: EmbeddingCache | None = None
        if cache is not False and encoder.engine:
            self._cache = open_cache(None if cache is True else _folder(Path(cache)), report)

    @property
    def keeps(self) -> bool:
        """Whether there is a cache."""
        return self._cache is not None

    def look_up(self, sources: Sequence[PictureSource]) -> list[CacheRequest]:
        """Each picture with its result, where its file is unchanged and its vector kept: nothing is read."""
        if self._cache is None:
            return [CacheRequest(source, None, None) for source in sources]
        stamps = [_stamp(source) for source in sources]
        known_stamps = [stamp for stamp in stamps if stamp is not None]
        digests = dict(zip(known_stamps, self._cache.known(known_stamps), strict=True))
        found = self._found([digest for digest in digests.values() if digest is not None])
        return [
            CacheRequest(source, stamp, found.get(digests.get(stamp) or b"") if stamp else None)
            for source, stamp in zip(sources, stamps, strict=True)
        ]

    def find(self, digests: Sequence[bytes]) -> dict[bytes, Result]:
        """What is kept for these contents, by their digests (``digest_of``)."""
        return self._found(digests) if self._cache is not None else {}

    def find_first(self, digest: bytes) -> Result | None:
        """What the first release kept for this content: right for a picture whose colours need no conversion."""
        if self._cache is None or self._first == self._kind:
            return None
        return self._found([digest], self._first).get(digest)

    def keep(self, new: dict[bytes, Result], files: Sequence[tuple[Stamp, bytes]] = ()) -> None:
        """Keep results by digest, and know the files with their digests next time; all at once."""
        if self._cache is not None and (new or files):
            self._cache.keep(self._kind, [(digest, _packed(result)) for digest, result in new.items()], files)

    def close(self) -> None:
        """Let go of the cache."""
        if self._cache is not None:
            self._cache.close()

    def _found(self, digests: Sequence[bytes], kind: str | None = None) -> dict[bytes, Result]:
        assert self._cache is not None
        packed = self._cache.find(kind or self._kind, digests) if digests else {}
        found = {digest: _unpacked(payload, self._dimension) for digest, payload in packed.items()}
        return {digest: result for digest, result in found.items() if result is not None}


def digest_of(content: bytes) -> bytes:
    """What a picture file or a text is known by."""
    return hashlib.sha256(content).digest()


def _stamp(source: PictureSource) -> Stamp | None:
    """Of the picture's file, or of the archive that it is in."""
    if source.data is not None or source.path is None or source.refusal:
        return None
    with suppress(OSError, ValueError):
        return stamp_of(source.path)
    member = split_member(source.path)
    with suppress(OSError, ValueError):
        if member is not None:
            stamp = stamp_of(member[0])
            return stamp._replace(path=stamp.path + f"{MARK}{member[1]}".encode())
    return None


def _folder(named: Path) -> Path:
    if named.exists() and not named.is_dir():
        raise UsageError(f"the cache '{named}' is a file", fix="name a folder: --cache DIR; it is made if need be")
    return named


def _packed(result: Result) -> bytes:
    words = {name: value for name in ("labels", "cut", "colour") if (value := getattr(result, name))}
    return result.vector.astype("<f4").tobytes() + (json.dumps(words).encode() if words else b"")


class ResultDocument(msgspec.Struct, forbid_unknown_fields=True):
    """What is kept behind a vector, where there is anything to say."""

    labels: list[tuple[str, Finite]] = []
    cut: bool = False
    colour: Literal["converted", "unusable"] | None = None


def _unpacked(payload: bytes, dimension: int) -> Result | None:
    """The inverse of _packed; None for anything else, which is computed again."""
    if len(payload) < 4 * dimension:
        return None
    vector = np.frombuffer(payload, "<f4", dimension)
    if len(payload) == 4 * dimension:
        return Result(vector)
    try:
        words = Origin("a kept vector", fix="visrec cache clear").read(payload[4 * dimension :], ResultDocument)
    except InputError:
        return None
    return Result(vector, tuple(Label(*one) for one in words.labels), words.cut, words.colour)
