"""Cost estimate of a run from a sample of its pictures."""

import resource
import sys
import time
from dataclasses import dataclass
from random import Random

import pyarrow as pa

from visrec_cli.embedding.cache_lookup import CacheLookup, CacheRequest
from visrec_cli.embedding.encoding_run import Work
from visrec_cli.embedding.prefetch import Read, read_picture
from visrec_cli.encoders.base import ImageEncoder
from visrec_cli.images.ordered_map import ordered_map
from visrec_cli.items.pictures import PictureColumns
from visrec_cli.runtime.display import counted, sized

SAMPLE = 64
_ENTRY = 200  # bytes of a cache entry, without its vector


@dataclass(frozen=True)
class Estimate:
    """Estimated cost of a run.

    Attributes
    ----------
    rows : int
        Number of rows of the table.
    known : int
        Number of pictures whose vectors are in the cache.
    new : int
        Number of pictures to compute.
    sampled : int
        Number of pictures in the sample.
    unusable : int
        Number of pictures in the sample that cannot be used.
    rate : float | None
        Pictures per second; None if there is nothing to compute.
    memory : int
        Peak memory of this process so far, in bytes; it does not grow with the number of pictures.
    vectors : int
        Bytes that would be added to the output.
    cache : int
        Bytes that would be added to the cache.
    threads : int
        Number of threads.
    """

    rows: int
    known: int
    new: int
    sampled: int
    unusable: int
    rate: float | None
    memory: int
    vectors: int
    cache: int
    threads: int

    @property
    def seconds(self) -> float:
        """Estimated time for the new pictures in seconds, without start-up."""
        return self.new / self.rate if self.rate else 0.0

    def lines(self) -> list[str]:
        """The estimate as lines of text."""
        report_lines = [
            f"{counted(self.rows, 'rows')}, {self.known:,} in the cache, {counted(self.new, 'pictures')} to embed"
        ]
        if self.rate:
            report_lines.append(
                f"time     about {_duration(self.seconds)}: {self.rate:,.1f} pictures a second on "
                f"{counted(self.threads, 'threads')}, from a sample of {self.sampled}"
            )
        if self.unusable:
            report_lines.append(f"unusable {self.unusable} of the sample")
        report_lines.append(f"memory   about {sized(self.memory)}, whatever the number of pictures")
        report_lines.append(f"disk     {sized(self.vectors)} of vectors, {sized(self.cache)} more in the cache")
        return report_lines


def estimate(
    reader: pa.RecordBatchReader,
    pictures: PictureColumns,
    model: ImageEncoder,
    lookup: CacheLookup,
    work: Work,
    threads: int,
) -> Estimate:
    """Read a table, and embed a random sample of the pictures that are not in the cache.

    Parameters
    ----------
    reader : pa.RecordBatchReader
        The table.
    pictures : PictureColumns
        Its columns with pictures.
    model : ImageEncoder
        The encoder.
    lookup : CacheLookup
        The cache.
    work : Work
        Computes results of prepared pictures.
    threads : int
        Number of threads.

    Returns
    -------
    Estimate
        The estimate.
    """
    rows, known, new, chosen = 0, 0, 0, list[CacheRequest]()
    random = Random(0)
    for batch in reader:
        rows += batch.num_rows
        for one in lookup.look_up([one for some in pictures.several(batch) for one in some]):
            if one.result is not None:
                known += 1
            elif not one.source.refusal:
                new += 1
                if len(chosen) < SAMPLE:
                    chosen.append(one)
                elif (place := random.randrange(new)) < SAMPLE:  # reservoir sampling (Vitter 1985)
                    chosen[place] = one
    _embedded(chosen[: 2 * threads], model, lookup, work, threads)  # loads the model
    start = time.perf_counter()
    reads = _embedded(chosen, model, lookup, work, threads)
    taken = time.perf_counter() - start
    width = 4 * model.dimension
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Estimate(
        rows=rows,
        known=known,
        new=new,
        sampled=len(chosen),
        unusable=sum(read.refused is not None for read in reads),
        rate=len(chosen) / taken if chosen else None,
        memory=peak,
        vectors=rows * width,
        cache=new * (width + _ENTRY) if lookup.keeps else 0,
        threads=threads,
    )


def _embedded(
    requests: list[CacheRequest], model: ImageEncoder, lookup: CacheLookup, work: Work, threads: int
) -> list[Read]:
    def attempt(one: CacheRequest) -> Read:
        read = read_picture(one, model, lookup)
        if model.alone and read.prepared is not None:
            work.compute([read.prepared])
        return read

    reads = list(ordered_map(attempt, requests, threads=threads))
    if not model.alone:
        work.compute([read.prepared for read in reads if read.prepared is not None])
    return reads


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"
