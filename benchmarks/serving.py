"""The best ten for every user, beside implicit: the same factors, in turn, in one run.

    python benchmarks/serving.py [MODEL.arrow] [--users 20000] [--items 50000] [--size 64] [--rounds 5]

MODEL.arrow is a model with factors alone (``train-cf --model als``); without one, factors and histories are drawn.
``visrec`` is the stage as ``recommend --all-users`` runs it, from the model's table in memory to batches of a table
with ids; implicit's ``recommend`` begins with its factors in memory and ends with arrays of numbers. What a user has is
left out by both. First it is checked that both give the same lists, but for scores that rounding may swap. Wall and
processor time: medians, and the ratio of implicit's to ours. Then the peak of memory, in a process of its own, before
and after serving all users and a quarter of them.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from environment import machine, with_peers

K = 10
EACH = 40  # items that a drawn user has
PEAK = """
import resource, sys
from visrec_cli.stages.recommend.users import recommend_users
from visrec_cli.tables.readers import read_all
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
model, share = read_all(sys.argv[1]), int(sys.argv[2])
users = model["id"].slice(model["entity"].index("user").as_py()).to_pylist()
reader = recommend_users(model, users=users[: len(users) // share])
before = peak()
rows = sum(batch.num_rows for batch in reader)
print(f"{len(users) // share:,} users, {rows:,} rows: {before:,} MiB before, {peak():,} MiB after")
"""


def drawn(users: int, items: int, size: int) -> Any:
    """The table of a model: random factors, and histories whose items are as famous as in a shop."""
    import numpy as np
    import scipy.sparse as sp

    from visrec_cli.recommenders.model import Items, Model, Users
    from visrec_cli.recommenders.serialization import to_table

    rng = np.random.default_rng(0)
    fame = np.arange(1, items + 1) ** -0.8
    has = rng.choice(items, users * EACH, p=fame / fame.sum())
    history = sp.csr_matrix((np.ones(len(has), np.float32), (np.repeat(np.arange(users), EACH), has)), (users, items))
    history.sum_duplicates()
    history.data[:] = 1
    sides = (rng.normal(size=(many, size)).astype(np.float32) / 8 for many in (users, items))
    who = Users(tuple(f"u{row}" for row in range(users)), history, factors=next(sides))
    what = Items(tuple(f"i{row}" for row in range(items)), np.ones(items, bool), next(sides))
    settings = {"embedding_size": size, "unobserved_weight": 0.1, "reg": 0.01, "nu": 1.0}
    return to_table(Model("als", settings, who, what, (("behaviour", size),)))


def spent(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """What it gives, and the wall and processor time that it takes."""
    wall, processor = time.perf_counter(), time.process_time()
    done = work()
    return done, time.perf_counter() - wall, time.process_time() - processor


def compare(ours: Any, theirs: tuple[Any, Any], ids: tuple[str, ...]) -> str:
    """In words, how far the two agree. Raises AssertionError where a list differs by more than rounding."""
    import numpy as np

    names = np.array(ids, object)
    rows, scores = theirs
    mine = np.array(ours["item_id"].to_pylist(), object).reshape(rows.shape)
    score = ours["score"].to_numpy().reshape(rows.shape)
    there = mine == names[rows]
    np.testing.assert_allclose(score, scores, rtol=0, atol=1e-5 * np.abs(scores).max())
    return f"{there.all(axis=1).mean():.4%} of the lists are the same, all scores are to 1e-5"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?")
    for name, default in (("users", 20_000), ("items", 50_000), ("size", 64), ("rounds", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    with_peers("implicit==0.7.3")
    import numpy as np
    from implicit.cpu.matrix_factorization_base import MatrixFactorizationBase

    from visrec_cli.recommenders.serialization import from_table
    from visrec_cli.stages.recommend.users import recommend_users
    from visrec_cli.tables.output import write_table
    from visrec_cli.tables.readers import read_all

    class Factors(MatrixFactorizationBase):  # type: ignore[misc]
        """implicit's base class with factors that were not its own."""

        def fit(self, *_: Any, **__: Any) -> None:
            """Nothing is learned here."""

        def save(self, *_: Any) -> None:
            """Nor kept."""

    with tempfile.TemporaryDirectory() as folder:
        file = options.model or f"{folder}/model.arrow"
        if options.model is None:
            write_table(drawn(options.users, options.items, options.size), file)
        table = read_all(file)
        model = from_table(table)[0]
        other = Factors(num_threads=os.cpu_count() or 1)
        other.user_factors, other.item_factors = model.users.factors, model.items.factors
        users = np.arange(len(model.users.ids))

        def ours() -> Any:
            return recommend_users(table, all_users=True, columns=[]).read_all()

        def theirs() -> Any:
            return other.recommend(users, model.users.history, N=K, filter_already_liked_items=True)

        times: dict[str, list[tuple[float, float]]] = {"visrec": [], "implicit": []}
        said = ""
        for turn in range(options.rounds + 1):
            mine, *my_time = spent(ours)
            found, *their_time = spent(theirs)
            said = said or compare(mine, found, model.items.ids)
            if turn:
                times["visrec"].append((my_time[0], my_time[1]))
                times["implicit"].append((their_time[0], their_time[1]))
        print(machine("implicit", "numpy"))
        print(f"{len(users):,} users x {len(model.items.ids):,} items, {model.items.factors.shape[1]} factors, k = {K}")
        print(said)
        print("| | time s | processor s |\n|---|---|---|")
        for name, taken in times.items():
            print(f"| {name} | {median(wall for wall, _ in taken):.2f} | {median(used for _, used in taken):.2f} |")
        ratios = [
            median(b[i] / a[i] for a, b in zip(times["visrec"], times["implicit"], strict=True)) for i in range(2)
        ]
        print(f"| implicit ÷ visrec | {ratios[0]:.2f} | {ratios[1]:.2f} |")
        for share in (4, 1):
            where = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
            done = subprocess.run([sys.executable, "-c", PEAK, file, str(share)], env=where, capture_output=True)
            print(f"peak of memory, {done.stdout.decode().strip() or done.stderr.decode()}")


if __name__ == "__main__":
    main()
