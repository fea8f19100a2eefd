"""Items that nobody has clicked yet: who finds them, and what it costs for the others.

    python benchmarks/cold_items.py ml-100k --items all.arrow [--seeds 5] [--models hybrid,hybrid:exposure=1,two-tower]
    python benchmarks/cold_items.py tiktok-mm

For each seed a fifth of the items is held out entirely, and a fifth of the clicks on all others; models learn from the
rest with their default settings, or with those behind a colon (NAME:SETTING=VALUE:SETTING=VALUE). One list of all items
that the user has not seen is judged: recall@20 of the held-out items, ndcg@10 and recall@20 of the held-out clicks on
known items (as a list without cold items, and as the one list), and of all held-out clicks together. Ties are broken by
a hash. Mean over the seeds ± its standard deviation, the 95 % interval of the mean by Student's t, and of the
difference to the first model with the same seed. --features takes one modality alone (picture, text, sound), or
shuffles the vectors among the items: the control. Data: the folder VISREC_SHARED_DATA.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from recommenders import Task, benchmark, movielens
from scipy.special import stdtrit

from visrec_cli.metrics.accuracy import Recall
from visrec_cli.metrics.base import ItemStats, Lists
from visrec_cli.metrics.gains import Ndcg
from visrec_cli.recommenders.data import Content, Log
from visrec_cli.recommenders.model import Model
from visrec_cli.recommenders.top_k import tie_order, top_k
from visrec_cli.registry import find
from visrec_cli.tables.vectors import unit_rows

MODELS = "popularity,content-knn,als,hybrid,vbpr,two-tower"


def whole(data: str, items: str | None) -> Task:
    """All interactions of a data set as one log: the splits are made here."""
    task = next(movielens(items) if data == "ml-100k" else benchmark(data))
    others = task.truth if task.validation is None else task.truth + task.validation.matrix
    matrix = sp.csr_matrix((task.train.matrix + others) > 0, dtype=np.float32)
    return replace(task, train=Log(task.train.users, task.train.items, matrix))


def features(content: Content, kind: str, seed: int) -> Content:
    if kind == "shuffled":
        rows = np.flatnonzero(content.valid)
        vectors = content.vectors.copy()
        vectors[rows] = content.vectors[np.random.default_rng(seed).permutation(rows)]
        return replace(content, vectors=vectors)
    if kind == "all":
        return content
    widths = [width for _, width in content.parts]
    at = [name for name, _ in content.parts].index(kind)
    start = sum(widths[:at])
    vectors = unit_rows(np.ascontiguousarray(content.vectors[:, start : start + widths[at]]))
    return Content(vectors, content.valid & (vectors != 0).any(axis=1), ((kind, widths[at]),))


def judged(model: Model, truth: sp.csr_matrix, seen: sp.csr_matrix, allowed: np.ndarray | None) -> dict[str, float]:
    asked = np.flatnonzero(np.diff(truth.indptr))
    lot, parts = tie_order(model.items.ids), []
    for start in range(0, len(asked), 512):
        rows = asked[start : start + 512]
        top, _ = top_k(model.scores(model.users.take(rows)), 20, tie_order=lot, exclude=seen[rows], allowed=allowed)
        lists, item_stats = Lists(top, truth[rows]), ItemStats(len(model.items.ids))
        parts.append(np.stack([Ndcg.each(lists, 10, item_stats), Recall.each(lists, 20, item_stats)]))
    values = np.concatenate(parts, axis=1).mean(axis=1)
    return {"ndcg@10": float(values[0]), "recall@20": float(values[1])}


def one_seed(task: Task, content: Content, names: list[str], seed: int) -> Iterator[tuple[str, dict[str, float]]]:
    rng = np.random.default_rng(seed)
    log = task.train
    cold = rng.random(len(log.items)) < 0.2
    on_cold = cold[log.matrix.indices]
    drawn = ~on_cold & (rng.random(log.matrix.nnz) < 0.2)
    learned = log.only(~on_cold & ~drawn)
    of_cold, of_warm, of_both = (log.only(mask).matrix for mask in (on_cold, drawn, on_cold | drawn))
    touched = learned.touched
    for name in names:
        kind, *settings = name.split(":")
        given = dict(setting.split("=") for setting in settings)
        model = find("recommender", kind)(seed=seed, **given).fit(learned, content)
        seen = learned.matrix
        result: dict[str, Any] = {"cold recall@20": judged(model, of_cold, seen, None)["recall@20"]}
        result["cold among cold"] = judged(model, of_cold, seen, ~touched)["recall@20"]
        result |= {f"known {k}": v for k, v in judged(model, of_warm, seen, None).items()}
        result["known ndcg@10, no cold items listed"] = judged(model, of_warm, seen, touched)["ndcg@10"]
        result["both ndcg@10"] = judged(model, of_both, seen, None)["ndcg@10"]
        yield name, result


def interval(values: np.ndarray) -> tuple[float, float]:
    """95 % of the mean, by Student's t."""
    half = float(stdtrit(len(values) - 1, 0.975) * values.std(ddof=1) / np.sqrt(len(values)))
    return float(values.mean()) - half, float(values.mean()) + half


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", choices=["ml-100k", "tiktok-mm"])
    parser.add_argument("--items", help="ml-100k: a table with embeddings of posters and texts")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--models", default=MODELS)
    parser.add_argument("--features", default="all", help="all, picture, text, sound or shuffled")
    args = parser.parse_args()
    task = whole(args.data, args.items)
    assert task.content is not None, "--items is missing"
    found: dict[str, list[dict[str, float]]] = {}
    for seed in range(args.seeds):
        content = features(task.content, args.features, seed)
        for name, result in one_seed(task, content, args.models.split(","), seed):
            found.setdefault(name, []).append(result)
    first = next(iter(found.values()))
    for name, results in found.items():
        print(f"{args.data} {args.features:9} {name}")
        for metric in results[0]:
            values, others = (np.array([one[metric] for one in of]) for of in (results, first))
            low, high = interval(values)
            least, most = interval(values - others)
            print(
                f"    {metric:38} {values.mean():.4f} ± {values.std(ddof=1):.4f} ({low:.4f} to {high:.4f})  "
                f"{(values - others).mean():+.4f} ({least:+.4f} to {most:+.4f})",
                flush=True,
            )


if __name__ == "__main__":
    main()
