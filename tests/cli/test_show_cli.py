"""``visrec show``, ``demo`` and ``doctor`` as processes: what goes where, exit codes, terminals and pipes."""

import json
import os
import pty
import re
import subprocess
import sys

import pyarrow as pa
import pytest
from PIL import Image

from visrec_cli.tables.output import write_table


@pytest.fixture
def items(tmp_path):
    """A table of two items with a picture, and a name that rich would stumble on."""
    Image.new("RGB", (40, 40), (200, 30, 40)).save(tmp_path / "a.png")
    table = pa.table({"item_id": ["a[/b].jpg", "b"], "image_path": ["a.png", "a.png"], "price": [1.5, 20.0]})
    write_table(table, tmp_path / "items.arrow")
    return tmp_path / "items.arrow"


def test_words_go_to_stdout_from_a_file_and_from_a_pipe(visrec, items):
    from_file = visrec("show", items)
    assert from_file.returncode == 0
    assert b"a[/b].jpg" in from_file.stdout
    assert b"2 rows" in from_file.stdout
    from_pipe = visrec("show", stdin=items.read_bytes())
    assert from_pipe.stdout == from_file.stdout.replace(os.fsencode(items), b"stdin")
    assert b"\x1b" not in from_file.stdout


def test_json_is_for_scripts(visrec, items):
    found = json.loads(visrec("show", items, "--json", "--rows", "1").stdout)
    assert found["rows"] == 2
    assert [column["name"] for column in found["columns"]] == ["item_id", "image_path", "price"]
    assert len(found["first"]) == 1


def test_conversion(visrec, items, tmp_path):
    csv = visrec("show", items, "--columns", "item_id,price", "--head", "1", "--format", "csv")
    assert csv.stdout.decode().splitlines()[1] == "a[/b].jpg,1.5"
    assert visrec("show", items, "-o", tmp_path / "x.parquet").returncode == 0
    assert visrec("show", tmp_path / "x.parquet", "--format", "ndjson").stdout.count(b"\n") == 2


