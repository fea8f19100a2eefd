"""``concat`` by real processes: rows below each other, the last of each id, and what cannot be put together."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.conftest import Run
from visrec_cli.errors import SpaceMismatchError
from visrec_cli.stages.concat import concat
from visrec_cli.tables.output import write_table
from visrec_cli.tables.readers import open_table
from visrec_cli.tables.spaces import Space
from visrec_cli.tables.vectors import column_of


def items(ids: str, *, encoder: str = "a", half: bool = False, **more: list[object]) -> pa.Table:
    """Items with a vector that says which table they are of by its first number: the number of columns."""
    vectors = np.full((len(ids), 3), len(more), np.float32)
    fields = [pa.field("item_id", pa.string()), Space(encoder, 3, False).field("embedding", half=half)]
    arrays = [pa.array(list(ids)), column_of(vectors, half=half), *(pa.array(values) for values in more.values())]
    fields += [pa.field(name, array.type) for name, array in zip(more, arrays[2:], strict=True)]
    return pa.table(arrays, schema=pa.schema(fields))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    write_table(items("abc", price=[1, 2, 3]), tmp_path / "a.arrow")
    write_table(items("cd", price=[3.5, 4.0], title=["C", "D"]), tmp_path / "b.parquet")
    (tmp_path / "gone.txt").write_text("b\nzz\n")
    return tmp_path


def test_rows_below_each_other_with_the_columns_of_all(shop: Path, shell: Run) -> None:
    done = shell("visrec concat a.arrow b.parquet -o c.arrow")
    assert done.returncode == 0, done.stderr
    assert b"note: a.arrow lacks 'title': null there" in done.stderr
    assert b"visrec: 5 rows" in done.stderr
    table = open_table(shop / "c.arrow").read_all()
    assert table["item_id"].to_pylist() == list("abccd")
    assert table["price"].to_pylist() == [1.0, 2.0, 3.0, 3.5, 4.0]
    assert table["title"].to_pylist() == [None] * 3 + ["C", "D"]
    assert table.schema.field("embedding").equals(
        open_table(shop / "a.arrow").schema.field("embedding"), check_metadata=True
    )
    for line in (
        "visrec concat a.arrow - < b.parquet",
        "visrec concat <(cat a.arrow) b.parquet",
        "visrec concat '[ab].*'",
    ):
        piped = shell(f"{line} | cmp - <(visrec concat c.arrow)")
        assert piped.returncode == 0, (line, piped.stderr)


@pytest.mark.parametrize("line", ["a.arrow b.parquet", "a.arrow - < b.parquet", "<(cat a.arrow) <(cat b.parquet)"])
def test_later_rows_replace_earlier_ones_of_their_id(shop: Path, shell: Run, line: str) -> None:
    done = shell(f"visrec concat --upsert --delete gone.txt -o c.arrow {line}")
    rows = open_table(shop / "c.arrow").read_all()
    assert rows["item_id"].to_pylist() == ["a", "c", "d"]
    assert rows["price"].to_pylist() == [1.0, 3.5, 4.0]
    again = concat(shop / "a.arrow", shop / "b.parquet", upsert=True, delete=["b", "zz"]).read_all()
    assert again.equals(rows)
    assert b"1 row replaced by later ones" in done.stderr
    assert b"1 row deleted" in done.stderr
    assert b"1 of the 2 ids to delete are in no table: 'zz'" in done.stderr


def test_a_catalogue_is_brought_up_to_date_in_place(shop: Path, shell: Run) -> None:
    assert shell("visrec concat a.arrow b.parquet --upsert -o a.arrow && visrec check a.arrow").returncode == 0
    assert open_table(shop / "a.arrow").read_all()["item_id"].to_pylist() == ["a", "b", "c", "d"]


def test_half_vectors_and_those_without_a_space_join_the_others(shop: Path) -> None:
    plain = pa.table({"item_id": ["e"], "embedding": [[1.0, 2.0, 3.0]]})
    table = concat(shop / "a.arrow", items("f", half=True), plain).read_all()
    assert table["embedding"].to_pylist()[-1] == [1.0, 2.0, 3.0]
    assert table.schema.field("embedding").type == pa.list_(pa.float32(), 3)
    with pytest.raises(SpaceMismatchError, match="they differ in encoder"):
        concat(plain, shop / "a.arrow", items("g", encoder="b"))
    with pytest.raises(SpaceMismatchError, match="has 3 numbers in a row, 'embedding' of the table has 2"):
        concat(shop / "a.arrow", pa.table({"item_id": ["e"], "embedding": [[1.0, 2.0]]}))


def test_texts_keep_their_zeros(shop: Path) -> None:
    (shop / "x.csv").write_text("item_id,code\n1,007\n")
    (shop / "y.csv").write_text("item_id,code\n2,a\n")
    for names in (("x.csv", "y.csv"), ("y.csv", "x.csv")):
        table = concat(*(shop / name for name in names)).read_all()
        assert set(table["code"].to_pylist()) == {"007", "a"}
    (shop / "z.csv").write_text("item_id,code\n2,08\n3,8\n")
    assert concat(shop / "z.csv", upsert=True, id_column="code").read_all()["code"].to_pylist() == ["08", "8"]


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("a.arrow other.arrow", 65, "'embedding' of a.arrow is in the space [a, 3 numbers"),
        ("a.arrow words.csv", 65, "words.csv: column 'price' is string, and in a.arrow int64"),
        ("a.arrow large.arrow", 65, "large.arrow: column 'price' (uint64) does not fit int64"),
        ("a.arrow cut.arrow", 65, "cut.arrow"),
        ("a.arrow empty.csv", 65, "empty.csv is empty"),
        ("a.arrow none.arrow", 66, "none.arrow does not exist"),
        ("a.arrow none.csv --upsert", 65, "none.csv: column 'item_id' is empty in 1 row, first in row 1"),
        ("log.csv log.csv --upsert", 2, "has a column 'user_id': --upsert goes by the ids of rows"),
        ("a.arrow --id-column item_id", 2, "--id-column"),
        ("a.arrow --delete none.txt", 66, "none.txt"),
        ("- -", 2, "stdin"),
        ("m.arrow m.arrow", 65, "m.arrow is a model"),
    ],
)
def test_what_cannot_be_put_together_is_refused_by_name(
    shop: Path, shell: Run, line: str, code: int, says: str
) -> None:
    write_table(items("x", encoder="b"), shop / "other.arrow")
    (shop / "words.csv").write_text("item_id,price\nx,cheap\n")
    write_table(pa.table({"item_id": ["x"], "price": pa.array([2**63], pa.uint64())}), shop / "large.arrow")
    (shop / "cut.arrow").write_bytes((shop / "a.arrow").read_bytes()[:-20])
    (shop / "empty.csv").touch()
    (shop / "none.csv").write_text("item_id,price\n,3\n")
    (shop / "log.csv").write_text("user_id,item_id\nu,a\nv,a\n")
    if "m.arrow" in line:
        assert shell("visrec train-cf log.csv -m popularity -o m.arrow").returncode == 0
    done = shell(f"visrec concat {line} -o out.arrow")
    assert (done.returncode, says in done.stderr.decode()) == (code, True), done.stderr
    assert not (shop / "out.arrow").exists()


def test_fuse_says_what_was_a_concatenation(shop: Path, shell: Run) -> None:
    write_table(items("xy", price=[1, 2]), shop / "more.arrow")
    done = shell("visrec fuse a.arrow more.arrow -o f.arrow")
    assert done.returncode == 0, done.stderr
    assert b"that is a concatenation, which visrec concat makes" in done.stderr
    assert b"concatenation" not in shell("visrec fuse a.arrow b.parquet -o f.arrow").stderr


def test_a_part_of_the_input_is_not_replaced(shop: Path, shell: Run) -> None:
    (shop / "log").mkdir()
    for number in range(2):
        (shop / "log" / f"{number}.csv").write_text("user_id,item_id\nu,a\n")
    for name in ("log", "'log/*.csv'", '"$PWD/log/?.csv"'):
        for verb in ("interactions", "concat"):  # which may replace a table that it contains, and no part of one
            done = shell(f"visrec {verb} {name} -o log/1.csv")
            assert (done.returncode, b"would be a part of the input" in done.stderr) == (2, True), done.stderr
    assert shell("visrec concat log -o log/all.parquet").returncode == 2  # and no part of the next run
    assert shell("visrec concat 'log/*.csv' -o log/all.parquet").returncode == 0
