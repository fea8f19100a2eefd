"""Fixtures of the tests of files that are wrong, and of processes that are killed."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.robustness.desk import fill_desk
from tests.robustness.forked import Forks
from tests.robustness.small_models import fill


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of small_models.fill."""
    return fill(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of desk.fill_desk; nobody writes into it."""
    return fill_desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def unsynced(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, where the system has such: thousands of databases would wait for the disk ten times each."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else tmp_path) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """Processes of visrec that start in no time."""
    started = Forks()
    yield started
    started.close()
