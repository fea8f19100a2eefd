"""Hostile conditions: none reaches the network or a file, none ends otherwise than with an answer or a refusal."""

import random
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from tests.ranking.conditions.hostile import Listener, Watch, hostile, places_of, secrets_in
from tests.robustness.mutations import rounds
from visrec_cli.errors import UsageError
from visrec_cli.ranking.filters import rows_where

ITEMS = pa.table({"item_id": ["a", None, "c"], "price": [1.5, None, 3.0], "n": [1, 2, 3], "ok": [True, None, False]})
ROUNDS = rounds()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    secrets_in(tmp_path)
    return tmp_path


@pytest.mark.skipif(sys.platform != "linux", reason="files are watched with inotify")
def test_hostile_conditions_reach_nothing(
    listener: Listener, secrets: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    watch, rng = Watch(secrets), random.Random(0)
    places = places_of(listener.port, secrets)
    refused, longest = 0, 0
    for _ in ROUNDS:
        try:
            answer = rows_where(ITEMS, hostile(rng, places))
        except UsageError as problem:
            refused, longest = refused + 1, max(longest, len(str(problem)))
        else:
            assert answer.shape == (3,)
    assert 0.9 * len(ROUNDS) < refused < len(ROUNDS)  # a few are harmless by chance
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
