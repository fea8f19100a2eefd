"""Encoding of uncached texts in batches."""

from collections.abc import Sequence

import numpy as np

from visrec_cli.embedding.added_columns import while_memory_lasts
from visrec_cli.embedding.cache_lookup import CacheLookup, Result, digest_of
from visrec_cli.encoders.base import TextEncoder, Vectors
from visrec_cli.runtime.report import Report


class TextWork:
    """Computes vectors in batches that the device can hold, caches them, and counts texts that are cut.

    Parameters
    ----------
    model : TextEncoder
        The encoder.
    lookup : CacheLookup
        The cache.
    size : int
        Batch size to start with.
    report : Report
        Where counts and a smaller batch size are recorded.
    queries : bool, default=False
        Whether the texts are queries, for which some models use another prompt than for documents.
    """

    def __init__(
        self, model: TextEncoder, lookup: CacheLookup, size: int, report: Report, *, queries: bool = False
    ) -> None:
        self._model, self._lookup, self._size, self._report, self._queries = model, lookup, size, report, queries

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Vectors (n, d) of one text or more, in their order."""
        digests = [digest_of(text.encode("utf-8", "surrogatepass")) for text in texts]
        found = self._lookup.find(digests)
        missing = {digest: text for digest, text in zip(digests, texts, strict=True) if digest not in found}
        if missing:
            computed = list(missing.values())
            vectors, self._size = while_memory_lasts(
                lambda size: self._encoded(computed, size), self._size, self._report
            )
            cut = self._model.cut(computed)
            new = {d: Result(vector, cut=many) for d, vector, many in zip(missing, vectors, cut, strict=True)}
            self._lookup.keep(new)
            found |= new
        what = "query vectors" if self._queries else "vectors"
        self._report.count(f"{what} from the cache", sum(digest not in missing for digest in digests))
        self._report.count(f"texts cut at {self._model.token_limit} tokens", sum(found[d].cut for d in digests))
        return np.stack([found[digest].vector for digest in digests])

    def _encoded(self, texts: list[str], size: int) -> Vectors:
        if not self._queries:
            return self._model.encode(texts, batch_size=size)
        return np.concatenate(
            [self._model.encode_query(texts[start : start + size]) for start in range(0, len(texts), size)]
        )
