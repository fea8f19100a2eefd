"""Our recommenders beside those of implicit and cornac: quality on one split, and times in turn, in one run.

    python benchmarks/cf.py FOLDER [--only als,bpr,item-knn,cosine,vbpr] [--size 64] [--rounds 3]
    python benchmarks/cf.py --synthetic    # 200,000 users x 50,000 items, 10,000,000 draws: ALS and item-kNN, untuned

FOLDER holds interactions.csv with columns user, item, rating and perhaps split (train, val…, test); without split, a
fifth is drawn for testing and a tenth for validation. Where ratings differ, those of 4 and more are likes. VBPR needs
NAME_feat.npy there, row i for item i. Each method gets the best of its few settings by ndcg@10 on the validation part;
ndcg@10 and recall@20 are on the test part, among all items not seen in training or validation. Seconds are medians of
``--rounds``, of the clock and of all cores together; a ratio is the median of ours ÷ theirs, taken round by round.
Then, where a method learns in passes, the time at equal quality: until each reaches, on the validation part, the
ndcg@10 that the worst of them ever reaches. The peers install themselves. Where both compute the same by definition
("cosine"), it is checked that nearly all of the lists' places are the same.
"""

import argparse
import os
import time
import warnings
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as implicit asks for
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import polars as pl
import scipy.sparse as sp
from environment import machine, with_peers
from peers import PEERS, THREADS, Method, Score, contests

from visrec_cli.metrics.accuracy import Recall
from visrec_cli.metrics.base import ItemStats, Lists
from visrec_cli.metrics.gains import Ndcg
from visrec_cli.recommenders.data import Content
from visrec_cli.recommenders.top_k import tie_order, top_k

PASSES = (1, 2, 3, 4, 6, 8, 12, 16, 32, 64, 128)


class Data(NamedTuple):
    train: sp.csr_matrix
    validation: sp.csr_matrix
    test: sp.csr_matrix
    content: Content | None


def read(folder: Path) -> Data:
    table = pl.read_csv(folder / "interactions.csv").rename(
        {"user_id": "user", "item_id": "item", "movie_id": "item"}, strict=False
    )
    if table["rating"].n_unique() > 1:
        table = table.filter(pl.col("rating") >= 4)
    ids = {side: {one: at for at, one in enumerate(table[side].unique().sort())} for side in ("user", "item")}
    features = [np.load(path).astype(np.float32) for path in sorted(folder.glob("*_feat.npy"))]
    if features:
        ids["item"] = {at: at for at in range(len(features[0]))}
    place = [table[side].replace_strict(ids[side]).to_numpy() for side in ("user", "item")]
    if "split" in table.columns:
        part = table["split"].str.slice(0, 2).replace_strict({"tr": 0, "va": 1, "te": 2}).to_numpy()
    else:
        part = np.random.default_rng(0).choice(3, len(table), p=(0.7, 0.1, 0.2))
    shape = len(ids["user"]), len(ids["item"])
    parts = [clicks(place[0][part == which], place[1][part == which], shape) for which in range(3)]
    return Data(*parts, content_of(features, [path.stem for path in sorted(folder.glob("*_feat.npy"))]))


def content_of(features: list[np.ndarray], names: list[str]) -> Content | None:
    if not features:
        return None
    units = [block / np.maximum(np.linalg.norm(block, axis=1, keepdims=True), 1e-9) for block in features]
    vectors = np.hstack(units).astype(np.float32) / np.float32(len(units) ** 0.5)
    parts = tuple((name, block.shape[1]) for name, block in zip(names, features, strict=True))
    return Content(vectors, np.ones(len(vectors), bool), parts)


