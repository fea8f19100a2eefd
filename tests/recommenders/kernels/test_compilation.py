"""A loop gives the same bits in the process that compiles it and in those that find it kept, in one thread or more."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.limits import HANGS
from visrec_cli.registry import names

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What model_digests says: with no loop kept yet, with all of them kept, and in one thread."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path_factory.mktemp("kernels"))}
    threads = {"cold": "2", "warm": "2", "alone": "1"}
    found = {}
    for name, number in threads.items():
        done = subprocess.run(
            [sys.executable, "-m", "tests.recommenders.kernels.model_digests"],
            env={**environment, "NUMBA_NUM_THREADS": number},
            cwd=ROOT,
            capture_output=True,
            timeout=HANGS,
        )
        assert done.returncode == 0, done.stderr.decode()
        found[name] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("recommender", names("recommender"))
def test_compiled_in_the_run_or_kept_the_bytes_are_the_same(processes: dict[str, Any], recommender: str) -> None:
    assert processes["warm"]["models"][recommender] == processes["cold"]["models"][recommender]


@pytest.mark.parametrize("recommender", names("recommender"))
def test_threads_of_loops_change_no_byte(processes: dict[str, Any], recommender: str) -> None:
    assert (processes["alone"]["threads"], processes["warm"]["threads"]) == (1, 2)
    assert processes["alone"]["models"][recommender] == processes["warm"]["models"][recommender]


def test_all_of_a_loop_is_its_own(processes: dict[str, Any]) -> None:
    """Equal bytes may be luck. They must be equal where no other copy of a function can take the place of its own."""
    cold = processes["cold"]
    assert cold["weak"].keys() == cold["variants"].keys()  # every loop was compiled there
    assert not any(cold["weak"].values())
    assert not processes["warm"]["weak"]  # and none here


def test_a_loop_is_compiled_once_whatever_is_asked(processes: dict[str, Any]) -> None:
    """Arrays of another layout make another machine code, which may round otherwise: of a part, or from a file."""
    assert set(processes["cold"]["variants"].values()) == {1}
