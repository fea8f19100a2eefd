"""What comes next: sequence models beside models without an order, with and without pictures and texts.

    python benchmarks/sequences.py warm --items all.arrow -o results [--runs sasrec,gru] [--seeds 3]
    python benchmarks/sequences.py cold --items all.arrow -o results
    python benchmarks/sequences.py search --items all.arrow --runs als,item-knn [--trials 20]
    python benchmarks/sequences.py search --items all.arrow --runs gru --set dropout=0.4
    python benchmarks/sequences.py summary -o results

ml-100k-posters, all ratings as clicks. warm: each user's last click is for testing (visrec split --by last), the one
before for validation; all items are ranked but those that the user has clicked before. Settings and epochs were chosen
on the validation click (search), then models learn from all but the test click. cold: a fifth of the items is taken
out of the log (drawn by seed); each user's last click on one of those is for testing, and models learn from the clicks
of the other items before that. Each run leaves the values of each user in the folder of -o, and is not repeated
(one that was interrupted goes on where it was);
summary prints means over users and seeds, 95 % bootstrap intervals over users, and differences of the same users. Data:
the folder VISREC_SHARED_DATA.
"""

import argparse
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import scipy.sparse as sp

from visrec_cli.items.features import content_of, open_features
from visrec_cli.logs.holdout import rows_by_part, within
from visrec_cli.logs.matrix import log_of
from visrec_cli.metrics.accuracy import Hit
from visrec_cli.metrics.base import ItemStats, Lists
from visrec_cli.metrics.gains import Ndcg
from visrec_cli.options.train_cf import TrainCfOptions
from visrec_cli.recommenders.data import Content, Log
from visrec_cli.recommenders.model import Model
from visrec_cli.recommenders.top_k import tie_order, top_k
from visrec_cli.registry import find
from visrec_cli.runtime.report import Report
from visrec_cli.stages.split import split
from visrec_cli.stages.train_cf.plan import Plan
from visrec_cli.stages.train_cf.training_run import TrainingRun
from visrec_cli.stages.train_cf.validation import Measure
from visrec_cli.training.callbacks import TrainingMonitor
from visrec_cli.training.checkpoint import load_checkpoint

DATA = Path(os.environ.get("VISREC_SHARED_DATA", "../shared/data")) / "ml-100k-posters"


@dataclass(frozen=True)
class Run:
    """A model as it was chosen on the validation click. content: whether it is given pictures and texts."""

    model: str
    settings: dict[str, Any]
    content: bool = False
    learns_by_chance: bool = False


RUNS = {
    "random": Run("random", {}, learns_by_chance=True),
    "popularity": Run("popularity", {}),
    "content-knn": Run("content-knn", {}, content=True),
    "item-knn": Run(
        "item-knn",
        {
            "k": 140,
            "weighting": "tfidf",
            "user_damping": 0.238,
            "speaker_damping": 0.11,
            "target_damping": 0.492,
            "popularity": 0.00036,
        },
    ),
    "als": Run("als", {"embedding_size": 206, "reg": 0.01, "unobserved_weight": 0.138, "epochs": 11}),
    "hybrid": Run("hybrid", {}, content=True),
    "sasrec": Run("sasrec", {"epochs": 12, "learning_rate": 0.002}, learns_by_chance=True),
    "sasrec + content": Run("sasrec", {"epochs": 12, "learning_rate": 0.002}, content=True, learns_by_chance=True),
    "gru": Run("gru", {"epochs": 12, "learning_rate": 0.002}, learns_by_chance=True),
    "gru + content": Run("gru", {"epochs": 12, "learning_rate": 0.002}, content=True, learns_by_chance=True),
}


def parts(items: list[str]) -> tuple[Log, Log, Log]:
    """(train, validation, test), all of one shape."""
    rows = rows_by_part(split(str(DATA / "interactions.csv"), by="last", test=1, validation=1).read_all())
    train = log_of(rows["train"], items=items)
    return train, within(rows["validation"], train), within(rows["test"], train)


