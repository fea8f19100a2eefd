"""Fixtures of the models' tests."""

import pytest


@pytest.fixture(autouse=True)
def _quick(one_torch_thread: None) -> None:
    """Tensors are small here."""
