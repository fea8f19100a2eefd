"""A tiny planted shop, and models of it: as they are in memory, and as ``to_table`` is given them."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.contracts.recommender_suite import DAY, planted
from visrec_cli.options.logs import Cleaning
from visrec_cli.options.privacy import Privacy
from visrec_cli.recommenders.model import Model
from visrec_cli.registry import find
from visrec_cli.runtime.settings import idle
from visrec_cli.stages import train_cf
from visrec_cli.stages.recommend.users.loaded_model import LoadedModel
from visrec_cli.tables.spaces import Source, Space
from visrec_cli.tables.vectors import column_of

LABELS = pa.list_(pa.struct([("label", pa.string()), ("score", pa.float32())]))
SPACE = Space(
    "concat", 16, True, kind="fused",
    sources=(
        Source("image_embedding", Space("lite0", 10, True), 10),
        Source("text_embedding", Space("minilm", 6, True, kind="text"), 6),
    ),
    transform={"method": "concat", "reduction": None},
)  # fmt: skip
SMALL = {
    "embedding_size": 4, "hidden_size": 4, "visual_size": 2, "components": 3, "epochs": 2, "length": 5, "trials": 1,
    "k": 6, "layers": 1,
}  # fmt: skip
SEED = 2**53 + 1  # the first that a float64 does not hold


def ids(items: tuple[str, ...]) -> list[str]:
    """Ids as people have them: leading zeros, quotes, other scripts."""
    odd = {"i0": "007", "i1": "7", "i2": 'a "b", c', "i13": "Äpfel-é", "i14": "2025-01-01"}
    return [odd.get(item, item) for item in items]


@cache
def log() -> pa.Table:
    """Ratings of items of one's own taste (4 and 5) and of others (1 and 2), at times to the millisecond."""
    of, _, _ = planted(cold=2)
    pairs = of.matrix.tocoo()
    own = pairs.row // 15 == pairs.col // 12
    return pa.table(
        {
            "user_id": [of.users[row] for row in pairs.row],
            "item_id": pa.array(ids(of.items)).take(pa.array(pairs.col)),
            "rating": pa.array(np.where(own, 4, 1) + pairs.row % 2, pa.float32()),
            "timestamp": pa.array(of.times, pa.timestamp("ms", "UTC")),
        }
    )


@cache
def shop() -> pa.Table:
    """The items: columns of many types, two cold ones of each taste, and one without a vector."""
    of, content, _ = planted(cold=2)
    rows = range(len(of.items))
    columns = {
        "item_id": pa.array(ids(of.items)),
        "title": pa.array([None if row == 9 else f'thing {row} – "new"' for row in rows]),
        "price": pa.array([row / 7 for row in rows], pa.float64()),
        "weight_kg": pa.array([None if row == 3 else row / 3 for row in rows], pa.float32()),
        "year": pa.array([1990 + row for row in rows], pa.int32()),
        "since": pa.array([1_735_689_600_123 + row * DAY for row in rows], pa.timestamp("ms")),
        "day": pa.array([20_000 + row for row in rows], pa.int32()).cast(pa.date32()),
        "sold_out": pa.array([row % 3 == 0 for row in rows]),
        "nothing": pa.nulls(len(rows), pa.string()),
        "tags": pa.array([None if row == 2 else ["x"] * (row % 3) for row in rows], pa.list_(pa.string())),
        "labels": pa.array([[{"label": f"group {row // 12}", "score": 0.3 + row / 100}] for row in rows], LABELS),
    }
    valid = np.array([row != 20 for row in rows])
    fields = [pa.field(name, column.type) for name, column in columns.items()]
    vectors = column_of(content.vectors, valid)
    return pa.Table.from_arrays([*columns.values(), vectors], schema=pa.schema([*fields, SPACE.field("embedding")]))


BARE_SHOP = shop().select(["item_id", "embedding"])


def arrivals(*, bare: bool) -> pa.Table:
    """Items that came after training, one of each taste; bare: with nothing but id and vector."""
    _, content, _ = planted(cold=2)
    names, vectors = pa.array([f"new {group}" for group in range(4)]), column_of(content.vectors[[1, 13, 25, 37]])
    fields = [pa.field("item_id", pa.string()), SPACE.field("embedding")]
    table = pa.Table.from_arrays([names, vectors], schema=pa.schema(fields))
    return table if bare else table.append_column("title", pa.array([f"arrival {group}" for group in range(4)]))


WITH, BARE = arrivals(bare=False), arrivals(bare=True)


def clicks(*rows: tuple[str, str]) -> pa.Table:
    """Ratings of 5, each a minute after the one before and after all of the log."""
    users, items = zip(*rows, strict=True)
    times = 1_735_689_600_000 + 91 * DAY + 60_000 * np.arange(len(rows))
    return pa.table(
        {
            "user_id": users,
            "item_id": items,
            "rating": pa.array([5.0] * len(rows), pa.float32()),
            "timestamp": pa.array(times, pa.timestamp("ms", "UTC")),
        }
    )


@dataclass(frozen=True)
class Trained:
    """A model twice: open as it is in memory, and as the table that is written."""

    served: LoadedModel
    table: pa.Table


@cache
def trained(
    name: str, settings: tuple[tuple[str, Any], ...] = (), *, items: bool = True, private: bool = False
) -> Trained:
    """``train-cf`` on the shop, with tiny sizes where settings do not say others."""
    kind, given = find("recommender", name), []

    def to_table(model: Model, about: pa.Table | None, space: Space | None) -> pa.Table:
        given.extend([model, about, space])
        return kept(model, about, space)

    kept = train_cf.to_table
    small = {key: value for key, value in SMALL.items() if key in kind.settings}
    for key in idle(kind.settings, small | dict(settings), {"vectors": items}):
        small.pop(key, None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train_cf, "to_table", to_table)
        table = train_cf.train_cf(
            log(),
            model=name,
            items=shop() if items else None,
            settings=small | dict(settings),
            cleaning=None if kind.predicts_ratings else Cleaning(min_weight=3),
            validation=0,
            seed=SEED,
            device="cpu",
            privacy=Privacy(4) if private else None,
        ).read_all()
    model, about, space = given
    columns = {} if about is None else {field.name: about[field.name] for field in about.schema}
    about = pa.table({"item_id": pa.array(model.items.ids, pa.string()), **columns})
    return Trained(LoadedModel(name, "the table", model, model.users, about, space), table)
