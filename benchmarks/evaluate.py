"""Speed and memory of eval beside ranx and LensKit: the same 18 numbers, in one run, one after the other.

    python benchmarks/evaluate.py --users 100000 --rounds 3
    python benchmarks/evaluate.py --users 100000 --rounds 3 --only visrec --memory

Synthetic: every user has 100 recommendations out of 20,000 items, and 10 relevant items. Measured are the way from a
Parquet file to the means, and the scoring alone, from what each library holds in memory (of ours: an Arrow table of
ids, which it must still look up; ranx and LensKit have done that by then). ndcg, recall, precision, map, mrr and hit
at 10, 20 and 100. ``visrec`` is what the command does, with bootstrap intervals that the others do not have;
``means`` is the same without them. Each library runs once on few users before anything is timed. The peers install
themselves.
"""

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from environment import machine, with_peers

ITEMS, LENGTH, RELEVANT = 20_000, 100, 10
METRICS, KS = ("ndcg", "recall", "precision", "map", "mrr", "hit"), (10, 20, 100)


def make(folder: Path, users: int) -> None:
    """recs.parquet and truth.parquet; a tenth of what is relevant is recommended."""
    rng = np.random.default_rng(0)
    people = pa.array([f"u{number:06}" for number in range(users)])
    items = pa.array([f"i{number:05}" for number in range(ITEMS)])
    start, step = rng.integers(0, ITEMS, (users, 1)), rng.integers(1, ITEMS // LENGTH, (users, 1))
    shown = (start + step * np.arange(LENGTH)) % ITEMS
    wanted = (start + ITEMS // 2 + np.arange(RELEVANT)) % ITEMS
    wanted[:, 0] = shown[np.arange(users), rng.integers(0, LENGTH, users)]
    ranks, scores = np.arange(1, LENGTH + 1, dtype=np.int32), np.linspace(1, 0.01, LENGTH, dtype=np.float32)
    recs = {
        "user_id": people.take(pa.array(np.repeat(np.arange(users), LENGTH))),
        "item_id": items.take(pa.array(shown.reshape(-1))),
        "rank": np.tile(ranks, users),
        "score": np.tile(scores, users),
    }
    truth = {
        "user_id": people.take(pa.array(np.repeat(np.arange(users), RELEVANT))),
        "item_id": items.take(pa.array(wanted.reshape(-1))),
        "weight": np.ones(users * RELEVANT, np.int32),
    }
    pq.write_table(pa.table(recs), folder / "recs.parquet")
    pq.write_table(pa.table(truth), folder / "truth.parquet")


class Visrec:
    """Ours."""

    resamples: ClassVar[int] = 1000

    @staticmethod
    def load(folder: Path) -> Any:
        return pq.read_table(folder / "recs.parquet"), pq.read_table(folder / "truth.parquet")

    @classmethod
    def score(cls, held: Any) -> dict[str, float]:
        from visrec_cli.stages.eval import evaluate

        asked = [f"{name}@{k}" for name in METRICS for k in KS]
        done = evaluate(held[0], truth=held[1], metrics=asked, resamples=cls.resamples)
        return {f"{row['metric']}@{row['k']}": row["value"] for row in done.results.to_pylist()}

    @classmethod
    def whole(cls, folder: Path) -> dict[str, float]:
        return cls.score((folder / "recs.parquet", folder / "truth.parquet"))


class Means(Visrec):
    """Ours without intervals."""

    resamples = 0


class Ranx:
    """ranx: compiled loops over all users in parallel."""

    @staticmethod
    def load(folder: Path) -> Any:
        import pandas as pd
        from ranx import Qrels, Run

        recs, truth = (pd.read_parquet(folder / f"{name}.parquet") for name in ("recs", "truth"))
        truth["weight"], recs["score"] = truth["weight"].astype("int64"), recs["score"].astype("float64")
        columns = {"q_id_col": "user_id", "doc_id_col": "item_id", "score_col": "score"}
        run = Run.from_df(recs, **columns)
        return Qrels.from_df(truth, **{**columns, "score_col": "weight"}), run

    @staticmethod
    def score(held: Any) -> dict[str, float]:
        from ranx import evaluate

        names = {f"{'hit_rate' if name == 'hit' else name}@{k}": f"{name}@{k}" for name in METRICS for k in KS}
        found = evaluate(*held, list(names), save_results_in_run=False)
        return {names[name]: float(value) for name, value in found.items()}

    @classmethod
    def whole(cls, folder: Path) -> dict[str, float]:
        return cls.score(cls.load(folder))


class LensKit:
    """LensKit: one object per user's list."""

    @staticmethod
    def load(folder: Path) -> Any:
        import pandas as pd
        from lenskit.data import ItemListCollection, UserIDKey

        recs, truth = (pd.read_parquet(folder / f"{name}.parquet") for name in ("recs", "truth"))
        return ItemListCollection.from_df(recs, UserIDKey), ItemListCollection.from_df(truth, UserIDKey)

    @staticmethod
    def score(held: Any) -> dict[str, float]:
        from lenskit.metrics import NDCG, Hit, Precision, Recall, RecipRank, RunAnalysis
        from lenskit.metrics.ranking import AveragePrecision  # its NDCG gives the second place no discount

        kinds = dict(zip(METRICS, (NDCG, Recall, Precision, AveragePrecision, RecipRank, Hit), strict=True))
        analysis = RunAnalysis()
        for name, kind in kinds.items():
            for k in KS:
                analysis.add_metric(kind(n=k), f"{name}@{k}")
        means = analysis.measure(*held).list_metrics().mean()
        return {name: float(value) for name, value in means.items()}

    @classmethod
    def whole(cls, folder: Path) -> dict[str, float]:
        return cls.score(cls.load(folder))


LIBRARIES: dict[str, Any] = {"visrec": Visrec, "means": Means, "ranx": Ranx, "lenskit": LensKit}


def timed(work: Callable[[Any], Any], held: Any) -> tuple[float, float, Any]:
    """Seconds of wall clock and of all threads' processor time."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work(held)
    return time.perf_counter() - wall, time.process_time() - cpu, result


def speed(names: list[str], users: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as few, tempfile.TemporaryDirectory() as many:
        make(Path(few), 200)
        make(Path(many), users)
        for name in names:
            LIBRARIES[name].whole(Path(few))
        held = {name: LIBRARIES[name].load(Path(many)) for name in names}
        times: dict[tuple[str, str], list[tuple[float, float]]] = {}
        values: dict[str, dict[str, float]] = {}
        for number in range(rounds):
            for name in names[number % len(names) :] + names[: number % len(names)]:
                for way, given in (("score", held[name]), ("whole", Path(many))):
                    wall, cpu, values[name] = timed(getattr(LIBRARIES[name], way), given)
                    times.setdefault((name, way), []).append((wall, cpu))
    print(machine("ranx", "lenskit", "numpy"))
    print(f"{users:,} users x {LENGTH}, {len(METRICS) * len(KS)} values, medians of {rounds}")
    for way, words in (("score", "scoring alone"), ("whole", "from a Parquet file")):
        base = [statistics.median(part) for part in zip(*times["visrec", way], strict=True)]
        for name in names:
            wall, cpu = (statistics.median(part) for part in zip(*times[name, way], strict=True))
            ratio = f"{wall / base[0]:6.1f} x the time, {cpu / base[1]:6.1f} x the processor"
            print(f"{words:20} {name:8} {wall:8.2f} s, {cpu:8.2f} CPU-s, {ratio}")
    for metric in values["visrec"]:
        print(f"{metric:14}", *(f"{name} {values[name][metric]:.9f}" for name in names))


def memory(names: list[str], sizes: list[int]) -> None:
    """Peak memory of a process that reads a file and scores it."""
    for users in sizes:
        with tempfile.TemporaryDirectory() as folder:
            make(Path(folder), users)
            for name in names:
                command = [sys.executable, __file__, "--only", name, "--folder", folder]
                print(
                    f"{users:>9,} users {name:8} {subprocess.check_output(command, text=True).strip():>6} MiB at most"
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=list(LIBRARIES), action="append")
    parser.add_argument("--memory", action="store_true", help="peak memory at a fifth of the users and at all of them")
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.folder:
        LIBRARIES[options.only[0]].whole(Path(options.folder))
        status = Path("/proc/self/status").read_text()  # getrusage tells of the parent too
        print(int(re.findall(r"VmHWM:\s*(\d+)", status)[0]) // 1024)
        return
    with_peers("ranx==0.3.21", "lenskit==2025.8.0")
    names = options.only or list(LIBRARIES)
    if options.memory:
        memory(names, [options.users // 5, options.users])
    else:
        speed(["visrec", *(name for name in names if name != "visrec")], options.users, options.rounds)


if __name__ == "__main__":
    main()
