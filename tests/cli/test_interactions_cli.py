"""``visrec interactions`` and ``visrec split`` as processes."""

import json
from pathlib import Path

import pyarrow.parquet as pq

from tests.conftest import Run

RATINGS = "userId,movieId,rating,timestamp\n" + "".join(
    f"{user},{item},{(user * item) % 5 + 1},{1_600_000_000 + 3600 * (user + 7 * item)}\n"
    for user in range(1, 13)
    for item in range(1, 11)
)


def test_ratings_become_likes_in_a_pipe(visrec: Run, shell, tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").write_text(RATINGS)
    done = shell("visrec interactions ratings.csv --min-weight 4 | visrec split - --test 0.3 --format ndjson")
    assert done.returncode == 0, done.stderr.decode()
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["split"] for row in rows} == {"train", "test"}
    assert {row["weight"] for row in rows} == {1.0}
    liked = [(str(u), str(i)) for u in range(1, 13) for i in range(1, 11) if (u * i) % 5 >= 3]
    assert [(row["user_id"], row["item_id"]) for row in rows] == liked
    assert b"80 interactions below 4 left out" in done.stderr
    assert b"in train" in done.stderr


def test_the_same_split_has_the_same_bytes_whatever_the_order(visrec: Run, tmp_path: Path) -> None:
    head, *lines = RATINGS.splitlines(keepends=True)
    (tmp_path / "a.csv").write_text(RATINGS)
    (tmp_path / "b.csv").write_text(head + "".join(reversed(lines)))
    for name in "ab":
        assert visrec("split", f"{name}.csv", "--seed", 3, "--format", "csv", "-o", f"{name}.out").returncode == 0
    a, b = ((tmp_path / f"{name}.out").read_text().splitlines() for name in "ab")
    assert a[1:] == b[:0:-1]
    assert visrec("split", "a.csv", "--seed", 3, "--format", "csv").stdout == (tmp_path / "a.out").read_bytes()


def test_files_and_a_table_at_once(visrec: Run, tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").write_text(RATINGS)
    done = visrec("split", "ratings.csv", "--by", "last", "--files", "parts", "-o", "log.parquet")
    assert done.returncode == 0, done.stderr.decode()
    assert pq.read_metadata(tmp_path / "log.parquet").num_rows == 120
    assert pq.read_metadata(tmp_path / "parts" / "test.parquet").num_rows == 12
    assert not list(tmp_path.rglob("*.part"))


def test_rejects_are_written_and_strict_says_no(visrec: Run, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("user,item,rating\n1,a,5\n1,b,NaN\n2,a,4\n2,c,3\n")
    done = visrec("interactions", "log.csv", "--rejects", "bad.csv", "--strict", "-o", "log.arrow")
    assert done.returncode == 1
    assert (tmp_path / "log.arrow").exists()
    assert "row 2: the weight is not a number" in (tmp_path / "bad.csv").read_text()


def test_a_refused_log_leaves_nothing_but_its_rejects(visrec: Run, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("user,item,rating\n1,a,-5\n")
    done = visrec("interactions", "log.csv", "--rejects", "bad.csv", "-o", "log.arrow")
    assert done.returncode == 65
    assert not (tmp_path / "log.arrow").exists()
    assert "negative" in (tmp_path / "bad.csv").read_text()


def test_event_weights_that_are_no_numbers(visrec: Run, tmp_path: Path) -> None:
    done = visrec("interactions", "log.csv", "--events", "view=much")
    assert done.returncode == 2
    assert b"--events 'view=much' is not NAME=NUMBER" in done.stderr
