"""``visrec recommend`` for users, as a process: formats, words on stderr, and the co-process."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.conftest import Run
from tests.limits import HANGS
from tests.stages.recommend.users.models import factor_model, knn_model, table_of
from visrec_cli.tables.output import write_table


@pytest.fixture
def models(tmp_path: Path) -> Path:
    write_table(table_of(factor_model()), tmp_path / "als.arrow")
    write_table(table_of(knn_model()), tmp_path / "knn.parquet")
    return tmp_path


def test_everyone_from_a_pipe_and_from_a_file_are_the_same_bytes(visrec: Run, models: Path) -> None:
    named = visrec("recommend", "als.arrow", "--all-users", "-k", "3")
    piped = visrec("recommend", "-", "--all-users", "-k", "3", stdin=(models / "als.arrow").read_bytes())
    assert named.returncode == piped.returncode == 0
    assert named.stdout == piped.stdout
    assert "180 recommendations · 60 users" in named.stderr.decode()


def test_all_that_can_be_asked_at_once(visrec: Run, models: Path) -> None:
    (models / "clicks.csv").write_text("user_id,item_id\nfresh,i13\nfresh,i14\n")
    (models / "deny.txt").write_text("i15\n")
    done = visrec(
        *("recommend", "als.arrow", "knn.parquet", "--blend", "als=2,item-knn=1", "--user", "fresh", "--user", "u9x"),
        *("--history", "clicks.csv", "--deny", "deny.txt", "--where", "price < 30", "--explain", "--show-history", "2"),
        *("-k", "3", "-o", "recs.parquet"),
    )
    assert done.returncode == 0, done.stderr
    rows = pq.read_table(models / "recs.parquet").to_pylist()
    assert [row["user_id"] for row in rows] == ["fresh"] * 3 + ["u9x"] * 3
    assert {row["because_item_id"] for row in rows[:3]} <= {"i13", "i14"}
    assert {step["item_id"] for step in rows[0]["history"]} == {"i13", "i14"}
    assert "i15" not in {row["item_id"] for row in rows}
    words = done.stderr.decode()
    assert "user 'u9x' is unknown: did you mean u9" in words
    assert "1 user nobody knows, shown recent popularity" in words


def test_strangers_as_rejects(visrec: Run, models: Path) -> None:
    done = visrec(
        "recommend", "als.arrow", "--user", "u3", "--user", "x", "--no-fallback", "--strict", "--rejects", "r.csv"
    )
    assert done.returncode == 1
    assert "user x" in (models / "r.csv").read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--user", "u3", "--item", "i3"], 2, "--item cannot be used with --user"),
        (["--user", "u3", "--trees", "3"], 2, "--trees needs --index annoy"),
        (["--item", "i3", "--explain"], 2, "--explain needs --user, --users, --all-users"),
        (["--user", "u3", "--repeat", "--include-seen"], 2, "--repeat cannot be used with --include-seen"),
        (["--user", "u3", "--blend", "als=1"], 2, "--blend needs several models"),
        (["--user", "u3", "--where", "prize < 3"], 2, "prize"),
        (["--users", "none.txt"], 66, "none.txt cannot be read"),
        (["--follow", "--user", "u3"], 2, "--user cannot be used with --follow"),
        (["--follow", "-o", "x.arrow"], 2, "--output cannot be used with --follow"),
        ([], 2, "--all-users or --follow"),
    ],
)
def test_mistakes(visrec: Run, models: Path, arguments: list[str], code: int, said: str) -> None:
    done = visrec("recommend", "als.arrow", *arguments)
    assert done.returncode == code
    assert said in done.stderr.decode()


class Coprocess:
    """A program that talks to ``visrec recommend als.arrow --follow`` by its pipes."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        command = [sys.executable, "-m", "visrec_cli", "recommend", "als.arrow", "--follow", *arguments]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=folder, env=dict(os.environ))

    def ask(self, line: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self) -> tuple[int, str]:
        _, words = self.process.communicate(timeout=HANGS)
        return self.process.returncode, words.decode()


def test_a_coprocess_answers_while_its_stdin_is_open(models: Path) -> None:
    other = Coprocess(models, "-k", "2", "--columns", "title")
    first = other.ask({"user_id": "u3"})
    assert [item["title"] for item in first["items"]] == [f"thing {item['item_id'][1:]}" for item in first["items"]]
    assert len(first["items"]) == 2
    assert other.ask(b"what?") == {
        "error": "the event: it is not JSON: syntax error at character 1",
        "line": 2,
    }
    clicked = other.ask({"user_id": "u3", "item_id": first["items"][0]["item_id"], "k": 1})
    assert clicked["items"][0]["item_id"] != first["items"][0]["item_id"]
    code, words = other.end()
    assert code == 0
    assert "3 answers" in words
    assert "1 error" in words


def test_a_coprocess_whose_reader_goes_away_is_silent(models: Path) -> None:
    other = Coprocess(models)
    other.ask({"user_id": "u3"})
    assert other.process.stdout is not None
    assert other.process.stdin is not None
    other.process.stdout.close()
    other.process.stdin.write(b'{"user_id": "u4"}\n')
    other.process.stdin.close()
    assert other.process.wait(timeout=HANGS) == 141
    assert other.process.stderr is not None
    assert other.process.stderr.read() == b""
    other.process.stderr.close()


def test_a_coprocess_that_is_interrupted(models: Path) -> None:
    other = Coprocess(models)
    other.ask({"user_id": "u3"})
    other.process.send_signal(signal.SIGINT)
    code, words = other.end()
    assert (code, words.strip()) == (130, "visrec: interrupted")


def test_bash_can_talk_to_it(models: Path, shell: Any) -> None:
    done = shell(
        "coproc other { visrec recommend als.arrow --follow -k 1 2> words; }; pid=$other_PID; "
        'echo \'{"user_id": "u3"}\' >&${other[1]}; read -r answer <&${other[0]}; '
        'to=${other[1]}; exec {to}>&-; wait $pid; code=$?; echo "$answer $code"'
    )
    said = done.stdout.decode()
    assert '"user_id": "u3"' in said, done.stderr
    assert said.strip().endswith(" 0")


def test_a_session_of_somebody_without_a_name(visrec: Run, models: Path) -> None:
    (models / "sessions.txt").write_text("i13,i14\ni25\n")
    typed = visrec("recommend", "als.arrow", "--session", "i13,i14", "--session", "i25", "-k", "3", "--format", "csv")
    read = visrec("recommend", "als.arrow", "--sessions", "sessions.txt", "-k", "3", "--format", "csv")
    assert typed.returncode == 0, typed.stderr
    assert typed.stdout == read.stdout
    assert typed.stdout.decode().splitlines()[1].startswith("session 1,i1")
    for words in (["--user", "u3"], ["--item", "i3"], ["--follow"]):
        done = visrec("recommend", "als.arrow", "--session", "i13", *words)
        assert done.returncode == 2, done.stderr
