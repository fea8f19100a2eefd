from pathlib import Path

import pytest

from visrec_cli.errors import InputError, UsageError
from visrec_cli.tables.ids import with_item_ids
from visrec_cli.tables.readers import open_table


def table(tmp_path: Path, data: str | bytes, name: str = "t.csv"):
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return open_table(path).read_all()


def test_ids_stay_text(tmp_path: Path) -> None:
    got = table(tmp_path, "item_id,price\n007,1.5\n7,2\n")
    assert got.column("item_id").to_pylist() == ["007", "7"]
    assert got.column("price").to_pylist() == [1.5, 2]


@pytest.mark.parametrize(
    "data",
    ["id;title\n1;a, b\n", "id\ttitle\n1\ta, b\n", 'id,title\n1,"a, b"\n', b"\xef\xbb\xbfid,title\r\n1,\"a, b\"\r\n",
     "id,title\n1,\"a, b\"\n".encode("utf-16"), '{"id": "1", "title": "a, b"}\n', '[{"id": "1", "title": "a, b"}]'],
)  # fmt: skip
def test_the_usual_dialects(tmp_path: Path, data: str | bytes) -> None:
    got = table(tmp_path, data)
    assert got.to_pylist() == [{"id": "1", "title": "a, b"}]


def test_a_late_float_does_not_break_a_column_of_integers(tmp_path: Path) -> None:
    rows = "".join(f"{i},{i}\n" for i in range(500)) + "x,1.5\n"
    assert table(tmp_path, "id,price\n" + rows).column("price").to_pylist()[-1] == 1.5


def test_messages(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="line 2 is not UTF-8"):
        table(tmp_path, b"id,title\n1,caf\xe9\n")
    with pytest.raises(InputError, match=r"line 3 has 4 fields \('1,a,b,c'\) and the header 2 \('id,title'\)"):
        table(tmp_path, "id,title\n0,x\n1,a,b,c\n")
    with pytest.raises(InputError, match="line 2 is not JSON: at character 8"):
        table(tmp_path, '{"id": 1}\n{"id": \n', "t.ndjson")


def ids(tmp_path: Path, data: str, **options):
    (tmp_path / "t.csv").write_text(data)
    return with_item_ids(open_table(tmp_path / "t.csv"), **options).read_all().column("item_id").to_pylist()


@pytest.mark.parametrize("name", ["item_id", "item", "ID", "asin", "movieId", "product_id", "item_id:token"])
def test_the_well_known_names_of_ids(tmp_path: Path, name: str) -> None:
    assert ids(tmp_path, f"{name},x\n01,2\n") == ["01"]


def test_id_columns_by_name_and_their_errors(tmp_path: Path) -> None:
    assert ids(tmp_path, "ean,x\n12,2\n", column="ean") == ["12"]
    with pytest.raises(InputError, match=r"no id column \(its columns are: ean, x\)"):
        ids(tmp_path, "ean,x\n12,2\n")
    with pytest.raises(UsageError, match="no column 'sku'"):
        ids(tmp_path, "ean,x\n12,2\n", column="sku")
    with pytest.raises(InputError, match=r"not unique: 'a', 'b' appear more than once"):
        ids(tmp_path, "id,x\na,1\nb,2\na,3\nb,4\n")
    with pytest.raises(InputError, match="empty in 1 row, first in row 2"):
        ids(tmp_path, "id,x\na,1\n,2\n")


@pytest.mark.parametrize(
    "content",
    [
        "user_id,\0,weight\nu,i,2\n".encode("utf-16"),
        b'{"a\\u0000":1}\n',
        b'{"a":{"b\\u0000":1}}\n',
        b'{"a":[{"\\u0000":1}]}\n',
    ],
)
def test_a_zero_character_in_a_name_is_refused(tmp_path: Path, content: bytes) -> None:
    """polars panics of such a name."""
    with pytest.raises(InputError):
        table(tmp_path, content)
