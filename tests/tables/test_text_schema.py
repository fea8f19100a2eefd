"""Text gives back what was written: every float to the last bit, and a model's types and notes."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from visrec_cli.tables.output import write_table
from visrec_cli.tables.readers import open_table, read_all
from visrec_cli.tables.text_schema import KEY

UTC = dt.UTC
NOON = dt.datetime(2025, 3, 1, 12, 0, 0, 123000, tzinfo=UTC)
COLUMNS: dict[str, tuple[pa.DataType, list[Any]]] = {
    "entity": (pa.string(), ["item", "user"]),
    "id": (pa.string(), ["007", "2025-01-01"]),
    "history": (pa.list_(pa.struct([("item_id", pa.string()), ("at", pa.timestamp("ms", "UTC"))])),
                [None, [{"item_id": "007", "at": NOON}, {"item_id": "7", "at": None}]]),
    "vector": (pa.list_(pa.float32(), 3), [[1 / 3, 0.0, -1e-30], None]),
    "half": (pa.float16(), [0.5, None]),
    "single": (pa.float32(), [1 / 3, 16777217.0]),
    "small": (pa.int8(), [-3, None]),
    "large": (pa.int64(), [2**53 + 1, -(2**62)]),
    "unsigned": (pa.uint16(), [65535, 0]),
    "flag": (pa.bool_(), [True, None]),
    "price": (pa.decimal128(9, 2), [Decimal("1.10"), None]),
    "day": (pa.date32(), [dt.date(2025, 3, 1), None]),
    "plain": (pa.timestamp("ms"), [NOON.replace(tzinfo=None), None]),
    "second": (pa.timestamp("s", "UTC"), [NOON.replace(microsecond=0), None]),
    "berlin": (pa.timestamp("us", "Europe/Berlin"), [NOON, None]),
    "nobody": (pa.string(), [None, None]),
    "nothing": (pa.null(), [None, None]),
    "empty": (pa.list_(pa.list_(pa.int16())), [[], []]),
    "parts": (pa.struct([("b", pa.float32()), ("a", pa.list_(pa.string()))]), [{"b": 0.1, "a": ["x"]}, None]),
}  # fmt: skip


def of_everything() -> pa.Table:
    fields = [pa.field(name, kind, metadata={"told": name}) for name, (kind, _) in COLUMNS.items()]
    return pa.Table.from_arrays([pa.array(values, kind) for kind, values in COLUMNS.values()], schema=pa.schema(fields))


def test_ndjson_of_a_model_has_its_types_and_notes_again(tmp_path: Path) -> None:
    table = of_everything()
    write_table(table, tmp_path / "t.ndjson")
    again = read_all(tmp_path / "t.ndjson")
    for name in table.column_names:
        assert again.schema.field(name).equals(table.schema.field(name), check_metadata=True), name
        assert again[name].to_pylist() == table[name].to_pylist(), name


def test_types_that_json_has_no_form_for_come_back_as_json_has_them(tmp_path: Path) -> None:
    odd = {
        "clock": pa.array([dt.time(12, 30), None], pa.time32("s")),
        "long": pa.array([dt.timedelta(hours=1), None], pa.duration("s")),
    }
    table = of_everything()
    for name, column in odd.items():
        table = table.append_column(name, column)
    write_table(table, tmp_path / "t.ndjson")
    again = read_all(tmp_path / "t.ndjson")
    assert again["clock"].to_pylist() == ["12:30:00", None]
    assert again["long"].to_pylist() == ["1:00:00", None]


def test_tables_that_are_no_model_have_no_note(tmp_path: Path) -> None:
    write_table(of_everything().drop_columns(["history"]), tmp_path / "t.ndjson")
    assert KEY not in (tmp_path / "t.ndjson").read_text()


def test_values_of_another_type_stay_as_json_has_them(tmp_path: Path) -> None:
    write_table(of_everything(), tmp_path / "t.ndjson")
    text = (tmp_path / "t.ndjson").read_text()
    (tmp_path / "t.ndjson").write_text(text.replace('"small": -3', '"small": 300').replace("1.10", "cheap"))
    again = read_all(tmp_path / "t.ndjson")
    assert again["small"].to_pylist() == [300, None]
    assert again["price"].to_pylist() == ["cheap", None]


def test_columns_that_went_and_came_do_not_matter(tmp_path: Path) -> None:
    write_table(of_everything(), tmp_path / "t.ndjson")
    first, second = (tmp_path / "t.ndjson").read_text().splitlines()
    (tmp_path / "t.ndjson").write_text(f'{first[:-1]}, "new": 3}}\n{second}\n'.replace('"small"', '"renamed"'))
    schema = open_table(tmp_path / "t.ndjson").schema
    assert {"new", "renamed"} <= set(schema.names)
    assert not {"small", KEY} & set(schema.names)
    assert schema.field("single").type == pa.float32()


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".ndjson"])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_floats_read_back_equal(tmp_path: Path, ending: str, kind: type) -> None:
    rng = np.random.default_rng(5)
    bits = rng.integers(0, 2**32, 4000, np.uint32) if kind is np.float32 else rng.integers(0, 2**64, 4000, np.uint64)
    drawn = bits.view(kind)
    edges = [0.0, -0.0, 0.1, 1 / 3, 5e-324, 1e-45, np.finfo(kind).max, np.finfo(kind).tiny, 2.0**24 + 1, 1e22, 1e23]
    numbers = np.concatenate([drawn[np.isfinite(drawn)], np.array(edges, kind)])
    write_table(pa.table({"item_id": [f"i{n}" for n in range(len(numbers))], "x": numbers}), tmp_path / f"t{ending}")
    again = read_all(tmp_path / f"t{ending}")["x"].to_numpy().astype(kind)
    np.testing.assert_array_equal(again.view(bits.dtype), numbers.view(bits.dtype))