def test_a_gallery_is_one_file_and_says_so(visrec, items, tmp_path):
    done = visrec("show", items, "--html", tmp_path / "out.html", "--title", "My <shop>")
    assert done.returncode == 0
    assert done.stdout == b""
    assert b"2 items" in done.stderr
    page = (tmp_path / "out.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "<h1>My &lt;shop&gt;</h1>" in page
    assert visrec("show", items, "--html", "-", "--title", "My <shop>").stdout.decode() == page


def test_what_is_wrong_has_a_code_and_no_half_page(visrec, items, tmp_path):
    assert visrec("show", tmp_path / "nothing.arrow").returncode == 66
    assert visrec("show", items, "--columns", "prize").returncode == 2
    assert visrec("show", items, "--html", "x.html", "-o", "x.csv").returncode == 2
    assert visrec("show", items, items, "-o", "x.csv").returncode == 2
    cut = items.read_bytes()[:-40]
    (tmp_path / "cut.arrow").write_bytes(cut)
    assert visrec("show", tmp_path / "cut.arrow", "--html", "x.html").returncode == 65
    assert not (tmp_path / "x.html").exists()
    assert visrec("show", items, "--html", "no/such/folder/x.html").returncode == 73


def at_a_terminal(arguments, tmp_path, **env):
    """Run visrec with stdout at a pseudo-terminal; what it printed there."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "visrec_cli", *map(str, arguments)],
        stdout=theirs, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, cwd=tmp_path,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", **env},
    )  # fmt: skip
    os.close(theirs)
    printed = b""
    while True:
        try:
            more = os.read(ours, 65536)
        except OSError:  # Linux: the other side is closed
            break
        if not more:
            break
        printed += more
    os.close(ours)
    assert process.wait() == 0
    return printed.decode()


def test_pictures_appear_only_where_a_terminal_shows_them(items, tmp_path, visrec):
    assert "▀" in at_a_terminal(["show", items], tmp_path, COLORTERM="truecolor")
    assert "▀" not in at_a_terminal(["show", items], tmp_path, COLORTERM="")
    assert "▀" not in at_a_terminal(["show", items, "--no-pictures"], tmp_path, COLORTERM="truecolor")
    piped = visrec("show", items, "--pictures", env={"COLORTERM": "truecolor"})
    assert "▀" not in piped.stdout.decode()
    assert b"needs a terminal" in piped.stderr


def test_the_demo_refuses_foreign_folders(visrec, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    assert visrec("demo", "mine", "--draw-only").returncode == 73


def test_the_demo_ends_in_a_gallery(visrec, tmp_path):
    """The README's first command, for real: every stage as a process of its own, joined by pipes."""
    done = visrec("demo")
    words = done.stderr.decode()
    assert done.returncode == 0, words
    assert done.stdout == b""
    assert words.count("\n$ visrec ") == 6
    assert "241 pictures" in words  # one is cut, one item has none
    assert "1 exact duplicate" in words
    assert "1 near duplicate" in words
    assert "1 picture without item" in words
    page = (tmp_path / "visrec-demo" / "gallery.html").read_text()
    assert (page.count('class="shelf"'), page.count('class="card"')) == (6, 60)
    first = page.split('class="shelf"')[6]  # the sentence
    assert re.search(r'class="title">(Red .*dress)<', first)
    page = (tmp_path / "visrec-demo" / "users.html").read_text()
    assert (page.count('class="shelf"'), page.count('class="card"')) == (6, 48)
    assert page.count("Liked before") == 6
    assert "because of" in page


def test_the_doctor_reports_and_exits_with_0(visrec):
    findings = [json.loads(line) for line in visrec("doctor", "--json").stdout.splitlines()]
    assert {finding["part"] for finding in findings} == {"versions", "weights", "device", "cache", "extras", "terminal"}
    words = visrec("doctor")
    assert words.returncode == 0
    assert b"torch" in words.stdout


def test_a_table_away_from_its_pictures_says_where_they_are_looked_for(shop, visrec, shell) -> None:
    assert visrec("preprocess", "imgs", "-o", "made.arrow").returncode == 0
    done = shell("mkdir away && mv made.arrow away && cd away && visrec show made.arrow --html page.html")
    assert done.returncode == 0, done.stderr.decode()
    assert b"run it in the folder that the paths count from" in done.stderr
    assert b"count from" not in visrec("show", "away/made.arrow", "--html", "page.html").stderr, "here they are found"


def test_text_that_a_spreadsheet_would_run(tmp_path, visrec) -> None:
    (tmp_path / "t.ndjson").write_text(
        '{"item_id": "=1+1", "title": "@SUM(A1)", "price": -1.5, "-x": "+a", "note": "a=b"}\n'
        '{"item_id": "b", "title": null, "price": 2, "-x": "\\tc", "note": ""}\n'
    )
    done = visrec("show", "t.ndjson", "--format", "csv", "--escape-formulas")
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().splitlines() == [
        "item_id,title,price,'-x,note",
        "'=1+1,'@SUM(A1),-1.5,'+a,a=b",
        'b,,2.0,\'\tc,""',
    ]
    assert visrec("show", "t.ndjson", "-o", "t.TSV", "--escape-formulas").returncode == 0
    plain = visrec("show", "t.ndjson", "--format", "csv")
    assert b"\n=1+1,@SUM(A1),-1.5,+a," in plain.stdout
    for other in (["--format", "ndjson"], ["-o", "t.arrow"], []):
        assert visrec("show", "t.ndjson", *other, "--escape-formulas").returncode == 2


def test_pictures_that_a_folder_holds_in_vain_are_counted(visrec, tmp_path):
    (tmp_path / "imgs").mkdir()
    Image.new("RGB", (4, 4)).save(tmp_path / "imgs" / "a.png")
    for ending in ("jxl", "psd", "tga", "svg", "exr"):
        (tmp_path / "imgs" / f"b.{ending}").write_bytes(b"x")
    for options in ([], ["--json"], ["--format", "csv"]):
        done = visrec("show", str(tmp_path / "imgs"), *options)
        said = done.stderr.decode() if isinstance(done.stderr, bytes) else done.stderr
        assert done.returncode == 0
        assert "OpenEXR picture: the format is not supported" in said
        assert "… and 2 more" in said
    done = visrec("show", str(tmp_path / "imgs"), "--quiet")
    assert not done.stderr
