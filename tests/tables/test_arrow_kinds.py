"""Columns that one library has and the other not: read, passed on, and written; used, or refused in our words."""

import contextlib
import io
import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from tests.tables.arrow_kinds import kinds
from visrec_cli.errors import InputError, VisrecError
from visrec_cli.options.logs import Columns
from visrec_cli.ranking.filters import rows_where
from visrec_cli.reports.preview import preview
from visrec_cli.stages.interactions import interactions
from visrec_cli.stages.show import describe, show
from visrec_cli.stages.show.gallery import gallery
from visrec_cli.tables.output import write_table
from visrec_cli.tables.readers import open_table, read_all

KINDS = kinds()


def table(odd: pa.Array) -> pa.Table:
    plain = {"user_id": ["u1", "u2", "u1"], "item_id": ["a", "b", "c"], "price": [1.0, 2.0, 3.0]}
    return pa.table({**{name: pa.array(values) for name, values in plain.items()}, "odd": odd})


def written(table: pa.Table, path: Path) -> Path:
    with pa.ipc.new_file(path, table.schema) as file:
        file.write_table(table)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_that_nobody_uses_stops_nobody(tmp_path: Path, kind: str) -> None:
    file = written(table(KINDS[kind]), tmp_path / "t.arrow")
    for name in ("o.csv", "o.tsv", "o.ndjson", "o.arrow", "o.arrows"):
        rows, _ = write_table(show(file), tmp_path / name)
        assert rows == 3
        back = open_table(tmp_path / name).read_all()
        assert back["price"].to_pylist() == [1.0, 2.0, 3.0]
        assert [str(one) for one in back["item_id"].to_pylist()] == ["a", "b", "c"]
    found = describe(file)
    json.dumps(found.as_json(), default=str)
    preview(found.first, total=3, console=Console(file=io.StringIO(), width=200))
    assert gallery([file]).startswith("<!doctype html>")
    assert rows_where(read_all(file), "price > 1.5").tolist() == [False, True, True]
    log = interactions(file, columns=Columns(weight="price")).read_all()
    assert log["user_id"].to_pylist() == ["u1", "u2", "u1"]
    write_table(log, tmp_path / "log.csv")


@pytest.mark.parametrize("kind", KINDS)
def test_as_id_weight_or_time_it_is_used_or_refused(tmp_path: Path, kind: str) -> None:
    file = written(table(KINDS[kind]), tmp_path / "t.arrow")
    for part in ("user", "item", "weight", "time", "event"):
        with contextlib.suppress(VisrecError):
            interactions(file, columns=Columns(**{part: "odd"})).read_all()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "list of nothing"])  # pyarrow errs on its own
def test_parquet_holds_it_or_says_that_it_cannot(tmp_path: Path, kind: str) -> None:
    try:
        pq.write_table(table(KINDS[kind]), tmp_path / "t.parquet")
    except (pa.ArrowException, ValueError, OSError):
        pytest.skip("not even pyarrow writes it")
    assert open_table(tmp_path / "t.parquet").read_all()["price"].to_pylist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("kind", KINDS)
def test_what_parquet_cannot_hold_is_text_there_or_refused(tmp_path: Path, kind: str) -> None:
    if kind == "farthest":
        with pytest.raises(VisrecError, match="cannot hold the times in 'odd'"):
            write_table(table(KINDS[kind]), tmp_path / "t.parquet")
        assert not list(tmp_path.iterdir())
        return
    write_table(table(KINDS[kind]), tmp_path / "t.parquet")
    assert open_table(tmp_path / "t.parquet").read_all()["price"].to_pylist() == [1.0, 2.0, 3.0]
    odd = pq.read_table(tmp_path / "t.parquet")["odd"]
    assert kind != "list of empty structs" or odd.to_pylist() == ["[{}]", None, "[]"]


def test_a_parquet_file_that_is_given_up_leaves_no_words_behind(tmp_path: Path, visrec) -> None:
    written(table(pa.array([-5, 0, 1], pa.int32()).view(pa.time32("s"))), tmp_path / "t.arrow")
    done = visrec("show", "t.arrow", "-o", "o.parquet")
    assert done.returncode == 65
    assert done.stderr.decode().startswith("visrec: error: t.arrow: damaged data in column 'odd'")
    assert b"Exception ignored" not in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("ending", [".arrow", ".arrows"])
