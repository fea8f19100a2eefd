"""Exact search against faiss and Annoy, in turn, in one run.

    python benchmarks/search.py [--items 100000] [--width 512] [--queries 512] [--rounds 5]

Synthetic catalogue: items around a thousand centres, in a space whose variance falls off as in real embeddings, so that
approximate indexes have some structure to use. Medians of queries per second and ratios to exact search; recall@10
against exact search. First it is checked that exact search and faiss's flat index found the same items.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from statistics import median

import numpy as np

from visrec_cli.indexes.annoy import AnnoyIndex
from visrec_cli.indexes.exact import ExactIndex
from visrec_cli.indexes.faiss import FaissIndex
from visrec_cli.indexes.recall import calibrate

K = 10


def catalogue(items: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    spread = np.arange(1, width + 1) ** -0.5
    centres = rng.normal(size=(1000, width))
    vectors = (centres[rng.integers(0, len(centres), items)] + rng.normal(size=(items, width))) * spread
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


class FaissFlat:
    """faiss's own exact index, as it comes."""

    def build(self, vectors: np.ndarray) -> None:
        import faiss

        self._index = faiss.IndexFlatIP(vectors.shape[1])
        self._index.add(vectors)

    def search(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        return self._index.search(queries, k)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("items", 100_000), ("width", 512), ("queries", 512), ("rounds", 5), ("trees", 50)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    vectors = catalogue(options.items, options.width)
    queries = vectors[np.random.default_rng(1).choice(options.items, options.queries, replace=False)]
    indexes = {
        "exact": ExactIndex(),
        "faiss flat": FaissFlat(),
        "faiss IVF": FaissIndex(),
        "annoy": AnnoyIndex(trees=options.trees),
    }
    with tempfile.TemporaryDirectory() as cache:
        os.environ["VISREC_CACHE_DIR"] = cache
        built = {name: seconds(lambda index=index: index.build(vectors)) for name, index in indexes.items()}
    settings = dict.fromkeys(indexes, "")
    for name in ("faiss IVF", "annoy"):
        calibrate(indexes[name], K)
        settings[name] = indexes[name].effort
    truth = indexes["exact"].search(queries, K)[1]
    found = {name: index.search(queries, K)[1] for name, index in indexes.items()}
    recall = {
        name: np.mean([len(set(a) & set(b)) / K for a, b in zip(rows.tolist(), truth.tolist(), strict=True)])
        for name, rows in found.items()
    }
    assert recall["faiss flat"] > 0.9999, f"exact search and faiss flat disagree: {recall['faiss flat']}"
    times: dict[str, list[float]] = {name: [] for name in indexes}
    for _ in range(options.rounds):
        for name, index in indexes.items():
            times[name].append(seconds(lambda index=index: index.search(queries, K)))
    exact = median(times["exact"])
    print(f"{options.items:,} x {options.width}, {options.queries} queries, k = {K}, {os.cpu_count()} cores")
    print(f"{'index':12}{'queries/s':>11}{'ratio':>8}{'recall@10':>11}{'build s':>9}  settings")
    for name in indexes:
        rate, ratio = options.queries / median(times[name]), exact / median(times[name])
        print(f"{name:12}{rate:11,.0f}{ratio:8.2f}{recall[name]:11.3f}{built[name]:9.1f}  {settings[name]}")


if __name__ == "__main__":
    main()
