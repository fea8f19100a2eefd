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
    """Output of a model for one picture or text.

    Attributes
    ----------
    vector : Vectors
        (d,) float32.
    labels : tuple[Label, ...], default=()
        Recognised classes, if requested.
    cut : bool, default=False
        Whether the text was longer than the model reads.
    colour : str | None, default=None
        What was done with the picture's colour profile (see ``images.colour``); None if nothing.
    """

    vector: Vectors
    labels: tuple[Label, ...] = ()
    cut: bool = False
    colour: str | None = None


class CacheRequest(NamedTuple):
    """The picture of one row before anything is read.

    Attributes
    ----------
    source : PictureSource
        The picture.
    stamp : Stamp | None
        Stamp of its file; None if there is no file.
    result : Result | None
        The cached result, if the file is unchanged.
    """

    source: PictureSource
    stamp: Stamp | None
    result: Result | None


class CacheLookup:
    """The cache as the two stages use it. Without a cache, nothing is found and nothing is kept.

    A result is identified by the content, the space, and what computed it: the engine and, for pictures, the release of
    the decoder.

    Parameters
    ----------
    encoder : Encoder
        The encoder.
    cache : Cache
        Where the cache is; False for none.
    report : Report
        Where damage of the cache is recorded.
    variety : str, default=""
        Anything else that determines the result, such as the number of classes.
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
        """Each picture with its cached result, if its file is unchanged; no picture is read."""
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
        """Cached results of these contents, by their digests (see ``digest_of``)."""
        return self._found(digests) if self._cache is not None else {}

    def find_first(self, digest: bytes) -> Result | None:
        """Result that the first release cached for this content; valid if the picture's colours need no conversion."""
        if self._cache is None or self._first == self._kind:
            return None
        return self._found([digest], self._first).get(digest)

    def keep(self, new: dict[bytes, Result], files: Sequence[tuple[Stamp, bytes]] = ()) -> None:
        """Keep results by digest, and the digests of files by stamp, in one transaction."""
        if self._cache is not None and (new or files):
            self._cache.keep(self._kind, [(digest, _packed(result)) for digest, result in new.items()], files)

    def close(self) -> None:
        """Close the cache."""
        if self._cache is not None:
            self._cache.close()

    def _found(self, digests: Sequence[bytes], kind: str | None = None) -> dict[bytes, Result]:
        assert self._cache is not None
        packed = self._cache.find(kind or self._kind, digests) if digests else {}
        found = {digest: _unpacked(payload, self._dimension) for digest, payload in packed.items()}
        return {digest: result for digest, result in found.items() if result is not None}


def digest_of(content: bytes) -> bytes:
    """Digest that identifies the content of a picture file or a text."""
    return hashlib.sha256(content).digest()


def _stamp(source: PictureSource) -> Stamp | None:
    """Stamp of the picture's file, or of the archive that contains it."""
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
        raise UsageError(f"the cache '{named}' is a file", fix="name a folder: --cache DIR; it is made if needed")
    return named


def _packed(result: Result) -> bytes:
    metadata = {name: value for name in ("labels", "cut", "colour") if (value := getattr(result, name))}
    return result.vector.astype("<f4").tobytes() + (json.dumps(metadata).encode() if metadata else b"")


class ResultDocument(msgspec.Struct, forbid_unknown_fields=True):
    """Metadata that are stored after a vector, if there are any.

    Attributes
    ----------
    labels : list[tuple[str, Finite]], default=[]
        Recognised classes and their scores.
    cut : bool, default=False
        Whether the text was longer than the model reads.
    colour : Literal["converted", "unusable"] | None, default=None
        What was done with the picture's colour profile.
    """

    labels: list[tuple[str, Finite]] = []
    cut: bool = False
    colour: Literal["converted", "unusable"] | None = None


def _unpacked(payload: bytes, dimension: int) -> Result | None:
    """The inverse of ``_packed``; None for damaged entries, which are computed again."""
    if len(payload) < 4 * dimension:
        return None
    vector = np.frombuffer(payload, "<f4", dimension)
    if len(payload) == 4 * dimension:
        return Result(vector)
    try:
        metadata = Origin("a kept vector", fix="visrec cache clear").read(payload[4 * dimension :], ResultDocument)
    except InputError:
        return None
    return Result(vector, tuple(Label(*one) for one in metadata.labels), metadata.cut, metadata.colour)
