"""What differential privacy costs: two towers with and without it.

    python benchmarks/privacy.py --items all.arrow [--seeds 3] [--epsilons 1,4,16,64] [--set clip=0.3]

ml-100k-posters, the first official split, ratings of 4 and 5 are likes. All items are ranked but those of the user's
training part; users are folded in with it afterwards, as the private model holds none. The unit of privacy is a user.
"plain" is the same towers without cutting and noise (two-tower, user_ids=false). Means over users, mean and standard
deviation over runs. Data: the folder VISREC_SHARED_DATA.
"""

import argparse
import time
from dataclasses import replace
from typing import Any

import numpy as np
from recommenders import movielens, per_user

from visrec_cli.options.privacy import Privacy
from visrec_cli.recommenders.base import Recommender
from visrec_cli.recommenders.two_tower.model import TwoTower
from visrec_cli.recommenders.two_tower.private import PrivateTwoTower
from visrec_cli.registry import find


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", help="a table with embeddings of posters and texts")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epsilons", default="1,4,16,64")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="settings of the towers")
    args = parser.parse_args()
    task = next(movielens(args.items))
    settings: dict[str, Any] = dict(pair.split("=") for pair in args.set)
    plain = {name: value for name, value in settings.items() if name != "clip"}
    kinds: dict[str, list[Recommender]] = {
        "popularity": [find("recommender", "popularity")()],
        "plain": [TwoTower(seed=seed, user_ids=False, **plain) for seed in range(args.seeds)],
    }
    for epsilon in map(float, args.epsilons.split(",")):
        kinds[f"epsilon {epsilon:g}"] = [
            PrivateTwoTower(seed=seed, privacy=Privacy(epsilon), **settings) for seed in range(args.seeds)
        ]
    for name, runs in kinds.items():
        found, begun = [], time.perf_counter()
        for run in runs:
            model = run.fit(task.train, task.content if run.uses_content else None)
            if not model.users.ids:
                model = replace(model, users=TwoTower.fold_in(model, task.train.users, task.train.matrix))
            found.append([float(values.mean()) for values in per_user(model, task).values()])
        mean, spread = np.mean(found, axis=0), np.std(found, axis=0, ddof=1) if len(found) > 1 else np.zeros(2)
        told = model.facts.get("privacy", "")
        took = (time.perf_counter() - begun) / len(runs)
        print(
            f"{name:12} ndcg@10 {mean[0]:.4f} ± {spread[0]:.4f}  recall@20 {mean[1]:.4f} ± {spread[1]:.4f}  "
            f"{took:.0f} s  {told}",
            flush=True,
        )


if __name__ == "__main__":
    main()