def joined(first: Log, second: Log) -> Log:
    """Both, which have no cell in common."""
    users = [np.repeat(np.arange(len(log.users)), np.diff(log.matrix.indptr)) for log in (first, second)]
    row, column = np.concatenate(users), np.concatenate([first.matrix.indices, second.matrix.indices])
    assert first.times is not None
    assert second.times is not None
    order = np.lexsort((column, row))
    data = np.concatenate([first.matrix.data, second.matrix.data])[order]
    indptr = np.searchsorted(row[order], np.arange(len(first.users) + 1))
    matrix = sp.csr_matrix((data, column[order], indptr), first.matrix.shape)
    return Log(first.users, first.items, matrix, np.concatenate([first.times, second.times])[order])


def without(log: Log, cold: np.ndarray) -> tuple[Log, sp.csr_matrix]:
    """The log before each user's last click on a cold item, without cold items; and that click."""
    users = np.repeat(np.arange(len(log.users)), np.diff(log.matrix.indptr))
    assert log.times is not None
    on_cold = cold[log.matrix.indices]
    order = np.lexsort((tie_order(log.items)[log.matrix.indices], log.times, users))
    order = order[on_cold[order]]
    last = order[np.append(np.diff(users[order]) != 0, True)]
    moment = np.full(len(log.users), -1)
    moment[users[last]] = log.times[last]
    target = np.zeros(log.matrix.nnz, bool)
    target[last] = True
    return log.only(~on_cold & (log.times < moment[users])), log.only(target).matrix


def judged(model: Model, truth: sp.csr_matrix, seen: sp.csr_matrix, allowed: np.ndarray | None) -> np.ndarray:
    """(users, 2) hit@10 and ndcg@10, NaN for users who are not asked: without a test click, or without a history."""
    values = np.full((truth.shape[0], 2), np.nan)
    asked = np.flatnonzero((np.diff(truth.indptr) > 0) & (np.diff(seen.indptr) > 0))
    top, _ = top_k(
        model.scores(model.users.take(asked)),
        10,
        tie_order=tie_order(model.items.ids),
        exclude=seen[asked],
        allowed=allowed,
    )
    lists, item_stats = Lists(top, truth[asked]), ItemStats(len(model.items.ids))
    values[asked] = np.stack([Hit.each(lists, 10, item_stats), Ndcg.each(lists, 10, item_stats)], axis=1)
    return values


def fit(run: Run, log: Log, content: Content | None, seed: int, keep: Path) -> Model:
    """Fitted; what learns in epochs goes on where it was interrupted."""
    begun = time.process_time()
    recommender = find("recommender", run.model)(seed=seed, **run.settings)
    watch = None
    if "epochs" in recommender.set:
        about = {"settings": {name: str(value) for name, value in recommender.set.items()}}
        resumed = load_checkpoint(keep, about) if keep.exists() else None
        watch = TrainingMonitor(Report(), None, patience=1, save=keep, resumed=resumed, about=about)
    model: Model = recommender.fit(log, content if run.content else None, watch)
    keep.unlink(missing_ok=True)
    print(f"    fitted in {time.process_time() - begun:.0f} s of the processor", flush=True)
    return model


def warm(run: Run, log: Log, test: Log, content: Content | None, seed: int, keep: Path) -> dict[str, np.ndarray]:
    return {"one list": judged(fit(run, log, content, seed, keep), test.matrix, log.matrix, None)}


def cold(run: Run, log: Log, content: Content | None, seed: int, keep: Path) -> dict[str, np.ndarray]:
    unseen = np.random.default_rng(seed).random(len(log.items)) < 0.2
    learned, truth = without(log, unseen)
    model = fit(run, learned, content, seed, keep)
    return {
        "among unseen items": judged(model, truth, learned.matrix, unseen),
        "one list": judged(model, truth, learned.matrix, None),
    }


