"""A shop window whose click rates are known: what was shown in it, and what any other list would really have had."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from visrec_cli.options.eval_measures import Policy
from visrec_cli.stages.eval.click_estimates import click_through
from visrec_cli.stages.eval.click_log import open_log
from visrec_cli.stages.eval.runs import Run

ITEMS, PLACES, TASTES = 20, 3, 2
LOOK = np.array([1.0, 0.6, 0.3])


@dataclass(frozen=True)
class Window:
    """users: (n,) their taste. rates: (tastes, items) click rates in the first place; shares: (items,) of the log."""

    tastes: np.ndarray
    rates: np.ndarray
    shares: np.ndarray

    @property
    def users(self) -> list[str]:
        return [f"u{n:04}" for n in range(len(self.tastes))]

    def log(self, events: int, seed: int) -> pa.Table:
        """Events of each user, in random places, of items drawn by ``shares``."""
        rng = np.random.default_rng(seed)
        user = np.repeat(np.arange(len(self.tastes)), events)
        item, place = rng.choice(ITEMS, len(user), p=self.shares), rng.integers(0, PLACES, len(user))
        clicked = rng.random(len(user)) < LOOK[place] * self.rates[self.tastes[user], item]
        return pa.table({
            "user_id": np.array(self.users)[user], "item_id": [f"i{one:02}" for one in item], "position": place + 1,
            "clicked": clicked.astype(np.int8), "propensity": self.shares[item],
        })  # fmt: skip

    def best(self, k: int = PLACES) -> np.ndarray:
        """(users, k) the items that each user would click most, best first."""
        return np.argsort(-self.rates, axis=1)[self.tastes, :k]

    def truth(self, lists: np.ndarray) -> float:
        """The click rate that these lists really have."""
        k = lists.shape[1]
        return float((LOOK[:k] * self.rates[self.tastes[:, None], lists]).mean())

    def table(self, lists: np.ndarray) -> pa.Table:
        """The lists as recommendations."""
        k = lists.shape[1]
        return pa.table({
            "user_id": np.repeat(self.users, k), "item_id": [f"i{one:02}" for one in lists.ravel()],
            "rank": pa.array(np.tile(np.arange(1, k + 1), len(lists)), pa.int32()),
        })  # fmt: skip


def window(users: int = 200, seed: int = 0) -> Window:
    """Half of the users like half of the items; the log shows some items ten times as often as others."""
    rng = np.random.default_rng(seed)
    likes = np.arange(ITEMS) % TASTES == np.arange(TASTES)[:, None]
    rates = np.where(likes, 0.5, 0.15) * rng.uniform(0.6, 1.4, (TASTES, ITEMS))
    shares = np.geomspace(1, 0.1, ITEMS)[rng.permutation(ITEMS)]
    return Window(np.arange(users) % TASTES, rates, shares / shares.sum())


def main(logs: int = 200, users: int = 1000) -> None:
    """Print the table of docs/metrics.md: how estimates from different logs of one window lie about the truth."""
    shop = window(users)
    lists, truth = shop.table(shop.best()), shop.truth(shop.best())
    for policy, flags in ((Policy(), ""), (Policy(same_place=True), " --same-place"), (Policy(clip=5), " --clip 5")):
        made = [
            click_through(Run(lists, "best"), open_log(shop.log(20, seed)), policy=policy, resamples=400)
            for seed in range(logs)
        ]
        for name in ("ctr-logged", "ctr-ips", "ctr-snips", "ctr-dr"):
            if name == "ctr-logged" and flags:
                continue
            rows = [next(row for row in some if row["metric"] == name) for some in made]
            values, low, high = (np.array([row[end] for row in rows], float) for end in ("value", "ci_low", "ci_high"))
            covered = ((low <= truth) & (truth <= high)).mean()
            print(f"| `{name}`{flags} | {values.mean():.4f} | {values.std():.4f} | {covered:.1%} |")
    print(f"the truth: {truth:.4f}")


if __name__ == "__main__":
    main()
