"""Benchmarks start: what they import is where they look for it, or they say which peer to install."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.limits import HANGS

SCRIPTS = sorted((ROOT / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_benchmark_says_what_it_does_or_what_it_needs(script: Path) -> None:
    done = subprocess.run([sys.executable, script, "--help"], capture_output=True, text=True, timeout=HANGS)
    words = done.stdout + done.stderr
    assert done.returncode == 0 or "pip install" in words.splitlines()[-1], words
    assert "ImportError" not in words
    assert "Traceback" not in words
