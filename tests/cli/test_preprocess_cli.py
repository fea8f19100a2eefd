import csv
import io
import os
import sys

import pyarrow as pa
import pytest


def read(result):
    assert result.returncode == 0, result.stderr.decode()
    return pa.ipc.open_stream(result.stdout).read_all()


def rows_of(path):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))


def test_folder_and_items_to_a_file_with_a_summary(visrec, shop):
    result = visrec("preprocess", "./imgs", "--items", "items.csv", "-o", "items.arrow")
    assert result.returncode == 0, result.stderr.decode()
    assert result.stdout == b""
    assert "16 items · 16 pictures" in result.stderr.decode()
    table = pa.ipc.open_file(shop / "items.arrow").read_all()
    assert table["image_path"][0].as_py() == "./imgs/square-red-0.png"
    assert table["title"][0].as_py() == "red square"
    assert table["price"].to_pylist() == list(range(10, 26))


def test_two_runs_give_the_same_bytes(visrec, shop):
    one, two = (visrec("preprocess", "imgs", "--store", "jpeg", "--threads", n).stdout for n in (1, 2))
    assert one == two
    assert len(one) > 5000


@pytest.mark.skipif(sys.platform == "win32", reason="needs find and bash")
def test_lists_of_paths_on_stdin(shell, visrec, shop):
    by_folder = read(visrec("preprocess", "imgs", "--id-from", "name"))
    odd = shop / "imgs" / "line\nbreak [x].png"
    os.link(shop / "imgs" / "disc-red-0.png", odd)
    nul = read(shell("find imgs -print0 | visrec preprocess -0 - --id-from name"))
    assert "line\nbreak [x]" in nul["item_id"].to_pylist()
    odd.unlink()
    lines = read(shell("find ./imgs -name '*.png' | visrec preprocess - --id-from name"))
    assert lines["item_id"].equals(by_folder["item_id"])
    full = read(shell("find ./imgs -name '*.png' | visrec preprocess"))
    assert full["item_id"][0].as_py() == "imgs/disc-blue-0"


def test_a_listed_path_that_is_not_there_is_rejected(visrec, shop):
    result = visrec("preprocess", "-", "--rejects", "no.csv", stdin=b"imgs/disc-red-0.png\r\nimgs/none.png\n\nimgs\n")
    assert read(result).num_rows == 1
    rows = rows_of(shop / "no.csv")
    assert [(row["stage"], row["path"]) for row in rows] == [("scan", "imgs/none.png")]


@pytest.mark.parametrize("kind", ["csv", "arrow"])
def test_tables_on_stdin_are_recognised(visrec, shop, kind):
    lines = ["id,image", *(f"{path.stem},imgs/{path.name}" for path in sorted((shop / "imgs").iterdir()))]
    data = "\n".join(lines).encode() + b"\n"
    if kind == "arrow":
        rows = list(csv.DictReader(io.StringIO(data.decode())))
        sink = io.BytesIO()
        table = pa.Table.from_pylist(rows)
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        data = sink.getvalue()
    assert read(visrec("preprocess", "-", stdin=data)).num_rows == 16


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nowhere"], 66, "nowhere"),
        (["empty"], 65, "found nothing"),
        (["imgs", "--items", "none.csv"], 66, "none.csv"),
        (["imgs", "--resize", "64"], 2, "--store"),
        (["imgs", "--min-resolution", "huge"], 2, "1080p"),
        (["imgs", "--id-from", "hash"], 2, "stem, path, name, full"),
        (["broken.zip"], 65, "cannot be read as an archive"),
    ],
)
def test_refusals(visrec, shop, arguments, code, words):
    (shop / "empty").mkdir()
    (shop / "broken.zip").write_bytes(b"PK junk")
    result = visrec("preprocess", *arguments, "-o", "out.arrow")
    assert (result.returncode, words in result.stderr.decode()) == (code, True), result.stderr.decode()
    assert not (shop / "out.arrow").exists()


def test_empty_stdin_is_refused(visrec):
    assert visrec("preprocess", "-").returncode == 65


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX names and FIFOs")
def test_a_hostile_folder_neither_hangs_nor_crashes(visrec, shop):
    folder = shop / "imgs"
    os.mkfifo(folder / "pipe.jpg")
    (folder / "loop").symlink_to(folder)
    (folder / "lost.png").symlink_to("nowhere.png")
    (folder / "\x1b[31mred\u202e.jpg").write_bytes(b"<html>")
    (folder / os.fsdecode(b"latin\xe9.png")).write_bytes(b"x")
    (folder / "deep.png").mkdir()
    result = visrec("preprocess", "imgs", "--rejects", "no.csv", "-o", "out.arrow")
    assert result.returncode == 0, result.stderr.decode()
    assert "\x1b" not in result.stderr.decode()
    rows = rows_of(shop / "no.csv")
    assert sorted(row["reason"] for row in rows) == [
        "broken link", "its name is not UTF-8", "not a picture: a web page", "not a plain file",
    ]  # fmt: skip
    assert r"imgs/latin\xe9.png" in {row["path"] for row in rows}
    assert visrec("preprocess", "imgs", "--strict", "-o", "out.arrow").returncode == 1


def test_pictures_in_other_formats_are_told_and_alone_they_are_refused(visrec, shop):
    (shop / "others").mkdir()
    for number in range(20):
        (shop / "imgs" / f"x{number}.jxl").write_bytes(b"\xff\x0a" + bytes(60))
        (shop / "others" / f"x{number}.jxl").write_bytes(b"\xff\x0a" + bytes(60))
    result = visrec("preprocess", "imgs", "-o", "out.arrow")
    assert result.returncode == 0, result.stderr.decode()
    assert "JPEG XL picture: the format is not supported" in result.stderr.decode()
    assert "20 rejects" in result.stderr.decode()
    refused = visrec("preprocess", "others", "--rejects", "no.csv", "-o", "none.arrow")
    assert refused.returncode == 65
    assert "20 that cannot be used" in refused.stderr.decode()
    assert len(rows_of(shop / "no.csv")) == 20
    assert not (shop / "none.arrow").exists()
    embedded = visrec("embed-images", "imgs", "-e", "colour", "-o", "out.arrow")
    assert "20 rejects" in embedded.stderr.decode()


def test_help_names_every_option_of_the_stage(visrec):
    import inspect

    from visrec_cli.stages.preprocess import preprocess

    text = visrec("preprocess", "--help").stdout.decode()
    names = set(inspect.signature(preprocess).parameters) - {"sources", "options", "report", "nul_separated"}
    assert {name for name in names if f"--{name.replace('_', '-')}" not in text} == set()
