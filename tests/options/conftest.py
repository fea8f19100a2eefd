"""The desk, made once."""

from pathlib import Path

import pytest

from tests.options.desk import make


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """See desk.py."""
    room = tmp_path_factory.mktemp("desk")
    make(room / "desk", room)
    return room / "desk"
