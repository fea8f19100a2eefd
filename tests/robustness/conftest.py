"""Fixtures of the tests of files that are wrong."""

from pathlib import Path

import pytest

from tests.robustness.small_models import fill


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of small_models.fill."""
    return fill(tmp_path_factory.mktemp("world"))
