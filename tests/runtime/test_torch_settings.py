import os
import subprocess
import sys

CODE = """if True:
    import os, sys
    from visrec_cli.runtime.torch_settings import tune_for_torch
    tune_for_torch()
    print(os.environ["OMP_WAIT_POLICY"], "torch" in sys.modules)
"""


def said(**environment: str) -> list[str]:
    env = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    return subprocess.run(
        [sys.executable, "-c", CODE], env=env | environment, capture_output=True, text=True
    ).stdout.split()


def test_threads_wait_politely_unless_somebody_decided_otherwise() -> None:
    assert said() == ["passive", "False"]
    assert said(OMP_WAIT_POLICY="active") == ["active", "False"]


def test_a_second_call_and_other_allocators_do_no_harm() -> None:
    assert said(MALLOC_ARENA_MAX="2") == ["passive", "False"]
