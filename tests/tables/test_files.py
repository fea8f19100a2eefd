"""Every format both ways; a file appears whole or not at all."""

import json
import os
import stat
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.tables.tables import SPACE, embedded
from visrec_cli.errors import InputError, MissingInputError, OutputError, TransferError, UsageError
from visrec_cli.stages.check import check
from visrec_cli.tables.output import write_table
from visrec_cli.tables.readers import open_table, read_all
from visrec_cli.tables.spaces import space_of


@pytest.mark.parametrize("name", ["t.arrow", "t.feather", "t.arrows", "t.parquet"])
def test_a_table_with_nulls_and_its_space_comes_back(tmp_path: Path, name: str) -> None:
    table = embedded(1100, nulls=(0, 7, 1099))
    assert write_table(table, tmp_path / name) == (1100, [])
    back = read_all(tmp_path / name)
    assert back.equals(table)
    assert space_of(back.schema.field("image_embedding")) == SPACE
    assert check(str(tmp_path / name)) == 1100


def test_npy_keeps_ids_and_space_beside_it_and_counts_what_it_cannot_hold(tmp_path: Path) -> None:
    table = embedded(30, nulls=(3,))
    rows, remarks = write_table(table, tmp_path / "x.npy")
    assert rows == 30
    assert remarks == [f"1 items without image_embedding left out of {tmp_path / 'x.npy'}"]
    matrix = np.load(tmp_path / "x.npy")
    assert matrix.shape == (29, 4)
    assert (tmp_path / "x.ids.txt").read_text().split() == [str(i) for i in range(30) if i != 3]
    back = open_table(tmp_path / "x.npy", column="image_embedding").read_all()
    assert back.column("item_id").to_pylist()[3] == "4"
    assert space_of(back.schema.field("image_embedding")) == SPACE
    np.testing.assert_array_equal(np.stack(back.column("image_embedding").to_pylist()), matrix)


def test_a_bare_matrix_needs_to_be_told_its_ids(tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.eye(3, dtype=np.float32))
    with pytest.raises(UsageError, match="is a matrix without ids for its rows"):
        open_table(tmp_path / "m.npy")
    assert open_table(tmp_path / "m.npy", row_ids=True).read_all().column("item_id").to_pylist() == ["0", "1", "2"]
    (tmp_path / "names").write_text("a\nb\n")
    with pytest.raises(InputError, match=r"names 2 items, .* has 3 rows"):
        open_table(tmp_path / "m.npy", ids=tmp_path / "names")


@pytest.mark.parametrize("array", [np.zeros(3), np.zeros((2, 2, 2)), np.array(["a"]), np.zeros((3, 0))])
def test_other_arrays_are_refused(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "m.npy", array)
    with pytest.raises(InputError):
        open_table(tmp_path / "m.npy", row_ids=True)


def test_pickled_objects_in_npy_are_never_loaded(tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="Python objects"):
        open_table(tmp_path / "m.npy", row_ids=True)


def test_csv_and_ndjson_say_what_they_leave_out(tmp_path: Path) -> None:
    table = embedded(3).append_column("tags", pa.array([["a", "b"], [], None], pa.list_(pa.string())))
    _, remarks = write_table(table, tmp_path / "t.csv")
    assert remarks == ["csv cannot hold image_embedding: left out"]
    assert (tmp_path / "t.csv").read_text().splitlines()[:2] == ["item_id,title,tags", '0,item 0,"[""a"", ""b""]"']
    write_table(table, tmp_path / "t.ndjson")
    back = read_all(tmp_path / "t.ndjson")
    assert back.column("tags").to_pylist() == [["a", "b"], [], None]


def test_ndjson_has_no_word_for_nan(tmp_path: Path) -> None:
    nan = float("nan")
    values = pa.table({"item_id": ["a", "b"], "price": [nan, 2.5], "sizes": [[1.0, nan], None]})
    write_table(values, tmp_path / "t.ndjson")
    lines = (tmp_path / "t.ndjson").read_text().splitlines()
    assert [json.loads(line, parse_constant=pytest.fail) for line in lines] == [
        {"item_id": "a", "price": None, "sizes": [1.0, None]},
        {"item_id": "b", "price": 2.5, "sizes": None},
    ]


