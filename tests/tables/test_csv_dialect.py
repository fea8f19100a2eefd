"""What stands above a header, how lines end, and what divides fields: each text here holds the same two rows."""

from pathlib import Path

import pytest

from visrec_cli.errors import InputError
from visrec_cli.runtime.report import Report
from visrec_cli.tables.readers import open_table

ROWS = [{"item_id": "007", "title": "a; b"}, {"item_id": "7", "title": "c"}]


def read(tmp_path: Path, text: str | bytes, report: Report | None = None, **options):
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return open_table(path, report=report, **options).read_all()


@pytest.mark.parametrize(
    "text",
    [
        'sep=;\nitem_id;title\n007;"a; b"\n7;c\n',
        '"sep=;"\r\nitem_id;title\r\n007;"a; b"\r\n7;c\r\n',
        "sep=|\nitem_id|title\n007|a; b\n7|c\n",
        "# made on Monday, by hand\nitem_id,title\n007,a; b\n7,c\n",
        "# made on Monday\n#\n# of, two, parts\n\nitem_id\ttitle\n007\ta; b\n7\tc\n",
        "#item_id\ttitle\n007\ta; b\n7\tc\n",
        "# made on Monday\n# item_id,title\n007,a; b\n7,c\n",
        "item_id,title\r007,a; b\r7,c\r",
        "\n\nitem_id,title\n007,a; b\n7,c\n\n\n",
        "\ufeffitem_id::title\n007::a; b\n7::c\n",
        "item_id;title\n007;\"a; b\"\n7;c",
        b"\xff\xfe" + "item_id\ttitle\n007\ta; b\n7\tc\n".encode("utf-16-le"),
        b"\xff\xfe\0\0" + "item_id\ttitle\n007\ta; b\n7\tc\n".encode("utf-32-le"),
    ],
)  # fmt: skip
def test_each_way_to_write_two_rows(tmp_path: Path, text: str | bytes) -> None:
    report = Report()
    assert read(tmp_path, text, report).to_pylist() == ROWS
    assert report.warnings == []


def test_delimiters_within_a_quoted_name_do_not_count(tmp_path: Path) -> None:
    got = read(tmp_path, 'item_id;"title, with, many, commas"\n1;x\n')
    assert got.column_names == ["item_id", "title, with, many, commas"]
    got = read(tmp_path, 'item_id;"a name\nover, two, lines"\n1;x\n')
    assert got.column_names == ["item_id", "a name\nover, two, lines"]


def test_rows_of_another_width_are_named_by_their_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"line 4 has 3 fields \('2,b,c'\) and the header 2"):
        read(tmp_path, "# made on Monday\nitem_id,title\n1,a\n2,b,c\n")
    with pytest.raises(InputError, match="line 2 has 2 fields") as refused:
        read(tmp_path, "Sales of 2024\nitem_id,title\n1,a\n")
    assert "if the header is another line" in str(refused.value.fix)
    report = Report()
    assert read(tmp_path, "item_id,title\n1\n2,b\n3\n", report).num_rows == 3
    assert [w.split(": ", 1)[1] for w in report.warnings] == [
        "2 rows with fewer fields than the header, first line 2: the rest is empty"
    ]
    report = Report()
    read(tmp_path, 'item_id,title\n"1",\n2,b\n', report)
    assert report.warnings == []  # an empty last field is there


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    report = Report()
    got = read(tmp_path, "item_id,title,title,title_duplicated_0\n1,a,b,c\n", report)
    assert got.column_names == ["item_id", "title", "title_duplicated_1", "title_duplicated_0"]
    assert got.to_pylist()[0]["title"] == "a"
    said = "the first is taken; another is called 'title_duplicated_1' here"
    assert said in report.warnings[0]
    report = Report()
    read(tmp_path, "item_id,t,t,t,t,t,n\n1,a,b,c,d,e,f\n", report)
    said = "the others are called 't_duplicated_0', 't_duplicated_1', 't_duplicated_2' … here"
    assert said in report.warnings[0]


@pytest.mark.parametrize(
    ("data", "says", "fix"),
    [
        (b"\x1f\x8b\x08\0\0\0\0\0", "the compressed file was cut", "again"),
        (b"\x28\xb5\x2f\xfd\0\0", "the compressed file was cut", "again"),
        (b"BZh91AY&SY\0\0", "the compressed file was cut", "again"),
        (b"\xfd7zXZ\0\0", "the compressed file was cut", "again"),
        (b"PK\x03\x04\0\0\0\0a.csv", "cannot be read as an archive .zip.", "again"),
        (b"\xff\xfea\0b", "begins as UTF-16 text and is none", "UTF-8"),
        (b" \n \n", "holds no rows", "header line"),
        (b"# only a remark\n", "holds no rows", "header line"),
        (b"\0\0\0\0", "not a table that visrec knows", "Parquet"),
        (b"\n<!DOCTYPE html>\n<html><p>404</p></html>\n", "is a web page", "download it again"),
        (b"<?xml version='1.0'?>\n<a/>\n", "is XML", "CSV"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 9\n",
            "pointer of Git LFS",
            "git lfs pull",
        ),
        (b"%PDF-1.7\n1 0 obj\n", "is a PDF", "CSV"),
        (b"item_id,title\r\na,b\r\nc,d\re,f\r\n", "line 3 holds a carriage return", "tr '\\r' '\\n'"),
    ],
)
def test_what_is_no_text_is_refused_with_what_to_do(tmp_path: Path, data: bytes, says: str, fix: str) -> None:
    with pytest.raises(InputError, match=says) as refused:
        read(tmp_path, data)
    assert fix in str(refused.value.fix)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("14933243513335727983", "uint64", 14933243513335727983),
        ("98765432109876543210", "string", "98765432109876543210"),
        ("-9223372036854775809", "string", "-9223372036854775809"),
        ("00098765432109876543210", "string", "00098765432109876543210"),
        ("9" * 60, "string", "9" * 60),
        ("9223372036854775807", "int64", 9223372036854775807),
    ],
)
def test_whole_numbers_of_any_length_are_exact(tmp_path: Path, text: str, kind: str, value: object) -> None:
    got = read(tmp_path, f"item_id,hash,price\n1,3,1.5\n2,{text},2\n")
    assert str(got.schema.field("hash").type) == kind
    assert got["hash"][1].as_py() == value
    assert got["price"].to_pylist() == [1.5, 2.0]
