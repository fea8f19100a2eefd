"""A log that counts its events, 0, 1, 2 …, in place of times: taken where order is enough, refused elsewhere."""

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from visrec_cli.app import run
from visrec_cli.logs.reader import Use, read_log
from visrec_cli.recommenders.serialization import from_table
from visrec_cli.runtime.report import Report
from visrec_cli.tables.readers import open_table

USERS, LENGTH = 12, 8
DAY = 86_400_000
FORMATS = [".csv", ".tsv", ".ndjson", ".parquet", ".arrow", ".arrows"]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``dated.csv``, ``counted.csv`` (the same, counted through) and ``anew.csv`` (counted anew for each user)."""
    monkeypatch.chdir(tmp_path)
    events = [(f"u{n % USERS}", f"i{(n * 7 + n // 5) % 15}") for n in range(USERS * LENGTH)]
    for name, when in {
        "dated": lambda n: 1_600_000_000_000 + n * DAY,
        "counted": lambda n: n,
        "anew": lambda n: n // USERS,
    }.items():
        rows = [f"{user},{item},{when(n)}" for n, (user, item) in enumerate(events)]
        rows = rows[::2] + rows[1::2]  # the order of the rows says nothing
        Path(f"{name}.csv").write_text("\n".join(["user_id,item_id,timestamp", *rows]) + "\n")
    items = [{"item_id": f"i{n}", "embedding": [n + 0.5, 1.5, n % 3]} for n in range(15)]
    Path("items.ndjson").write_text("".join(json.dumps(item) + "\n" for item in items))
    return tmp_path


def parts_of(path: str) -> dict[tuple[str, str], str]:
    table = open_table(path).read_all()
    return {
        (u, i): part
        for u, i, part in zip(*(table[c].to_pylist() for c in ("user_id", "item_id", "split")), strict=True)
    }


def positions_of(path: str) -> dict[tuple[str, str], int]:
    table, _ = read_log(path, None, Use(), Report())
    times = table["timestamp"].cast(pa.int64()).to_pylist()
    return dict(zip(zip(table["user_id"].to_pylist(), table["item_id"].to_pylist(), strict=True), times, strict=True))


@pytest.mark.parametrize("ending", FORMATS)
def test_positions_come_back_from_every_format(desk: Path, ending: str) -> None:
    with Path("counted.csv").open() as lines:
        expected: dict[tuple[str, str], int] = {}
        for row in csv.DictReader(lines):
            pair = (row["user_id"], row["item_id"])
            expected[pair] = max(expected.get(pair, 0), int(row["timestamp"]))  # repeats are merged, to the latest
    assert run(["interactions", "counted.csv", "-o", f"a{ending}", "-q"]) == 0
    assert run(["split", f"a{ending}", "--by", "last", "-o", f"b{ending}", "-q"]) == 0
    assert run(["interactions", f"b{ending}", "-o", f"c{ending}", "-q"]) == 0
    assert positions_of(f"a{ending}") == positions_of(f"b{ending}") == positions_of(f"c{ending}") == expected
    for user in {user for user, _ in expected}:
        (last,) = [pair for pair, part in parts_of(f"b{ending}").items() if pair[0] == user and part == "test"]
        assert expected[last] == max(when for pair, when in expected.items() if pair[0] == user)


@pytest.mark.parametrize("way", ["--by last", "--by last --validation 1", "--by time", "--by global-time"])
def test_positions_split_as_dates_do(desk: Path, way: str) -> None:
    assert run(["split", "dated.csv", *way.split(), "-o", "dated.arrow", "-q"]) == 0
    for log in ("counted", "anew"):
        if (log, way) != ("anew", "--by global-time"):
            assert run(["split", f"{log}.csv", *way.split(), "-o", f"{log}.arrow", "-q"]) == 0
            assert parts_of(f"{log}.arrow") == parts_of("dated.arrow")


def test_a_position_cuts_as_its_date(desk: Path) -> None:
    assert run(["split", "counted.csv", "--by", "global-time", "--cut", "60,80", "-o", "a.arrow", "-q"]) == 0
    dates = ",".join(str(1_600_000_000_000 + n * DAY) for n in (60, 80))
    assert run(["split", "dated.csv", "--by", "global-time", "--cut", dates, "-o", "b.arrow", "-q"]) == 0
    assert parts_of("a.arrow") == parts_of("b.arrow")
    assert set(parts_of("a.arrow").values()) == {"train", "validation", "test"}


@pytest.mark.parametrize("model", ["gru", "sasrec"])
def test_models_of_the_order_learn_the_same_from_positions(desk: Path, model: str) -> None:
    found = []
    for log in ("dated", "counted", "anew"):
        line = [
            "train-cf",
            f"{log}.csv",
            "--model",
            model,
            "-s",
            "epochs=2",
            "--validation",
            "0",
            "-o",
            f"{log}.arrow",
            "-q",
        ]
        assert run(line) == 0
        assert run(["recommend", f"{log}.arrow", "--all-users", "-k", "3", "-o", f"{log}.ndjson", "-q"]) == 0
        rows = [json.loads(line) for line in Path(f"{log}.ndjson").read_text().splitlines()]
        found.append([(row["user_id"], row["item_id"], row["score"]) for row in rows])
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 3 * USERS


@pytest.mark.parametrize("form", ["stream", "csv", "ndjson", "parquet"])
def test_positions_go_through_pipes(desk: Path, shell: Any, form: str) -> None:
    done = shell(
        f"visrec interactions counted.csv --format {form} | visrec split - --by last --format {form} "
        f"| visrec train-cf - --model gru -s epochs=1 | visrec recommend - --all-users -k 1 --format csv"
    )
    assert done.returncode == 0, done.stderr.decode()
    assert len(done.stdout.splitlines()) == 1 + USERS
    assert b"the times are whole numbers from" in done.stderr


@pytest.mark.parametrize("history", ["counted", "anew", "dated"])
@pytest.mark.parametrize("log", ["counted", "dated"])
def test_new_clicks_come_after_those_that_the_model_knows(desk: Path, log: str, history: str) -> None:
    """Whatever the numbers are: a model that counts and a history that dates, and the other way round."""
    assert run(["train-cf", f"{log}.csv", "--model", "gru", "-s", "epochs=1", "-o", "m.arrow", "-q"]) == 0
    known, _, _ = from_table(open_table("m.arrow").read_all(), "m.arrow")
    had = set(known.items.ids) - {
        known.items.ids[at] for at in known.users.history[known.users.ids.index("u0")].indices
    }
    first, second = sorted(had)[:2]
    steps = {"counted": (3, 1), "anew": (1, 0), "dated": ("2021-02-01", "2021-01-01")}[history]
    rows = [f"u0,{item},{when}" for item, when in zip((first, second), steps, strict=True)]
    Path("new.csv").write_text("\n".join(["user_id,item_id,timestamp", *rows]) + "\n")
    line = [
        "recommend",
        "m.arrow",
        "--user",
        "u0",
        "--history",
        "new.csv",
        "--show-history",
        "2",
        "-o",
        "r.ndjson",
        "-q",
    ]
    assert run(line) == 0
    row = json.loads(Path("r.ndjson").read_text().splitlines()[0])
    assert [step["item_id"] for step in row["history"]] == [first, second]  # the newest first


def test_sessions_go_by_positions(desk: Path) -> None:
    assert run(["train-cf", "dated.csv", "--model", "gru", "-s", "epochs=1", "-o", "m.arrow", "-q"]) == 0
    Path("log.csv").write_text("user_id,item_id,time\ns,i3,1\ns,i4,0\n")
    Path("lines.txt").write_text("i4,i3\n")
    for name in ("log.csv", "lines.txt"):
        assert run(["recommend", "m.arrow", "--sessions", name, "-k", "3", "-o", f"{name}.ndjson", "-q"]) == 0
    read, typed = (
        [json.loads(line)["item_id"] for line in Path(f"{name}.ndjson").read_text().splitlines()]
        for name in ("log.csv", "lines.txt")
    )
    assert read == typed


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        (
            "interactions counted.csv --half-life 7",
            2,
            "--half-life counts days, and the times of this log are positions",
        ),
        ("train-cf counted.csv -m als --half-life 7", 2, "--half-life counts days"),
        ("train-cf counted.csv -m popularity -s half_life=7", 2, "popularity with a half_life needs the time of every"),
        (
            "train-cf counted.csv -m content-knn --items items.ndjson -s half_life=7",
            2,
            "this log has positions: an order",
        ),
        (
            "split counted.csv --by global-time --cut 2020-09-15",
            2,
            "--cut 2020-09-15 is a date, and the log has positions",
        ),
        ("split counted.csv --by global-time --cut 40,2020-09-15", 2, "--cut 2020-09-15 is a date"),
        ("split dated.csv --by global-time --cut 40", 2, "--cut 40 is a position, and the log has times"),
        ("split counted.csv --by global-time --cut 400", 65, "the log goes from position 0 to 95"),
        ("split anew.csv --by global-time", 65, "--by global-time needs one order of all events"),
    ],
)
def test_what_needs_dates_is_refused(
    desk: Path, capsys: pytest.CaptureFixture[str], line: str, code: int, words: str
) -> None:
    assert run([*line.split(), "-o", "x.arrow"]) == code
    said = capsys.readouterr().err
    assert words in said
    assert "fix: " in said
    assert not Path("x.arrow").exists()


def test_no_page_and_no_note_makes_dates_of_positions(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train-cf", "counted.csv", "--model", "item-knn", "-o", "m.arrow"]) == 0
    assert run(["recommend", "m.arrow", "--all-users", "--show-history", "3", "-o", "r.arrow"]) == 0
    assert run(["show", "r.arrow", "--html", "r.html"]) == 0
    assert run(["profile", "m.arrow", "--user", "u1", "--html", "p.html", "-o", "p.ndjson"]) == 0
    assert run(["profile", "counted.csv", "--user", "u1", "--html", "q.html", "-o", "q.ndjson"]) == 0
    said = capsys.readouterr().err + "".join(
        Path(name).read_text() for name in ("r.html", "p.html", "q.html", "p.ndjson")
    )
    assert "1970" not in said
