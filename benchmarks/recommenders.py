"""Quality of every recommender beside popularity and item-kNN, tuned on validation interactions only.

    python benchmarks/recommenders.py ml-100k --items all.arrow --trials 15 -o ml.csv
    python benchmarks/recommenders.py amazon-baby tiktok-mm --trials 15 -o big.csv

ml-100k: the five official splits, ratings of 4 and 5 are relevant, the settings are searched once, on a tenth of the
training part of the first split. amazon-baby, tiktok-mm: their fixed splits, searched on the validation part and
trained on the training part alone, as the published numbers were. All items are ranked but those of the user's training
part. Means over users, with 95 % bootstrap intervals over users. Data: the folder VISREC_SHARED_DATA.
"""

import argparse
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import scipy.sparse as sp

from visrec_cli.items.features import content_of, open_features
from visrec_cli.metrics.accuracy import Recall
from visrec_cli.metrics.base import ItemStats, Lists
from visrec_cli.metrics.gains import Ndcg
from visrec_cli.options.train_cf import TrainCfOptions
from visrec_cli.recommenders.data import Content, Log
from visrec_cli.recommenders.model import Model
from visrec_cli.recommenders.top_k import tie_order, top_k
from visrec_cli.registry import find, names
from visrec_cli.runtime.report import Report
from visrec_cli.stages.train_cf.plan import Plan
from visrec_cli.stages.train_cf.training_run import TrainingRun
from visrec_cli.stages.train_cf.validation import Measure

DATA = Path(os.environ.get("VISREC_SHARED_DATA", "../shared/data"))


@dataclass(frozen=True)
class Task:
    """One split: what is learned from, what is held back, what is asked, and what is no answer."""

    train: Log
    validation: Log | None
    truth: sp.csr_matrix
    seen: sp.csr_matrix
    content: Content | None


def matrix(frame: pl.DataFrame, users: list[str], items: list[str], values: str | None = None) -> sp.csr_matrix:
    row, column = (
        frame[name].replace_strict(dict(zip(ids, range(len(ids)), strict=True)), return_dtype=pl.Int64).to_numpy()
        for name, ids in (("user", users), ("item", items))
    )
    data = np.ones(len(frame), np.float32) if values is None else frame[values].cast(pl.Float64).to_numpy()
    return sp.csr_matrix((data, (row, column)), shape=(len(users), len(items)))


def movielens(items_table: str | None) -> Iterator[Task]:
    folder = DATA / "ml-100k-posters"
    every = pl.read_csv(folder / "interactions.csv", schema_overrides={"user": pl.String, "item": pl.String})
    users, items = sorted(every["user"].unique()), pl.read_csv(folder / "items.csv")["item"].cast(pl.String).to_list()
    content = None
    if items_table:
        content = content_of(
            open_features(items_table, id_column=None, report=Report()), items, column=None, report=Report()
        )
    header = {"user": pl.String, "item": pl.String, "rating": pl.Int64, "timestamp": pl.Int64}
    for number in range(1, 6):
        base, test = (
            pl.read_csv(folder / "splits" / f"u{number}.{part}", separator="\t", has_header=False, schema=header)
            for part in ("base", "test")
        )
        liked, wanted = base.filter(pl.col("rating") >= 4), test.filter(pl.col("rating") >= 4)
        learned = matrix(liked, users, items)
        times = (matrix(liked, users, items, "timestamp").data * 1000).astype(np.int64)
        log = Log(tuple(users), tuple(items), learned, times)
        yield Task(log, None, matrix(wanted, users, items), matrix(base, users, items), content)


def benchmark(name: str) -> Iterator[Task]:
    folder = DATA / name
    every = pl.read_csv(folder / "interactions.csv", schema_overrides={"user": pl.String, "item": pl.String})
    users = sorted(every["user"].unique())
    items = pl.read_csv(folder / "items.csv")["item"].cast(pl.String).to_list()
    content = None
    if (folder / "image_feat.npy").exists():
        parts = [np.load(folder / f"{kind}_feat.npy").astype(np.float32) for kind in ("image", "audio")]
        unit = [part / np.linalg.norm(part, axis=1, keepdims=True) / np.sqrt(2) for part in parts]
        vectors = np.concatenate(unit, axis=1)[[int(item) for item in items]]
        content = Content(vectors, np.ones(len(items), bool), (("picture", 128), ("sound", 128)))
    train, valid, test = (
        matrix(every.filter(pl.col("split") == part), users, items) for part in ("train", "valid", "test")
    )
    logs = [Log(tuple(users), tuple(items), part) for part in (train, valid)]
    yield Task(logs[0], logs[1], test, train, content)


