"""``visrec recommend`` as a process: pipes, formats, exit codes, words on stderr."""

import csv
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import Run
from tests.tables.tables import embedded, stream_bytes


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "catalogue.arrow"
    path.write_bytes(stream_bytes(embedded(30, nulls=(7,)), "arrow"))
    return path


def test_ndjson_csv_and_arrow_say_the_same(visrec: Run, table: Path) -> None:
    lines = visrec("recommend", table, "--item", "3", "-k", "4", "--format", "ndjson").stdout.decode().splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["rank"] for row in rows] == [1, 2, 3, 4]
    assert all(row["query_id"] == "3" and row["title"] == f"item {row['item_id']}" for row in rows)
    text = visrec("recommend", table, "--item", "3", "-k", "4", "--format", "csv").stdout.decode()
    assert [row["item_id"] for row in csv.DictReader(io.StringIO(text))] == [row["item_id"] for row in rows]
    stream = visrec("recommend", table, "--item", "3", "-k", "4").stdout
    assert pa.ipc.open_stream(stream).read_all()["item_id"].to_pylist() == [row["item_id"] for row in rows]


def test_from_stdin_and_from_a_file_are_the_same_bytes(visrec: Run, table: Path) -> None:
    piped = visrec("recommend", "-", "--all", "-k", "3", stdin=stream_bytes(embedded(30, nulls=(7,))))
    named = visrec("recommend", table, "--all", "-k", "3")
    assert piped.returncode == named.returncode == 0
    assert piped.stdout == named.stdout
    assert pa.ipc.open_stream(piped.stdout).read_all().num_rows == 29 * 3


def test_a_file_and_the_summary(visrec: Run, table: Path, tmp_path: Path) -> None:
    done = visrec("recommend", table, "--all", "-k", "2", "-o", "similar.parquet")
    assert done.stdout == b""
    assert pq.read_table(tmp_path / "similar.parquet").num_rows == 58
    words = done.stderr.decode()
    assert "58 recommendations" in words
    assert "29 queries" in words
    assert "1 item without a vector" in words


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "no query was given"),
        (["--item", "99"], 2, "did you mean 9"),
        (["--item", "7"], 65, "item '7' has no vector"),
        (["--item", "3", "--where", "price < 3"], 2, "title (string)"),
        (["--item", "3", "--where", "title = 'nothing'"], 65, "passes --where"),
        (["--text", "red dress"], 2, "embed-text"),
        (["--image", "nope.jpg"], 66, "nope.jpg"),
        (["--all", "--item", "3"], 2, "--all cannot be used with --item"),
        (["--item", "3", "-k", "0"], 2, "-k"),
        (["--item", "3", "--diversity", "2"], 2, "--diversity"),
        (["--item", "3", "--index", "anoy"], 2, "annoy"),
        (["--item", "3", "--column", "title"], 65, "title"),
    ],
)
def test_exit_codes(visrec: Run, table: Path, arguments: list[str], code: int, said: str) -> None:
    done = visrec("recommend", table, *arguments)
    assert done.returncode == code, done.stderr
    assert said in done.stderr.decode()
    assert done.stdout == b""
    assert "Traceback" not in done.stderr.decode()


def test_a_folder_says_what_to_type(visrec: Run, shop: Path) -> None:
    done = visrec("recommend", "imgs", "--item", "disc-red-0")
    assert done.returncode == 65
    assert "visrec embed-images imgs | visrec recommend - --item ID" in done.stderr.decode()


def test_a_missing_extra_is_69_with_the_line_that_mends_it(visrec: Run, table: Path, tmp_path: Path) -> None:
    (tmp_path / "hide").mkdir()
    (tmp_path / "hide" / "annoy.py").write_text("raise ImportError('not here')")
    done = visrec("recommend", table, "--item", "3", "--index", "annoy", env={"PYTHONPATH": str(tmp_path / "hide")})
    assert done.returncode == 69
    assert "pip install 'visrec-cli[annoy]'" in done.stderr.decode()


def test_head_ends_quietly(shell, shop: Path, table: Path) -> None:
    done = shell("visrec recommend catalogue.arrow --all --format ndjson --quiet | head -1")
    assert done.stdout.count(b"\n") == 1
    assert done.stderr == b""


def test_real_pictures_through_the_default_encoder(shell, shop: Path) -> None:
    """A picture of the catalogue, encoded again as a query, is its item; its neighbours are that item's."""
    done = shell(
        "visrec embed-images imgs -q -o imgs.arrow && visrec recommend imgs.arrow "
        "--image imgs/disc-red-0.png --item disc-red-0 -k 15 --keep-duplicates --format ndjson"
    )
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    by_item = [row for row in rows if row["query_kind"] == "item"]
    by_image = [row for row in rows if row["query_kind"] == "image"]
    assert by_image[0]["item_id"] == "disc-red-0"
    assert by_image[0]["score"] == pytest.approx(1, abs=1e-4)
    assert len(by_item) == 15
    nearest = {row["item_id"]: row["score"] for row in by_item}
    assert all(row["score"] == pytest.approx(nearest[row["item_id"]], abs=1e-3) for row in by_image[1:])
