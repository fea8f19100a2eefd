"""Read-ahead of a table's pictures in threads, in order, with bounded memory."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import pyarrow as pa

from visrec_cli.embedding.cache_lookup import CacheLookup, CacheRequest, Result, digest_of
from visrec_cli.encoders.base import ImageEncoder, Prepared
from visrec_cli.images.ordered_map import ordered_map
from visrec_cli.items.pictures import PictureColumns, PictureSource
from visrec_cli.tables.batches import even
from visrec_cli.tables.compatibility import follows_profiles

_HELD = 64 << 20  # largest picture file that is kept in memory, in bytes; a larger one is read twice


class PictureRows(NamedTuple):
    """A batch of a table, and how many pictures each of its rows has."""

    batch: pa.RecordBatch
    pictures: list[int]


class Read(NamedTuple):
    """What was read for one row: a result, or a prepared picture, or the reason why the picture cannot be used.

    Attributes
    ----------
    source : PictureSource
        The picture.
    result : Result | None, default=None
        The result, if it is already known.
    prepared : Prepared | None, default=None
        Input of the encoder, if the result is not known.
    refused : str | None, default=None
        Reason why the picture cannot be used.
    digest : bytes | None, default=None
        Digest of the content, if there is a cache.
    wanted : CacheRequest | None, default=None
        The request, if there is a cache.
    fresh : bool, default=False
        Whether the result is to be added to the cache.
    fix : str | tuple[str, ...] | None, default=None
        How to make the picture usable.
    colour : str | None, default=None
        What was done with the picture's colour profile, for the result.
    first : bool, default=False
        Whether the result is from the cache of the first release.
    """

    source: PictureSource
    result: Result | None = None
    prepared: Prepared | None = None
    refused: str | None = None
    digest: bytes | None = None
    wanted: CacheRequest | None = None
    fresh: bool = False
    fix: str | tuple[str, ...] | None = None
    colour: str | None = None
    first: bool = False

    @property
    def was_kept(self) -> bool:
        """Whether the result, if there is one, came from the cache."""
        return self.first or not self.fresh

    def with_result(self, result: Result) -> "Read":
        """The same with the result of the prepared picture."""
        return self._replace(result=result._replace(colour=self.colour), prepared=None, fresh=True)


def read_pictures(
    reader: pa.RecordBatchReader,
    pictures: PictureColumns,
    encoder: ImageEncoder,
    lookup: CacheLookup,
    compute: Callable[[list[Prepared]], list[Result]],
    *,
    rows: int,
    threads: int | None,
) -> Iterator[tuple[PictureRows, list[Read]]]:
    """Read the pictures of a table ahead, batch by batch; see ``read_sources``.

    Parameters
    ----------
    reader : pa.RecordBatchReader
        The table.
    pictures : PictureColumns
        Its columns with pictures.
    encoder : ImageEncoder
        The encoder.
    lookup : CacheLookup
        The cache.
    compute : Callable[[list[Prepared]], list[Result]]
        Computes results of prepared pictures.
    rows : int
        Number of rows per batch.
    threads : int | None
        Number of threads; None for all cores.

    Yields
    ------
    tuple[PictureRows, list[Read]]
        Batches, each with a Read for every picture of every row.
    """
    waiting: deque[PictureRows] = deque()

    def parts() -> Iterator[list[PictureSource]]:
        for batch in even(reader, rows):
            several = list(pictures.several(batch))
            waiting.append(PictureRows(batch, [len(some) for some in several]))
            yield [source for some in several for source in some]

    for reads in read_sources(parts(), encoder, lookup, compute, ahead=2 * rows, threads=threads):
        yield waiting.popleft(), reads


def read_sources(
    parts: Iterable[Sequence[PictureSource]],
    encoder: ImageEncoder,
    lookup: CacheLookup,
    compute: Callable[[list[Prepared]], list[Result]],
    *,
    ahead: int,
    threads: int | None,
) -> Iterator[list[Read]]:
    """Read pictures ahead, part by part.

    An encoder that takes one picture at a time computes here, in the threads, so that no core waits for another. For
    other encoders the pictures are returned prepared, while the next ones are read.

    Parameters
    ----------
    parts : Iterable[Sequence[PictureSource]]
        Pictures, in parts that are not empty.
    encoder : ImageEncoder
        The encoder.
    lookup : CacheLookup
        The cache.
    compute : Callable[[list[Prepared]], list[Result]]
        Computes results of prepared pictures.
    ahead : int
        Number of pictures to read ahead.
    threads : int | None
        Number of threads; None for all cores.

    Returns
    -------
    Iterator[list[Read]]
        A Read for each picture of a part.
    """
    sizes: deque[int] = deque()

    def requests() -> Iterator[CacheRequest]:
        for part in parts:
            sizes.append(len(part))
            yield from lookup.look_up(part)

    def known(one: CacheRequest) -> Read | None:
        return Read(one.source, one.result) if one.result is not None else None

    def attempt(one: CacheRequest) -> Read:
        read = read_picture(one, encoder, lookup)
        if encoder.alone and read.prepared is not None:
            (result,) = compute([read.prepared])
            return read.with_result(result)
        return read

    reads: list[Read] = []
    for read in ordered_map(attempt, requests(), threads=threads, ahead=ahead, known=known):
        reads.append(read)
        if len(reads) == sizes[0]:
            sizes.popleft()
            yield reads
            reads = []


def read_picture(one: CacheRequest, encoder: ImageEncoder, lookup: CacheLookup) -> Read:
    """The cached result of a picture's content, or the encoder's input, or the reason why it cannot be used."""
    from visrec_cli.images.colour import NOTE
    from visrec_cli.images.decoder import decoded, in_srgb
    from visrec_cli.images.sources import PictureError, picture_bytes

    source = one.source
    if source.refusal:
        return Read(source, refused=source.refusal)
    try:
        content, digest = source.data, None
        if lookup.keeps:
            content = picture_bytes(str(source.path), _HELD) if content is None else content
            digest = digest_of(content) if content is not None else _digest_of_file(str(source.path))
            found = lookup.find([digest]).get(digest)
            if found is not None:
                return Read(source, found, digest=digest, wanted=one)
            found = lookup.find_first(digest)
            if found is not None and in_srgb(content if content is not None else str(source.path)):
                return Read(source, found, digest=digest, wanted=one, fresh=True, first=True)
        at_least = (encoder.scaled_to, encoder.scaled_to) if encoder.scaled_to else None
        profiles = follows_profiles(encoder.space)
        whole = content if content is not None else str(source.path)
        with decoded(whole, at_least=at_least, profiles=profiles) as picture:
            colour = picture.info.get(NOTE)
            return Read(source, prepared=encoder.prepare(picture), digest=digest, wanted=one, colour=colour)
    except PictureError as error:
        return Read(source, refused=str(error), fix=error.ways or error.fix)


def _digest_of_file(path: str) -> bytes:
    import hashlib
    from pathlib import Path

    from visrec_cli.images.archives import read_member, split_member

    member = split_member(path)
    if member and not Path(path).exists():
        return digest_of(read_member(*member))
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()
