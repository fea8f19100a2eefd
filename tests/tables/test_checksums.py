"""Every byte that visrec writes has a checksum: whichever of them changes, ``check`` notices.

Arrow, Parquet and NPY with what is beside it; text has no place for one, and says so.
"""

import io
import random
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.tables.tables import embedded, first_release_bytes, stream_bytes
from visrec_cli.errors import InputError, TruncatedStreamError
from visrec_cli.runtime.report import Report
from visrec_cli.stages.check import check
from visrec_cli.tables.checksums import BLOCK, END, START
from visrec_cli.tables.output import write_table
from visrec_cli.tables.readers import read_all
from visrec_cli.tables.stream_frames import HashingSource
from visrec_cli.tables.streams import read_stream

FILES = ["t.arrow", "t.arrows", "t.parquet", "t.npy"]
PARTS = [*FILES[:-1], "t.npy", "t.ids.txt", "t.space.json", "t.sha256"]


def write(folder: Path, part: str) -> tuple[Path, Path]:
    """A small table in the format of this part: the file to check, and the part to damage."""
    table = folder / (part if part in FILES else "t.npy")
    write_table(embedded(20, nulls=(3,)), table)
    return table, folder / part


def missed(table: Path, part: Path, versions: Iterable[tuple[int, bytes]]) -> list[int]:
    """Places of the versions that ``check`` takes for whole."""
    found = []
    for at, version in versions:
        part.unlink()  # a file that is cut and written again is synchronised by some file systems
        part.write_bytes(version)
        try:
            check(str(table))
        except InputError:
            continue
        found.append(at)
    return found


def flipped(data: bytes, at: int, by: int) -> bytes:
    return data[:at] + bytes([data[at] ^ by]) + data[at + 1 :]


@pytest.mark.parametrize("name", PARTS)
def test_a_thousand_flips_are_noticed(tmp_path: Path, name: str) -> None:
    table, part = write(tmp_path, name)
    data, rng = part.read_bytes(), random.Random(0)
    places = [(rng.randrange(len(data)), rng.randrange(1, 256)) for _ in range(1000)]
    assert missed(table, part, ((at, flipped(data, at, by)) for at, by in places)) == []


@pytest.mark.parametrize("name", FILES[:-1])
def test_no_byte_of_what_comes_before_and_after_the_rows_can_change(tmp_path: Path, name: str) -> None:
    table, part = write(tmp_path, name)
    data, rng = part.read_bytes(), random.Random(1)
    footer = data.find(START) if name != "t.arrows" else data.find(b"visrec.end") - 600
    places = [*range(300), *range(footer, len(data))]
    assert footer > 300
    assert missed(table, part, ((at, flipped(data, at, rng.randrange(1, 256))) for at in places)) == []


@pytest.mark.parametrize("name", ["t.arrow", "t.parquet"])
def test_no_length_of_the_footer_hides_its_checksum(tmp_path: Path, name: str) -> None:
    table, part = write(tmp_path, name)
    data = part.read_bytes()
    tail = 10 if name == "t.arrow" else 8
    versions = [(by, flipped(data, len(data) - tail + byte, by)) for byte in range(4) for by in range(1, 256)]
    assert missed(table, part, versions) == []


@pytest.mark.parametrize("name", PARTS)
def test_no_byte_can_go_or_come(tmp_path: Path, name: str) -> None:
    table, part = write(tmp_path, name)
    data, rng = part.read_bytes(), random.Random(2)
    places = [rng.randrange(len(data)) for _ in range(100)]
    without = ((at, data[:at] + data[at + 1 :]) for at in places)
    more = ((at, data[:at] + bytes([rng.randrange(256)]) + data[at:]) for at in [*places, len(data)])
    cut = ((end, data[:end]) for end in [*range(1, 9), *places])
    twice = [(-1, data + data)]
    for versions in (without, more, cut, twice):
        assert missed(table, part, versions) == []


@pytest.mark.parametrize("name", ["t.ids.txt", "t.space.json", "t.npy"])
def test_a_matrix_needs_all_files_that_its_list_names(tmp_path: Path, name: str) -> None:
    table, part = write(tmp_path, name)
    part.unlink()
    with pytest.raises((InputError, FileNotFoundError)):
        check(str(table))


def test_a_stream_and_a_parquet_file_are_refused_when_they_are_read(tmp_path: Path) -> None:
    """Not only by ``check``: a stream always, Parquet in its footer and its pages, Arrow files in their footer."""
    rng = random.Random(3)
    for name in ("t.arrows", "t.parquet", "t.arrow"):
        table, _ = write(tmp_path, name)
        data = table.read_bytes()
        begin = 0 if name == "t.arrows" else data.find(START) + BLOCK
        for _ in range(300):
            table.unlink()
            table.write_bytes(flipped(data, rng.randrange(begin, len(data)), rng.randrange(1, 256)))
            with pytest.raises(InputError):
                read_all(table)


