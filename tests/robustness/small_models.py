"""Small models of every recommender, and what they are made from: quick to make, and to ask."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import visrec_cli as visrec
from tests.tables.tables import embedded
from visrec_cli.registry import names
from visrec_cli.tables.spaces import Space

SMALL: dict[str, dict[str, Any]] = {
    "als": {"epochs": 2, "embedding_size": 4},
    "als-explicit": {"epochs": 2, "embedding_size": 4},
    "sgd-mf": {"epochs": 2, "embedding_size": 4},
    "bpr": {"epochs": 2, "embedding_size": 4},
    "vbpr": {"epochs": 2, "embedding_size": 4, "visual_size": 3, "components": 3},
    "two-tower": {"epochs": 1, "embedding_size": 4, "components": 3},
    "sasrec": {"epochs": 1, "embedding_size": 4, "components": 3, "length": 5, "layers": 1},
    "gru": {"epochs": 1, "embedding_size": 4, "components": 3, "length": 5, "hidden_size": 6},
    "graph-filter": {"embedding_size": 4},
}
MAPS = ("knn", "kernel", "ridge", "taste")
KINDS = [name for name in names("recommender") if name != "hybrid"] + [f"hybrid {kind}" for kind in MAPS]
SPACE = Space("lite0", 6, True)


def fill(folder: Path) -> Path:
    """A log with times, the items that it knows and three new ones with vectors, and newer clicks."""
    chance = np.random.default_rng(0)
    rows = sorted({(int(u), int(i)) for u, i in zip(*chance.integers(0, (14, 22), (140, 2)).T, strict=True)})
    lines = [f"u{u},{i},{1 + (u + i) % 5},{1_600_000_000 + 1000 * n}" for n, (u, i) in enumerate(rows)]
    (folder / "log.csv").write_text("\n".join(["user_id,item_id,weight,timestamp", *lines]) + "\n")
    (folder / "later.csv").write_text("user_id,item_id,weight,timestamp\nu1,3,4,1700000000\nnew,5,5,1700000001\n")
    visrec.write_table(embedded(26, space=SPACE).slice(0, 23), folder / "items.arrow")
    visrec.write_table(embedded(26, space=SPACE), folder / "all.arrow")
    return folder


def trained(world: Path, name: str, log: str = "log.csv", **more: Any) -> pa.Table:
    """A model of one of KINDS: of a log in the folder, with more settings."""
    kind, _, way = name.partition(" ")
    settings = dict(SMALL.get(kind, {}))
    if way:
        settings |= {"epochs": 2, "embedding_size": 4, "components": 3, "map": way, "trials": 0}
    items = world / "items.arrow"
    return visrec.train_cf(world / log, model=kind, settings=settings | more, items=items, device="cpu").read_all()