def search(run: Run, train: Log, validation: Log, content: Content | None, args: argparse.Namespace) -> None:
    """Settings by trials, or one try of those given, with the number of epochs."""
    kind = find("recommender", run.model)
    settings = {**run.settings, **dict(pair.split("=") for pair in args.set)}
    report = Report()
    report.listener = lambda line: print("   ", line, flush=True)
    plan = Plan(kind, Measure("ndcg@10"), TrainCfOptions(settings=settings, fit_on="train", tune=args.trials))
    fitting = TrainingRun(plan, train, content if run.content else None, validation, report)
    model = fitting.run()
    for seen in fitting.curve:
        print(f"    {seen['epoch']:4} {seen['loss']:.4f} {seen['value']}", flush=True)
    hit, ndcg = np.nanmean(judged(model, validation.matrix, train.matrix, None), axis=0)
    print(f"{run.model} {settings}: hit@10 {hit:.4f} ndcg@10 {ndcg:.4f} {model.settings} {model.facts}", flush=True)


def interval(values: np.ndarray) -> str:
    rng = np.random.default_rng(0)
    means = [values[rng.integers(0, len(values), len(values))].mean() for _ in range(2000)]
    return f"{values.mean():+.4f} ({np.quantile(means, 0.025):+.4f} to {np.quantile(means, 0.975):+.4f})"


def summary(folder: Path) -> None:
    for part in ("warm", "cold"):
        found: dict[str, dict[str, list[np.ndarray]]] = {}
        for file in sorted(folder.glob(f"{part}_*.npz")):
            with np.load(file) as values:
                for name in values.files:
                    found.setdefault(name, {}).setdefault(file.stem.split("_")[1], []).append(values[name])
        for name, runs in found.items():
            print(f"{part}, {name}")
            means = {}
            for run in sorted(runs, key=list(RUNS).index):
                each = np.stack(runs[run])  # (seeds, users, 2)
                spread = np.nanmean(each, axis=1).std(axis=0, ddof=1) if len(each) > 1 else np.zeros(2)
                kept = ~np.isnan(each).any(axis=(0, 2))
                means[run] = np.full(each.shape[1:], np.nan)
                means[run][kept] = each[:, kept].mean(axis=0)
                shown = [
                    f"{metric} {interval(means[run][kept, at])} sd {spread[at]:.4f}"
                    for at, metric in enumerate(("hit@10", "ndcg@10"))
                ]
                print(f"    {run:18} {len(each)} seeds  {'  '.join(shown)}  {int(kept.sum())} users")
            for one, other in (("sasrec", "als"), ("gru", "als"), ("sasrec", "item-knn"), ("gru", "item-knn"),
                               ("gru", "sasrec"), ("sasrec + content", "sasrec"), ("gru + content", "gru"),
                               ("gru + content", "hybrid"), ("gru + content", "content-knn")):  # fmt: skip
                if one in means and other in means:
                    both = means[one] - means[other]
                    both = both[~np.isnan(both).any(axis=1)]
                    print(f"    {one} less {other}: hit@10 {interval(both[:, 0])}  ndcg@10 {interval(both[:, 1])}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["warm", "cold", "search", "summary"])
    parser.add_argument("--items", help="a table with embeddings of posters and texts")
    parser.add_argument("--runs", default=",".join(RUNS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--trials", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("-o", "--output", type=Path, default=Path("results"))
    args = parser.parse_args()
    if args.what == "summary":
        summary(args.output)
        return
    names = pl.read_csv(DATA / "items.csv")["item"].cast(pl.String).to_list()
    content = None
    if args.items:
        features = open_features(args.items, id_column=None, report=Report())
        content = content_of(features, names, column=None, report=Report())
    train, validation, test = parts(names)
    log = joined(train, validation)
    args.output.mkdir(exist_ok=True)
    for name in args.runs.split(","):
        run = RUNS[name]
        if run.content and content is None:
            continue
        if args.what == "search":
            search(run, train, validation, content, args)
            continue
        for seed in range(args.seeds if run.learns_by_chance or args.what == "cold" else 1):
            file = args.output / f"{args.what}_{name}_{seed}.npz"
            if not file.exists():
                print(file.stem, flush=True)
                keep = file.with_suffix(".checkpoint")
                if args.what == "warm":
                    found = warm(run, log, test, content, seed, keep)
                else:
                    found = cold(run, joined(log, test), content, seed, keep)
                np.savez(file, **found)
    if args.what != "search":
        summary(args.output)


if __name__ == "__main__":
    main()
