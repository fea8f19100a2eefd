"""Hostile conditions: none reaches the network or a file, none ends otherwise than with an answer or a refusal."""

import ctypes
import os
import random
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from visrec_cli.errors import UsageProblem
from visrec_cli.ranking.filters import rows_where

ITEMS = pa.table({"item_id": ["a", None, "c"], "price": [1.5, None, 3.0], "n": [1, 2, 3], "ok": [True, None, False]})
ROUNDS = 3000
READERS = ("read_csv", "read_parquet", "read_ipc", "read_json", "read_ndjson", "scan_parquet", "glob", "read_text")
FUNCTIONS = (
    "rpad", "lpad", "repeat", "replace", "concat", "concat_ws", "format", "substr", "left", "strpos", "regexp_like",
    "string_to_array", "unnest", "array_agg", "generate_series", "range", "pow", "exp", "max", "sum", "count", "first",
    "getenv", "current_setting", "version", "pragma_version", "lower", "round", "coalesce", "length", "contains",
)  # fmt: skip
TOKENS = (
    "select", "from", "where", "union", "with", "as", "case", "when", "then", "end", "and", "or", "not", "in", "like",
    "between", "is", "null", "exists", "any", "all", "over", "(", ")", "[", "]", "{", "}", ",", ";", "*", "+", "-", "/",
    "%", "=", "<>", "<", "||", "::", ":", "?", "$1", "@x", "--", "/*", "*/", "'", '"', "''", "item_id", "price", "n",
    "ok", "1", "'a'", "1e9", "x'ff'", "date", "interval", "cast", "try_cast", "double", "distinct", "values", "copy",
    "to", "attach", "install", "load", "set", "\\", "\0", "\ud800", "é", "\u202e", "\n",
)  # fmt: skip


class Listener:
    """Answers nobody, and counts who calls."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port, self.calls = self._socket.getsockname()[1], 0
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                self._socket.accept()[0].close()
            except OSError:
                return
            self.calls += 1

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


class Watch:
    """Whether anybody, in whatever language, has opened a file of a folder (inotify)."""

    OPENED = 0x20 | 0x1  # IN_OPEN, IN_ACCESS

    def __init__(self, folder: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._handle = libc.inotify_init1(os.O_NONBLOCK)
        assert libc.inotify_add_watch(self._handle, os.fsencode(folder), self.OPENED) >= 0

    def events(self) -> bytes:
        try:
            return os.read(self._handle, 1 << 16)
        except BlockingIOError:
            return b""


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    pq.write_table(pa.table({"x": ["a"]}), tmp_path / "secret.parquet")
    (tmp_path / "secret.csv").write_text("x\na\n")
    return tmp_path


def hostile(rng: random.Random, places: list[str]) -> str:
    """A condition that nobody with good intentions would write."""
    place, reader = rng.choice(places), rng.choice(READERS)
    frames = [
        f"item_id in (select x from {reader}('{place}'))",
        f"exists (select * from {reader}('{place}'))",
        f"(select count(*) from '{place}') > 0",
        f"{reader}('{place}')",
        f"n = (select 1) or {reader}('{place}') is null",
        f"item_id in (with q as (select * from {reader}('{place}')) select x from q)",
        f"{rng.choice(FUNCTIONS)}(item_id, {rng.choice(('2000000000', '1e18', '-1', 'n', '9' * 30))}) = 'a'",
        f"{rng.choice(FUNCTIONS)}({rng.choice(FUNCTIONS)}(item_id, 'b', 4000000000), '{place}') is not null",
        " ".join(rng.choices((*TOKENS, *FUNCTIONS, f"'{place}'"), k=rng.randint(1, 30))),
        "".join(chr(rng.choice((rng.randint(1, 127), rng.randint(128, 0x2FFF)))) for _ in range(rng.randint(1, 60))),
        rng.choice(("(", "[", "not ", "- ", "case when ", "lower(", "n in (", "{", "/*")) * rng.randint(1, 3000),
    ]
    text = rng.choice(frames)
    if rng.random() < 0.2:  # an honest one, cut and spliced
        honest = (
            "price < 50 and item_id in ('a', 'b') or not coalesce(n, 1) between 2 and 3 and lower(item_id) like '%a_'"
        )
        at = rng.randrange(len(honest))
        text = honest[:at] + rng.choice(TOKENS) + honest[at + rng.randint(0, 8) :]
    return text


@pytest.mark.skipif(sys.platform != "linux", reason="files are watched with inotify")
def test_hostile_conditions_reach_nothing(
    listener: Listener, secrets: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    watch, rng = Watch(secrets), random.Random(0)
    places = [
        f"http://127.0.0.1:{listener.port}/x.parquet", f"s3://127.0.0.1:{listener.port}/x.parquet",
        str(secrets / "secret.parquet"), str(secrets / "secret.csv"), f"file://{secrets}/secret.csv", f"{secrets}/*",
    ]  # fmt: skip
    refused, longest = 0, 0
    for _ in range(ROUNDS):
        try:
            answer = rows_where(ITEMS, hostile(rng, places))
        except UsageProblem as problem:
            refused, longest = refused + 1, max(longest, len(str(problem)))
        else:
            assert answer.shape == (3,)
    assert 0.9 * ROUNDS < refused < ROUNDS  # a few are harmless by chance
    assert longest < 500
    assert listener.calls == 0
    assert not watch.events()
    assert "".join(capfd.readouterr()) == ""
    assert not caplog.records


@pytest.mark.skipif(sys.platform != "linux", reason="files are watched with inotify")
def test_the_watch_and_the_listener_notice_what_is_touched(listener: Listener, secrets: Path) -> None:
    watch = Watch(secrets)
    (secrets / "secret.csv").read_text()
    assert watch.events()
    with socket.create_connection(("127.0.0.1", listener.port)) as caller:
        caller.recv(1)
    while listener.calls == 0:  # counted just after it is closed
        pass
