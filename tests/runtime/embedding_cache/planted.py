"""A cache with a planted truth: numbers, as files and as payloads that say whose they are."""

import hashlib
import os
from pathlib import Path

from visrec_cli.runtime.embedding_cache.embeddings import EmbeddingCache, open_cache
from visrec_cli.runtime.embedding_cache.file_stamps import Stamp, stamp_of
from visrec_cli.runtime.report import Report

LONG_AGO = 1_000_000_000
KIND = "lite0 1280 numbers"


def digest(number: int) -> bytes:
    return hashlib.sha256(b"%d" % number).digest()


def payload(number: int, size: int = 1500) -> bytes:
    return (digest(number) * (size // 32 + 1))[:size]


def truth(numbers: range, size: int = 1500) -> dict[bytes, bytes]:
    return {digest(number): payload(number, size) for number in numbers}


def opened(folder: Path, report: Report | None = None) -> EmbeddingCache:
    cache = open_cache(folder, report or Report())
    assert cache is not None
    return cache


def write_files(folder: Path, numbers: range) -> list[tuple[Stamp, bytes]]:
    """Old files whose contents have the numbers' digests, each with its stamp."""
    folder.mkdir(exist_ok=True)
    known = []
    for number in numbers:
        (folder / f"{number}.jpg").write_bytes(b"%d" % number)
        os.utime(folder / f"{number}.jpg", (LONG_AGO, LONG_AGO))
        known.append((stamp_of(folder / f"{number}.jpg"), digest(number)))
    return known