@pytest.mark.parametrize("at", [0, 1, 6, 19])
def test_a_damaged_value_is_named_by_its_row(tmp_path: Path, ending: str, at: int) -> None:
    """Whatever batch it is in; damage of what all rows share has none."""
    seconds = pa.array([-5 if row == at else row for row in range(20)], pa.int32())
    ids = pa.array([f"i{row}" for row in range(20)], pa.large_string())
    odd = pa.table({"item_id": ids, "odd": seconds.view(pa.time32("s"))})
    opener = pa.ipc.new_file if ending == ".arrow" else pa.ipc.new_stream
    with opener(tmp_path / f"t{ending}", odd.schema) as file:
        file.write_table(odd, max_chunksize=6)
    for source in (tmp_path / f"t{ending}", pa.RecordBatchReader.from_batches(odd.schema, odd.to_batches(6))):
        with pytest.raises(InputError, match=rf"column 'odd', row {at + 1} \("):
            open_table(source).read_all()


def test_what_they_say_is_right(tmp_path: Path) -> None:
    write_table(pa.table({"item_id": ["a", "b", "c"], **KINDS}), tmp_path / "t.ndjson")
    first = json.loads((tmp_path / "t.ndjson").read_text().splitlines()[0])
    assert first["fixed offset"] == "2024-01-01 10:00:00+05:30"
    assert first["unknown zone"] == "2024-01-01 04:30:00+00:00"
    assert first["far"] == "318857-05-20T17:46:40"
    assert first["decimal of 76 digits"] == "1.50"
    assert first["names twice"] == {"a": 1, "a_duplicated_0": 4}
    assert first["list view"] == [1]
    write_table(pa.table({"item_id": ["a", "b", "c"], **KINDS}), tmp_path / "t.csv")
    lines = (tmp_path / "t.csv").read_text().splitlines()
    assert lines[1].split(",")[1:3] == ["2024-01-01T04:30:00.000+0000"] * 2


def test_times_with_any_offset_are_the_same_moments(tmp_path: Path) -> None:
    for zone in ("+05:30", "-08:00", "Mars/Olympus", "Europe/Berlin", "UTC"):
        times = pa.array([1_704_083_400, 1_704_169_800, 1_704_169_801]).view(pa.timestamp("s", zone))
        log = interactions(table(times), columns=Columns(time="odd", weight="none")).read_all()
        assert f"{log['timestamp'][0].as_py():%Y-%m-%dT%H:%M}" == "2024-01-01T04:30"


def test_fine_times_also_where_there_is_no_pandas(tmp_path: Path) -> None:
    written(table(KINDS["finer than microseconds"]), tmp_path / "t.arrow")
    done = subprocess.run(
        [sys.executable, "-m", "visrec_cli", "show", "t.arrow", "--format", "ndjson"], cwd=tmp_path, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[0])["odd"] == "1970-01-01T00:00:00.000000001Z"


@pytest.mark.parametrize("name", ["t.arrow", "t.parquet"])
def test_two_columns_of_one_name_are_told_apart_where_tables_are_opened(tmp_path: Path, name: str, visrec) -> None:
    arrays = [pa.array(["u", "v"]), pa.array(["x", "y"]), pa.array([1.0, 2.0]), pa.array([3.0, 4.0])]
    twice = pa.Table.from_arrays(arrays, names=["user_id", "item_id", "rating", "rating"])
    if name.endswith("parquet"):
        pq.write_table(twice, tmp_path / name)
    else:
        written(twice, tmp_path / name)
    for source in (tmp_path / name, twice):
        log = interactions(source).read_all()
        assert log["weight"].to_pylist() == [1.0, 2.0]
        assert log["rating_duplicated_0"].to_pylist() == [3.0, 4.0]
    done = visrec("interactions", name, "--format", "csv")
    assert done.returncode == 0
    assert b"has 2 columns 'rating': the first is taken" in done.stderr


@pytest.mark.parametrize(("kind", "value"), [("float64", 2.0**53), ("float64", 1e19), ("float32", 2.0**24)])
def test_ids_that_went_through_floats_are_refused(kind: str, value: float) -> None:
    users = pa.array([1.0, value, 3.0], pa.float64()).cast(getattr(pa, kind)())
    log = pa.table({"user_id": users, "item_id": ["a", "b", "a"]})
    with pytest.raises(VisrecError, match="went through floats and lost digits, first in row 2") as refused:
        interactions(log)
    assert refused.value.exit_code == 65
    exact = pa.table({"user_id": pa.array([1.0, value - 1, None]).cast(users.type), "item_id": ["a", "b", "a"]})
    assert interactions(exact).read_all()["user_id"].to_pylist() == ["1", str(int(value) - 1)] if value < 1e19 else True
