"""Query pictures of ``--image``: files, folders, archives, or bytes on stdin."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from visrec_cli.embedding.cache_lookup import CacheLookup
from visrec_cli.embedding.encoding_run import AT_ONCE, Work, new_entries, variety
from visrec_cli.embedding.prefetch import Read, read_sources
from visrec_cli.encoders.base import ImageEncoder
from visrec_cli.errors import InputError
from visrec_cli.images.archives import MARK
from visrec_cli.images.scan import find_pictures
from visrec_cli.items.catalogue_items import CatalogueItems
from visrec_cli.items.pictures import PictureSource, count_colours
from visrec_cli.options.types import Cache
from visrec_cli.runtime.report import Report
from visrec_cli.runtime.standard_streams import standard_input
from visrec_cli.runtime.threads import usable_cores
from visrec_cli.stages.recommend.items.queries import Query, picture_queries
from visrec_cli.stages.recommend.items.query_encoder import picture_encoder
from visrec_cli.stages.recommend.items.query_vectors import query_vectors, unit_queries
from visrec_cli.tables.compatibility import follows_profiles
from visrec_cli.tables.spaces import Space
from visrec_cli.tables.vectors import Matrix


@dataclass(frozen=True)
class _Asked:
    """One picture: what to load, what to call it, and where it lies if it lies anywhere."""

    source: Any
    name: str
    path: str | None


def image_queries(catalogue: CatalogueItems, images: Sequence[Any], cache: Cache, report: Report) -> list[Query]:
    """One query per picture. A picture that cannot be used is rejected; InputError if no other is left.

    images: paths of pictures, folders or archives, ``-`` for the bytes on stdin, bytes, or PIL images. A picture that
    embed-images has embedded is not computed again; cache: see there.
    """
    pictures = _Pictures([one for image in images for one in _asked(image)], cache, report)
    if not pictures.asked:
        return []
    vectors = query_vectors(catalogue.space, catalogue.column, catalogue.vectors.shape[1], "pictures", pictures.vectors)
    pictures.tell()
    usable = [row for row in range(len(pictures.asked)) if row not in pictures.refused]
    asked = [pictures.asked[row] for row in usable]
    names = [one.name for one in asked]
    labels = [Path(name).name or name for name in names]
    return picture_queries(
        names, labels, [one.path for one in asked], unit_queries(vectors[usable], [f"picture {name}" for name in names])
    )


class _Pictures:
    """The pictures, read for each encoder that the space was made with. refused: by number, those of no use."""

    def __init__(self, asked: Sequence[_Asked], cache: Cache, report: Report) -> None:
        self.asked, self._cache, self._report = asked, cache, report
        self.refused: dict[int, Read] = {}
        self._colours: dict[int, str | None] = {}

    def vectors(self, space: Space) -> Matrix:
        """(n, d) float32 in a space that an encoder made, zeros for those of no use."""
        encoder = picture_encoder(space)
        lookup = CacheLookup(encoder, self._cache, self._report, variety=variety(0))
        size = AT_ONCE if encoder.alone else encoder.batch_size
        work = Work(encoder, 0, size, self._report)
        vectors = np.zeros((len(self.asked), encoder.dimension), np.float32)
        try:
            for rows, reads in work.finished(self._reads(encoder, lookup, work, size)):
                lookup.keep(*new_entries(reads))
                for row, one in zip(rows, reads, strict=True):
                    if one.result is None:
                        self.refused.setdefault(row, one)
                    else:
                        vectors[row] = one.result.vector
                        self._colours[row] = one.result.colour
                        self._report.count("query vectors from the cache", int(one.was_kept))
        finally:
            lookup.close()
        return vectors

    def tell(self) -> None:
        """Reject what is of no use, and count. Raises InputError where nothing else is left."""
        count_colours(self._colours.values(), self._report)
        if len(self.asked) == 1 and self.refused:
            (one,) = self.refused.values()
            raise InputError(f"the query picture {self.asked[0].name} cannot be used: {one.refused}", fix=one.fix)
        for row, one in sorted(self.refused.items()):
            self._report.reject("recommend", str(one.refused), path=self.asked[row].name)
        if len(self.refused) == len(self.asked):
            raise InputError(f"none of the {len(self.asked)} query pictures can be used", fix="--rejects FILE says why")

    def _reads(
        self, encoder: ImageEncoder, lookup: CacheLookup, work: Work, size: int
    ) -> Iterator[tuple[list[int], list[Read]]]:
        """Rows and their Reads; pictures that are open already are known by no content, and so never kept."""
        rows = [row for row, one in enumerate(self.asked) if isinstance(one.source, str | Path | bytes)]
        parts = [rows[start : start + size] for start in range(0, len(rows), size)]
        sources = ([_source(self.asked[row].source) for row in part] for part in parts)
        reads = read_sources(sources, encoder, lookup, work.compute, ahead=2 * size, threads=usable_cores())
        yield from zip(parts, reads, strict=True)
        from visrec_cli.images.colour import NOTE
        from visrec_cli.images.pixels import to_srgb

        for row in sorted(set(range(len(self.asked))) - set(rows)):
            picture = to_srgb(self.asked[row].source, profiles=follows_profiles(encoder.space))
            read = Read(PictureSource(None, None, None), prepared=encoder.prepare(picture))
            yield [row], [read._replace(colour=picture.info.get(NOTE))]


def _source(source: str | Path | bytes) -> PictureSource:
    return PictureSource(None, source, None) if isinstance(source, bytes) else PictureSource(None, None, str(source))


def _asked(image: Any) -> list[_Asked]:
    if isinstance(image, str) and image == "-":
        data = standard_input().read()
        if not data:
            raise InputError("--image -: stdin is empty", fix="visrec recommend TABLE --image - < query.jpg")
        return [_Asked(data, "stdin", None)]
    if not isinstance(image, str | Path):
        return [_Asked(image, "picture", None)]
    if MARK in str(image) and not Path(image).exists():
        return [_Asked(str(image), str(image), str(image))]
    return [_Asked(picture.path, picture.path, picture.path) for picture in find_pictures(image)]