def clicks(users: np.ndarray, items: np.ndarray, shape: tuple[int, int]) -> sp.csr_matrix:
    matrix = sp.csr_matrix((np.ones(len(users), np.float32), (users, items)), shape=shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix


def synthetic() -> Data:
    """Fifty tastes, popularity and activity with long tails; a tenth each for validation and test."""
    rng = np.random.default_rng(0)
    shape, wanted = (200_000, 50_000), 10_000_000
    users = (shape[0] * rng.random(wanted) ** 1.5).astype(np.int64)
    items = (shape[1] * rng.random(wanted) ** 2).astype(np.int64)
    own = rng.random(wanted) < 0.6  # most clicks are for items of one's own taste
    items[own] = (items[own] // 50 * 50 + users[own] % 50).clip(max=shape[1] - 1)
    part = rng.choice(3, wanted, p=(0.8, 0.1, 0.1))
    return Data(*(clicks(users[part == which], items[part == which], shape) for which in range(3)), None)


def lists(score: Score, seen: sp.csr_matrix, users: np.ndarray) -> np.ndarray:
    """(users, 20) the unseen items with the highest scores; equal ones by lot."""
    draw = tie_order([str(item) for item in range(seen.shape[1])])
    return top_k(np.array(score(users), np.float32), 20, tie_order=draw, exclude=seen[users])[0]


def judge(score: Score, seen: sp.csr_matrix, truth: sp.csr_matrix, most: int = 10_000) -> tuple[float, float]:
    """ndcg@10 and recall@20, means over the (first ``most``) users with something in ``truth``."""
    users = np.flatnonzero(np.diff(truth.indptr))[:most]
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for some in np.array_split(users, max(len(users) // 500, 1)):
        judged, item_stats = Lists(lists(score, seen, some), truth[some]), ItemStats(truth.shape[1])
        found.append((Ndcg.each(judged, 10, item_stats), Recall.each(judged, 20, item_stats)))
    by_metric = zip(*found, strict=True)
    return tuple(float(np.concatenate(values).mean()) for values in by_metric)  # type: ignore[return-value]


def choices(method: Method) -> Iterator[dict[str, Any]]:
    for values in product(*method.grid.values()):
        yield dict(zip(method.grid, values, strict=True))


def tuned(method: Method, data: Data) -> dict[str, Any]:
    """The best of its settings by ndcg@10 on the validation part."""

    def score(choice: dict[str, Any]) -> float:
        return judge(method.fit(data.train, data.content, **choice), data.train, data.validation)[0]

    return max(choices(method), key=score)


def middle(method: Method) -> dict[str, Any]:
    return {name: values[len(values) // 2] for name, values in method.grid.items()}


def contest(methods: list[Method], data: Data, best: dict[str, dict[str, Any]], rounds: int) -> None:
    """All fit in turn, with the settings that are best for each, and are judged on the test part."""
    both = sp.csr_matrix(data.train + data.validation)
    times: dict[str, list[tuple[float, float]]] = {method.name: [] for method in methods}
    quality, first = {}, []
    for turn in range(rounds):
        for method in methods:
            start = time.perf_counter(), time.process_time()
            score = method.fit(both, data.content, **best[method.name])
            times[method.name].append((time.perf_counter() - start[0], time.process_time() - start[1]))
            if turn == 0:
                quality[method.name] = judge(score, both, data.test)
                first.append(lists(score, both, np.arange(min(1000, both.shape[0]))))
    for method, top in zip(methods, first, strict=True):
        same = np.mean([len(set(a) & set(b)) / len(a) for a, b in zip(top.tolist(), first[0].tolist(), strict=True)])
        assert same > 0.98 or not method.equal, f"{method.name} recommends something else: {same:.3f} is the same"
    mine = times[methods[0].name]
    for name, taken in times.items():
        shown = ""
        for ours, theirs in zip(zip(*mine, strict=True), zip(*taken, strict=True), strict=True):
            ratio = median(a / b for a, b in zip(ours, theirs, strict=True))
            shown += f"{median(theirs):9.2f}{ratio:7.2f}"
        print(f"{name:17}{quality[name][0]:9.4f}{quality[name][1]:11.4f}{shown}  {best[name]}", flush=True)


def race(methods: list[Method], data: Data, best: dict[str, dict[str, Any]], rounds: int) -> None:
    """Seconds until each reaches the ndcg@10 on the validation part that the worst of them ever reaches."""
    paths: dict[str, list[tuple[float, float, int]]] = {method.name: [] for method in methods}
    for passes in PASSES:
        times: dict[str, list[float]] = {method.name: [] for method in methods}
        scores = {}
        for _ in range(rounds):
            for method in methods:
                start = time.perf_counter()
                scores[method.name] = method.fit(
                    data.train, data.content, **best[method.name], **{method.passes: passes}
                )
                times[method.name].append(time.perf_counter() - start)
        for name, taken in times.items():
            paths[name].append((median(taken), judge(scores[name], data.train, data.validation)[0], passes))
    goal = min(max(score for _, score, _ in path) for path in paths.values())
    reached = {name: next(step for step in path if step[1] >= goal) for name, path in paths.items()}
    mine = reached[methods[0].name][0]
    print(f"to ndcg@10 {goal:.4f} on the validation part:")
    for name, (taken, score, passes) in reached.items():
        print(f"{name:17}{score:9.4f}{'':11}{taken:9.2f}{mine / taken:7.2f}{'':16}  {passes} passes", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    warnings.filterwarnings("ignore", module="implicit")  # it makes COO of CSR, and then warns of it
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--synthetic", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if not options.synthetic and options.folder is None:
        parser.error("a folder with interactions.csv, or --synthetic")
    with_peers(*PEERS)
    print(machine("numba", "implicit", "cornac"))
    data = synthetic() if options.synthetic else read(options.folder)
    wanted = options.only.split(",") if options.only else ["als", "item-knn", "cosine"] if options.synthetic else None
    users, items = data.train.shape
    parts = " + ".join(f"{part.nnz:,}" for part in data[:3])
    print(f"{users:,} users x {items:,} items, {parts} clicks, {options.size} factors, {THREADS} threads")
    print(f"{'':17}{'ndcg@10':>9}{'recall@20':>11}{'seconds':>9}{'ratio':>7}{'of cores':>9}{'ratio':>7}  settings")
    for name, methods in contests(options.size).items():
        if wanted is not None and name not in wanted:
            continue
        if name == "vbpr" and data.content is None:
            continue
        given = data if name == "vbpr" else data._replace(content=None)
        best = {method.name: middle(method) if options.synthetic else tuned(method, given) for method in methods}
        if name != "vbpr":
            contest(methods, given, best, options.rounds)
        if methods[0].passes and not options.synthetic:
            race(methods, given, best, options.rounds)


if __name__ == "__main__":
    main()