def test_csv_holds_lengths_of_time_and_leaves_out_all_kinds_of_bytes(tmp_path: Path) -> None:
    odd = {"wait": pa.array([90], pa.duration("s")), "raw": pa.array([b"abc"], pa.binary(3))}
    _, remarks = write_table(pa.table({"item_id": ["a"], **odd}), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == "item_id,wait\na,0:01:30\n"
    assert remarks == ["csv cannot hold raw: left out"]


def test_an_empty_table_still_has_its_header(tmp_path: Path) -> None:
    write_table(embedded(0), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == "item_id,title\n"
    for name in ("t.arrow", "t.arrows", "t.parquet"):
        write_table(embedded(0), tmp_path / name)
        assert read_all(tmp_path / name).num_rows == 0


def test_equal_tables_have_equal_bytes_however_they_were_cut(tmp_path: Path) -> None:
    table = embedded(1500)
    write_table(table, tmp_path / "a.arrow")
    write_table(pa.Table.from_batches(table.to_batches(max_chunksize=7)), tmp_path / "b.arrow")
    assert (tmp_path / "a.arrow").read_bytes() == (tmp_path / "b.arrow").read_bytes()


def failing(schema: pa.Schema) -> pa.RecordBatchReader:
    def batches():
        yield embedded(600).to_batches()[0]
        raise InputError("the source broke")

    return pa.RecordBatchReader.from_batches(schema, batches())


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "t.arrow"
    write_table(embedded(2), target)
    before = target.read_bytes()
    with pytest.raises(InputError, match="the source broke"):
        write_table(failing(embedded().schema), target)
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["t.arrow"]


def test_a_new_file_has_the_usual_mode_and_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.arrow").write_bytes(b"old")
    (tmp_path / "link.arrow").symlink_to("real.arrow")
    write_table(embedded(2), tmp_path / "link.arrow")
    assert (tmp_path / "link.arrow").is_symlink()
    write_table(embedded(2), tmp_path / "new.arrow")
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((tmp_path / "new.arrow").stat().st_mode) == 0o666 & ~mask


def test_outputs_that_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="its folder does not exist"):
        write_table(embedded(2), tmp_path / "no" / "t.arrow")
    (tmp_path / "d.arrow").mkdir()
    with pytest.raises(OutputError, match="it is a folder"):
        write_table(embedded(2), tmp_path / "d.arrow")
    with pytest.raises(UsageError, match="the file ending identifies no format"):
        write_table(embedded(2), tmp_path / "t.xyz")
    with pytest.raises(UsageError, match="unknown format"):
        write_table(embedded(2), tmp_path / "t.xyz", format="xlsx")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_a_transfer_error() -> None:
    with pytest.raises(TransferError, match="No space left"):
        write_table(embedded(2000), "/dev/full", format="stream")


def test_inputs_that_are_not_there_or_no_tables(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="does not exist"):
        open_table(tmp_path / "no.arrow")
    (tmp_path / "empty.arrow").touch()
    with pytest.raises(InputError, match="is empty"):
        open_table(tmp_path / "empty.arrow")
    (tmp_path / "p.csv").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\0")
    with pytest.raises(InputError, match="not a table that visrec knows"):
        open_table(tmp_path / "p.csv")
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        open_table(tmp_path / "none")


@pytest.mark.parametrize("name", ["t.arrow", "t.arrows", "t.parquet"])
def test_check_finds_a_flipped_bit_anywhere_in_the_vectors(tmp_path: Path, name: str) -> None:
    table = embedded(300)
    write_table(table, tmp_path / name)
    good = (tmp_path / name).read_bytes()
    for at in range(len(good) // 4, len(good) // 2, len(good) // 40):
        bad = bytearray(good)
        bad[at] ^= 0x10
        (tmp_path / name).write_bytes(bad)
        with pytest.raises(InputError):
            check(str(tmp_path / name))


def test_cut_files_are_refused(tmp_path: Path) -> None:
    for name in ("t.arrow", "t.parquet", "t.npy"):
        write_table(embedded(300), tmp_path / name)
        good = (tmp_path / name).read_bytes()
        for end in range(9, len(good), len(good) // 17):
            (tmp_path / name).write_bytes(good[:end])
            with pytest.raises(InputError):
                check(str(tmp_path / name))
