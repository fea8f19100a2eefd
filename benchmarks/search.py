"""Exact search against faiss and Annoy, in turn, in one run.

    python benchmarks/search.py [--items 100000] [--width 512] [--rounds 5] [--peers flat,ivf,hnsw,annoy]

Synthetic catalogue: items around a thousand centres, in a space whose variance falls off as in real embeddings, so that
approximate indexes have some structure to use. First it is checked that exact search and faiss's flat index find the
same items. Then 1, 16, 256 and 2,048 queries are asked at once: medians of wall time, as queries per second divided by
those of exact search. ``--index faiss`` and ``--index annoy`` are ours (the library's short list, scored exactly
again), calibrated to a recall@10 of .95 and, for a table of what less would buy, of .8; faiss's flat index and HNSW
are the library's own, as they come.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from environment import machine, with_peers

K = 10
AT_ONCE = (1, 16, 256, 2048)
TARGETS = (0.8, 0.95)


def catalogue(items: int, width: int) -> Any:
    import numpy as np

    rng = np.random.default_rng(0)
    spread = (np.arange(1, width + 1) ** -0.5).astype(np.float32)
    centres = rng.normal(size=(1000, width)).astype(np.float32)
    vectors = rng.standard_normal((items, width), np.float32)
    vectors += centres[rng.integers(0, len(centres), items)]
    vectors *= spread
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


class FaissOwn:
    """One of faiss's own indexes, as it comes."""

    def __init__(self, factory: str) -> None:
        self._factory = factory

    def build(self, vectors: Any) -> None:
        import faiss

        self._index = faiss.index_factory(vectors.shape[1], self._factory, faiss.METRIC_INNER_PRODUCT)
        self._index.add(vectors)

    def search(self, queries: Any, k: int) -> tuple[Any, Any]:
        return self._index.search(queries, k)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def contenders(wanted: set[str], trees: int) -> dict[str, tuple[Any, float | None]]:
    """Name → how to make it, and the recall that it is calibrated to (None: as it comes)."""
    from visrec_cli.indexes.annoy import AnnoyIndex
    from visrec_cli.indexes.exact import ExactIndex
    from visrec_cli.indexes.faiss import FaissIndex

    found: dict[str, tuple[Any, float | None]] = {"exact": (ExactIndex, None)}
    if "flat" in wanted:
        found["faiss flat"] = (lambda: FaissOwn("Flat"), None)
    for target in TARGETS:
        if "ivf" in wanted:
            found[f"--index faiss, {target}"] = (FaissIndex, target)
        if "annoy" in wanted:
            found[f"--index annoy, {target}"] = (lambda: AnnoyIndex(trees=trees), target)
    if "hnsw" in wanted:
        found["faiss HNSW 32"] = (lambda: FaissOwn("HNSW32,Flat"), None)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("items", 100_000), ("width", 512), ("rounds", 5), ("trees", 50)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--peers", default="flat,ivf,hnsw,annoy")
    options = parser.parse_args()
    with_peers("faiss-cpu==1.15.1", "annoy==1.17.3")
    import numpy as np

    from visrec_cli.indexes.recall import calibrate

    vectors = catalogue(options.items, options.width)
    queries = vectors[np.random.default_rng(1).choice(options.items, max(AT_ONCE))]
    indexes, built, settings = {}, {}, {}
    with tempfile.TemporaryDirectory() as cache:
        os.environ["VISREC_CACHE_DIR"] = cache
        for name, (make, target) in contenders(set(options.peers.split(",")), options.trees).items():
            indexes[name] = make()
            built[name] = seconds(lambda name=name: indexes[name].build(vectors))
            if target is not None:
                calibrate(indexes[name], K, target=target)
            settings[name] = getattr(indexes[name], "effort", "")
    asked = queries[:256]
    truth = indexes["exact"].search(asked, K)[1]
    found = {name: index.search(asked, K)[1] for name, index in indexes.items()}
    recall = {
        name: np.mean([len(set(a) & set(b)) / K for a, b in zip(rows.tolist(), truth.tolist(), strict=True)])
        for name, rows in found.items()
    }
    if "faiss flat" in recall:
        assert recall["faiss flat"] > 0.9995, f"exact search and faiss flat disagree: {recall['faiss flat']}"
    times: dict[tuple[str, int], list[float]] = {(name, many): [] for name in indexes for many in AT_ONCE}
    for _ in range(options.rounds):
        for many in AT_ONCE:
            for name, index in indexes.items():
                part = queries[:many]
                times[name, many].append(seconds(lambda index=index, part=part: index.search(part, K)))
    print(machine("faiss-cpu", "annoy", "numpy"))
    print(f"{options.items:,} x {options.width}, k = {K}; queries per second ÷ those of exact search")
    print(f"| index | recall@10 | {' | '.join(f'{many:,} at once' for many in AT_ONCE)} | built in s | settings |")
    print(f"|---|---|{'---|' * len(AT_ONCE)}---|---|")
    for name in indexes:
        ratios = [median(times["exact", many]) / median(times[name, many]) for many in AT_ONCE]
        if name == "exact":
            shown = [f"1 ({1000 * median(times[name, many]):,.0f} ms)" for many in AT_ONCE]
        else:
            shown = [f"{ratio:.2f}" for ratio in ratios]
        print(f"| {name} | {recall[name]:.3f} | {' | '.join(shown)} | {built[name]:.1f} | {settings[name]} |")


if __name__ == "__main__":
    main()
