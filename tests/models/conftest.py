"""Fixtures of the models' tests."""

import pytest

from tests.recommenders.conftest import one_torch_thread  # noqa: F401


@pytest.fixture(autouse=True)
def _quick(one_torch_thread: None) -> None:  # noqa: F811
    """Tensors are small here."""
