"""What als takes where nobody says: beside the first release's numbers, a search, and ease; and how near it is.

    python benchmarks/defaults.py [films u1 amazon-baby tiktok-mm demo] [--trials 12]
    python benchmarks/defaults.py --around [films amazon-baby ... films/4 amazon-baby/8items ...]

The first: test parts, all items ranked but those of the user's training part; means over users, 95 % bootstrap
intervals, and of the difference to the numbers of the first release over the same users. films: the five official
splits of ml-100k pooled, ratings of 4 and 5 are likes, whatever was rated in training is left out. u1: the first of
them, likes alone left out. amazon-baby, tiktok-mm: their fixed splits, the training part alone. demo: a fifth of the
invented clicks. The second: the validation part (or a tenth of each user's training clicks), a fit for each of the
multiples of the two numbers, as shares of the best of them; NAME/N is a random Nth of the training clicks, NAME/Nusers
and NAME/Nitems all clicks of an Nth of the users or items, NAME/heavy all clicks with weights that have nothing to do
with tastes, most of them small and few very large. By this the numbers in recommenders/als/defaults.py were
chosen. Data: the folder VISREC_SHARED_DATA.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from recommenders import Task, benchmark, interval, movielens, per_user

from visrec_cli.demo.clicks import clicks, tastes
from visrec_cli.demo.products import items as things
from visrec_cli.logs.holdout import held_back
from visrec_cli.options.train_cf import TrainCfOptions
from visrec_cli.recommenders.als.model import Als
from visrec_cli.recommenders.data import Log
from visrec_cli.registry import find
from visrec_cli.runtime.report import Report
from visrec_cli.stages.train_cf.plan import Plan
from visrec_cli.stages.train_cf.training_run import TrainingRun
from visrec_cli.stages.train_cf.validation import Measure, Validation

DATA = ("films", "u1", "amazon-baby", "tiktok-mm", "demo")
FIRST_RELEASE = {"unobserved_weight": 0.01, "reg": 0.03}
UNOBSERVED, REG = (0.25, 0.5, 1.0, 2.0, 4.0), (0.5, 0.7, 1.0, 1.4, 2.0)


def demo() -> Task:
    catalogue = things()
    people = tastes()
    rows, columns = ({name: at for at, name in enumerate(names)} for names in (
        [person.user_id for person in people], [thing.item_id for thing in catalogue]))  # fmt: skip
    made = clicks(people, catalogue)
    cells = [rows[click.user_id] for click in made], [columns[click.item_id] for click in made]
    weights = np.array([click.weight for click in made], np.float32)
    log = Log(tuple(rows), tuple(columns), sp.csr_matrix((weights, cells)))
    tested = held_back(log, 0.2, 0)
    learned, truth = log.only(~tested), log.only(tested)
    return Task(learned, None, truth.matrix, learned.matrix, None)


def tasks(name: str) -> Iterator[Task]:
    """The splits of a data set; the users of all of them are one sample."""
    if name in ("films", "u1"):
        for task in movielens(None):
            yield task if name == "films" else replace(task, seen=task.train.matrix)
            if name == "u1":
                return
    elif name == "demo":
        yield demo()
    else:
        yield from benchmark(name)


def trained(name: str, model: str, settings: dict[str, Any], trials: int) -> tuple[np.ndarray, np.ndarray, float, str]:
    """ndcg@10 and recall@20 of each user, seconds of a fit, and the settings of the first."""
    found: list[dict[str, np.ndarray]] = []
    seconds, shown, searched = [], "", dict(settings)
    for number, task in enumerate(tasks(name)):
        fit_on = "known" if task.validation is None else "train"
        options = TrainCfOptions(settings=dict(searched), device="cpu", fit_on=fit_on, tune=0 if number else trials)
        plan = Plan(find("recommender", model), Measure("ndcg@10"), options)
        begun = time.perf_counter()
        made = TrainingRun(plan, task.train, None, task.validation, Report()).run()
        seconds.append(time.perf_counter() - begun)
        if not number:
            shown = " ".join(
                f"{one}={made.settings[one]}" for one in ("unobserved_weight", "reg") if one in made.settings
            )
            searched = {k: v for k, v in made.settings.items() if k != "epochs"} if trials else searched
        found.append(per_user(made, task))
    ndcg, recall = (np.concatenate([one[metric] for one in found]) for metric in ("ndcg@10", "recall@20"))
    return ndcg, recall, seconds[0], shown


def compared(name: str, trials: int) -> None:
    """Print a line for each way to come by the settings."""
    ways = {
        "als, first release": ("als", FIRST_RELEASE, 0),
        "als": ("als", {}, 0),
        f"als --tune {trials}": ("als", {}, trials),
        "ease": ("ease", {}, 0),
    }
    before = None
    for label, way in ways.items():
        ndcg, recall, seconds, shown = trained(name, *way)
        before = ndcg if before is None else before
        (low, high), (least, most) = interval(ndcg), interval(ndcg - before)
        print(
            f"{name:12}{label:19}{ndcg.mean():7.4f} [{low:.4f}, {high:.4f}]  {(ndcg - before).mean():+.4f} "
            f"[{least:+.4f}, {most:+.4f}]{recall.mean():8.4f}{seconds:7.1f} s  {shown}",
            flush=True,
        )


def thinned(log: Log, how: str) -> Log:
    """Some of the clicks: N of them at random, or all of an Nth of the users or items. heavy: all, with odd weights."""
    rng = np.random.default_rng(0)
    if how == "heavy":
        weighed = log.matrix.copy()
        weighed.data = np.ceil(rng.lognormal(0, 1.5, weighed.nnz)).astype(np.float32)
        return replace(log, matrix=weighed)
    number = int(how.removesuffix("users").removesuffix("items"))
    rows = np.repeat(np.arange(len(log.users)), np.diff(log.matrix.indptr))
    if how.endswith("users"):
        return log.only(rng.permutation(len(log.users))[rows] * number < len(log.users))
    if how.endswith("items"):
        return log.only(rng.permutation(len(log.items))[log.matrix.indices] * number < len(log.items))
    return log.only(rng.random(log.matrix.nnz) * number < 1)


def around(name: str) -> None:
    """Print what multiples of the two numbers are worth."""
    data, _, how = name.partition("/")
    task = next(tasks(data))
    log = thinned(task.train, how) if how else task.train
    if task.validation is None or how:
        mask = held_back(log, 0.1, 0)
        learned, truth = log.only(~mask), log.only(mask).matrix
    else:
        learned, truth = log, task.validation.matrix
    judge = Validation(learned.matrix, truth, Measure("ndcg@10"), seed=0, at_most=5_000)
    suits = Als.resolved({}, learned)
    values = np.array([
        [judge.score(Als(unobserved_weight=suits["unobserved_weight"] * a, reg=suits["reg"] * b).fit(learned))
         for b in REG] for a in UNOBSERVED
    ])  # fmt: skip
    first, best = judge.score(Als(**FIRST_RELEASE).fit(learned)), values.max()
    print(
        f"{name}: {learned.matrix.nnz:,} clicks, unobserved_weight {suits['unobserved_weight']:g}, "
        f"reg {suits['reg']:g}; "
        f"ndcg@10 {judge.score(Als().fit(learned)):.4f}, best {best:.4f}, first release {first:.4f}"
    )
    print(f"{'':17}" + "".join(f"reg x {b:<6g}" for b in REG))
    for a, line in zip(UNOBSERVED, values, strict=True):
        print(f"unobserved x {a:<4g}" + "".join(f"{value / best:12.3f}" for value in line), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="*", default=DATA)
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--around", action="store_true")
    options = parser.parse_args()
    if not options.around:
        print(f"{'':31}ndcg@10, 95 %               more than the first release     recall@20")
    for name in options.data:
        around(name) if options.around else compared(name, options.trials)


if __name__ == "__main__":
    main()