def per_user(model: Model, task: Task) -> dict[str, np.ndarray]:
    asked = np.flatnonzero(np.diff(task.truth.indptr))
    lot, scores = tie_order(model.items.ids), {"ndcg@10": [], "recall@20": []}
    for start in range(0, len(asked), 512):
        rows = asked[start : start + 512]
        top, _ = top_k(model.scores(model.users.take(rows)), 20, tie_order=lot, exclude=task.seen[rows])
        lists, item_stats = Lists(top, task.truth[rows]), ItemStats(len(model.items.ids))
        scores["ndcg@10"].append(Ndcg.each(lists, 10, item_stats))
        scores["recall@20"].append(Recall.each(lists, 20, item_stats))
    return {name: np.concatenate(parts) for name, parts in scores.items()}


def interval(values: np.ndarray) -> tuple[float, float]:
    rng = np.random.default_rng(0)
    means = [values[rng.integers(0, len(values), len(values))].mean() for _ in range(1000)]
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def run(data: str, recommender: str, args: argparse.Namespace) -> dict[str, Any] | None:
    kind = find("recommender", recommender)
    if kind.predicts_ratings:
        return None
    settings: dict[str, Any] = {}
    found: dict[str, list[np.ndarray]] = {"ndcg@10": [], "recall@20": []}
    started, seconds = time.perf_counter(), []
    for number, task in enumerate(movielens(args.items) if data == "ml-100k" else benchmark(data)):
        if kind.needs_content and task.content is None:
            return None
        content = task.content if kind.uses_content or kind.needs_content else None
        searched = any(knob.choices or knob.low is not None for knob in kind.settings.values())
        trials = args.trials if number == 0 and searched else 0
        measure = Measure(args.metric)
        fit_on = "known" if task.validation is None else "train"
        plan = Plan(kind, measure, TrainCfOptions(settings=dict(settings), fit_on=fit_on, tune=trials))
        report = Report()
        report.listener = (lambda line: print("   ", line, flush=True)) if args.verbose else report.listener
        begun = time.perf_counter()
        model = TrainingRun(plan, task.train, content, task.validation, report).run()
        seconds.append(time.perf_counter() - begun)
        if number == 0 and trials:
            settings = {name: value for name, value in model.settings.items() if name != "epochs"}
        for name, values in per_user(model, task).items():
            found[name].append(values)
    line: dict[str, Any] = {"data": data, "model": recommender}
    for name, parts in found.items():
        values = np.concatenate(parts)
        low, high = interval(values)
        line |= {name: round(float(values.mean()), 4), f"{name} low": round(low, 4), f"{name} high": round(high, 4)}
    took = time.perf_counter() - started
    return line | {"seconds": round(took, 1), "settings": " ".join(f"{n}={v}" for n, v in settings.items())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+", choices=["ml-100k", "amazon-baby", "tiktok-mm"])
    parser.add_argument("--items", help="ml-100k: a table with embeddings of posters and texts")
    parser.add_argument("--models", default=",".join(names("recommender")))
    parser.add_argument("--trials", type=int, default=15)
    parser.add_argument("--metric", default="ndcg@10", help="what the search makes large")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("-o", "--output", default=None)
    args = parser.parse_args()
    lines = []
    for data in args.data:
        for recommender in args.models.split(","):
            line = run(data, recommender, args)
            if line is None:
                continue
            lines.append(line)
            shown = " ".join(
                f"{name} {line[name]:.4f} [{line[f'{name} low']:.4f}, {line[f'{name} high']:.4f}]"
                for name in ("ndcg@10", "recall@20")
            )
            print(f"{data:12} {recommender:13} {shown}  {line['seconds']:.0f} s  {line['settings']}", flush=True)
            if args.output:
                pl.DataFrame(lines).write_csv(args.output)


if __name__ == "__main__":
    main()
