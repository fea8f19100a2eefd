"""Models that say something else of themselves, or whose columns are others: asked in every way that a model can be."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import visrec_cli as visrec
from tests.robustness.mutations import changed_document, rng, rounds
from tests.robustness.outcomes import survey
from tests.robustness.small_models import KINDS, trained

PARAMETER = b"ARROW:extension:metadata"
NO_LIKENESS = ("popularity", "user-knn")  # know not which items are alike
TABLES = ("als", "ease", "sgd-mf", "vbpr", "graph-filter", "user-knn", "sasrec", "hybrid taste")


def asked(world: Path) -> list[Callable[[pa.Table], object]]:
    """The ways to ask, each for itself."""
    later, every = visrec.Newer(history=world / "later.csv"), world / "all.arrow"
    both = visrec.Newer(history=world / "later.csv", new_items=every)
    newer = visrec.Newer(items=world / "items.arrow", new_items=every)

    def users(model: pa.Table, **options: Any) -> object:
        return visrec.recommend_users(model, rules=visrec.Rules(k=4), **options).read_all()

    events = [{"user_id": "u1", "item_id": "4"}, {"items": ["2", "3"]}, {"user_id": "nobody"}]
    return [
        partial(users, all_users=True, explain=True, show_history=2),
        partial(users, users=["u1", "nobody"]),
        partial(users, all_users=True, newer=later, explain=True),
        partial(users, users=["u1", "new"], newer=both, explain=True),
        partial(users, all_users=True, newer=newer),
        partial(users, sessions=[["1", "2"], ["4"]]),
        lambda model: visrec.recommend(model, items=["3"], k=3).read_all(),
        lambda model: visrec.describe(model),
        lambda model: visrec.profile(model, users=["u1"]),
        lambda model: list(visrec.follow(model, events=events, rules=visrec.Rules(k=4))),
    ]


@pytest.mark.parametrize("name", KINDS)
def test_a_model_that_says_something_else(world: Path, name: str) -> None:
    whole, ways = trained(world, name), asked(world)
    for way in ways if name not in NO_LIKENESS else ways[:6] + ways[7:]:
        way(whole)  # as it is, it answers
    field = whole.schema.field("entity")
    said = json.loads(field.metadata[PARAMETER])

    def versions() -> Iterator[tuple[str, pa.Table]]:
        for number in rounds(len(KINDS) + len(TABLES)):
            text = changed_document(said, rng(name, number)).encode("utf-8", "surrogatepass")
            other = field.with_metadata({**field.metadata, PARAMETER: text})
            yield f"round {number}", whole.cast(whole.schema.set(0, other))

    def use(model: pa.Table, number: int) -> None:
        ways[number % len(ways)](model)

    survey((what, partial(use, model, number)) for number, (what, model) in enumerate(versions()))


@pytest.mark.parametrize("name", TABLES)
def test_a_model_with_other_columns(world: Path, name: str) -> None:
    """Rows taken out or twice, columns of another type, empty, or gone: what a tool may make of a table."""
    whole, ways = trained(world, name), asked(world)

    def versions() -> Iterator[tuple[str, pa.Table]]:
        for number in rounds(len(KINDS) + len(TABLES)):
            yield f"round {number}", changed_table(whole, rng(f"table {name}", number))

    def use(model: pa.Table, number: int) -> None:
        ways[number % len(ways)](model)

    survey((what, partial(use, model, number)) for number, (what, model) in enumerate(versions()))


def changed_table(table: pa.Table, chance: Any) -> pa.Table:
    at = chance.randrange(table.num_columns)
    field, column = table.schema.field(at), table.column(at)
    rows = list(range(table.num_rows))
    one = chance.choice(rows)
    users, items = (np.flatnonzero(np.asarray(pc.equal(table["entity"], kind))).tolist() for kind in ("user", "item"))
    ways: list[Callable[[], pa.Table]] = [
        lambda: table.take([row for row in rows if row != one]),
        lambda: table.take([*rows, one]),
        lambda: table.take(rows[::-1]),
        lambda: table.take(items),
        lambda: table.take(users),
        lambda: table.slice(0, 0),
        lambda: table.drop_columns([field.name]),
        lambda: table.set_column(at, field, pa.nulls(table.num_rows, field.type)),
        lambda: table.set_column(at, field.with_type(pa.null()), pa.nulls(table.num_rows)),
        lambda: table.set_column(at, pa.field(field.name, pa.int64()), pa.array(rows)),
        lambda: table.set_column(at, pa.field(field.name, pa.string()), pa.array([str(row) for row in rows])),
        lambda: table.set_column(at, field, pc.if_else(pa.array([row != one for row in rows]), column, None)),
        lambda: table.set_column(at, field, column.take(rows[1:] + rows[:1])),
        lambda: table.rename_columns([f"{name}x" if name == field.name else name for name in table.column_names]),
        lambda: _with_floats(table, chance),
    ]
    return chance.choice(ways)()


def _with_floats(table: pa.Table, chance: Any) -> pa.Table:
    """A number that is NaN, infinite or huge among the factors, or the bias."""
    name = chance.choice([name for name in ("factors", "bias") if name in table.column_names] or ["history"])
    value = chance.choice((float("nan"), float("inf"), 1e30, -1e30))
    values = table[name].to_pylist()
    at = chance.randrange(len(values))
    if name == "factors":
        values[at] = [value] * table.schema.field(name).type.list_size
    elif name == "bias":
        values[at] = value
    else:
        values[at] = [{"item_id": "1", "weight": value, "timestamp": None}]
    place = table.schema.get_field_index(name)
    return table.set_column(place, table.schema.field(name), pa.array(values, table.schema.field(name).type))