def test_the_matrix_is_refused_when_all_of_it_was_read(tmp_path: Path) -> None:
    table, _ = write(tmp_path, "t.npy")
    data = table.read_bytes()
    table.write_bytes(flipped(data, len(data) - 4, 1))
    with pytest.raises(TruncatedStreamError, match=r"t\.npy: the checksum differs"):
        read_all(table)


def test_files_of_a_matrix_may_be_renamed_together(tmp_path: Path) -> None:
    write(tmp_path, "t.npy")
    for path in list(tmp_path.iterdir()):
        path.rename(tmp_path / path.name.replace("t.", "renamed.", 1))
    assert check(str(tmp_path / "renamed.npy")) == 19


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no sha256sum here")
def test_the_list_is_one_that_sha256sum_reads(tmp_path: Path) -> None:
    name = "odd\\na\nme.npy"
    write_table(embedded(5), tmp_path / name)
    assert check(str(tmp_path / name)) == 5
    said = subprocess.run(
        ["sha256sum", "--check", "--strict", "odd\\na\nme.sha256"], cwd=tmp_path, capture_output=True, check=True
    )
    assert said.stdout.count(b": OK") == 3


@pytest.mark.parametrize("name", FILES)
def test_equal_tables_have_equal_bytes_in_every_format(tmp_path: Path, name: str) -> None:
    table = embedded(1500, nulls=(3,))
    for folder, source in (("a", table), ("b", pa.Table.from_batches(table.to_batches(max_chunksize=7)))):
        (tmp_path / folder).mkdir()
        write_table(source, tmp_path / folder / name)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_other_readers_pass_over_the_checksums(tmp_path: Path) -> None:
    table = embedded(600, nulls=(3,))
    arrow, parquet = tmp_path / "t.arrow", tmp_path / "t.parquet"
    for path in (arrow, parquet):
        write_table(table, path)
        assert START in path.read_bytes()
    with pa.memory_map(str(arrow)) as mapped:
        assert pa.ipc.open_file(mapped).read_all().replace_schema_metadata(None).equals(table)
    assert pq.read_table(parquet).equals(table)
    ids = table["item_id"].to_pylist()
    for frame in (pl.read_ipc(arrow), pl.scan_ipc(arrow).collect(), pl.read_parquet(parquet)):
        assert frame["item_id"].to_list() == ids
    for frame in (pd.read_feather(arrow), pd.read_parquet(parquet)):
        assert frame["item_id"].tolist() == ids
    assert [row[0] for row in duckdb.sql(f"select item_id from '{parquet}'").fetchall()] == ids


def test_what_another_tool_makes_of_a_file_has_no_checksum_and_is_read(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    write_table(embedded(9), path)
    pq.write_table(pq.read_table(path).slice(0, 4), path)
    report = Report()
    assert check(str(path), report=report) == 4
    assert report.warnings == [
        f"{path} has no checksum but those of its pages: another tool or an earlier visrec wrote it"
    ]


@pytest.mark.parametrize("name", ["t.csv", "t.ndjson", "t.tsv"])
def test_text_says_that_it_has_none(tmp_path: Path, name: str) -> None:
    write_table(embedded(9), tmp_path / name)
    report = Report()
    assert check(str(tmp_path / name), report=report) == 9
    assert len(report.warnings) == 1
    assert "text, which has no checksum" in report.warnings[0]


@pytest.mark.parametrize("name", ["t.arrow", "t.arrows"])
def test_files_of_the_first_release_are_checked_as_before(tmp_path: Path, name: str) -> None:
    path, table, report = tmp_path / name, embedded(20), Report()
    data = first_release_bytes(table, file=name == "t.arrow")
    path.write_bytes(data)
    assert read_all(path).equals(table)
    assert check(str(path), report=report) == 20
    assert [word in report.warnings[0] for word in ("an earlier visrec wrote", "does not cover")] == [True, True]
    rng, end = random.Random(4), data.find(b"visrec.end") - 700
    for _ in range(300):
        path.write_bytes(flipped(data, rng.randrange(end), rng.randrange(1, 256)))
        with pytest.raises(InputError):
            check(str(path))


def test_rows_after_the_trailer_are_refused() -> None:
    """Otherwise who glues into a stream would only have to keep its end mark."""
    data = stream_bytes(embedded(3))
    raw = io.BytesIO()
    with pa.ipc.new_stream(raw, pa.ipc.open_stream(data).schema) as writer:
        writer.write_table(embedded(2).replace_schema_metadata(pa.ipc.open_stream(data).schema.metadata))
    schema = pa.ipc.open_stream(data).schema.serialize().to_pybytes()
    glued = data[:-8] + raw.getvalue()[len(schema) :]
    with pytest.raises(TruncatedStreamError, match="more rows follow"):
        read_stream(HashingSource(io.BytesIO(glued)), "stdin").read_all()


def test_the_block_is_as_long_as_it_says(tmp_path: Path) -> None:
    table, _ = write(tmp_path, "t.arrow")
    data = table.read_bytes()
    assert data.count(START) == data.count(END) == 1
    assert data.find(END) + len(END) - data.find(START) == BLOCK
