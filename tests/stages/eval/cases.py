"""A truth and a run so small that every number can be checked by hand."""

import pyarrow as pa

from visrec_cli.stages.eval.truth import Truth
from visrec_cli.stages.eval.truth_reader import open_truth


def log(*rows: tuple) -> pa.Table:
    """(user, item) or (user, item, weight) as a log."""
    names = ("user_id", "item_id", "weight")[: len(rows[0])]
    return pa.table({name: [row[at] for row in rows] for at, name in enumerate(names)})


def recs(*rows: tuple, columns: tuple[str, ...] = ("user_id", "item_id", "rank", "score")) -> pa.Table:
    """Rows of recommendations."""
    return pa.table({name: [row[at] for row in rows] for at, name in enumerate(columns[: len(rows[0])])})


def small_truth(**more: object) -> Truth:
    """u1 liked a (5) and b (3), u2 liked c (4); before, u1 had x and u2 had a and y."""
    train = log(("u1", "x"), ("u2", "a"), ("u2", "y"))
    return open_truth(log(("u1", "a", 5), ("u2", "c", 4), ("u1", "b", 3)), train=train, **more)
