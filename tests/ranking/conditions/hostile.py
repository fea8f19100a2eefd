"""What hostile conditions are made of, and what would notice if one reached the network or a file."""

import ctypes
import os
import random
import socket
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

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


def secrets_in(folder: Path) -> None:
    """Files that no condition may open."""
    pq.write_table(pa.table({"x": ["a"]}), folder / "secret.parquet")
    (folder / "secret.csv").write_text("x\na\n")


def places_of(port: int, folder: Path) -> list[str]:
    """What a condition may name to reach the listener, or one of the files."""
    return [
        f"http://127.0.0.1:{port}/x.parquet", f"s3://127.0.0.1:{port}/x.parquet",
        str(folder / "secret.parquet"), str(folder / "secret.csv"), f"file://{folder}/secret.csv", f"{folder}/*",
    ]  # fmt: skip


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
