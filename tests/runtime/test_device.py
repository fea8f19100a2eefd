import subprocess
import sys

import pytest

from visrec_cli.errors import UsageError
from visrec_cli.runtime.device import cuda_device, gpu_likely, pick_device


def test_the_cpu_is_always_there() -> None:
    assert pick_device("cpu").type == "cpu"


def test_auto_prefers_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    for cuda, mps, expected in ((2, True, "cuda"), (0, True, "mps"), (0, False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda cuda=cuda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda cuda=cuda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda mps=mps: mps)
        assert pick_device("auto").type == expected


def test_a_device_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert str(pick_device("cuda:0")) == "cuda:0"
    with pytest.raises(UsageError, match="no device 'cuda:1'") as caught:
        pick_device("cuda:1")
    assert "cuda" in str(caught.value.fix)


@pytest.mark.parametrize("name", ["gpu", "", "cuda:x", "meta"])
def test_names_that_are_no_device(name: str) -> None:
    with pytest.raises(UsageError):
        pick_device(name)


@pytest.mark.parametrize(
    ("name", "worth", "there", "taken"),
    [
        ("auto", True, True, True),
        ("auto", False, True, False),
        ("auto", True, False, False),
        ("cpu", True, True, False),
        ("cuda", False, False, True),
    ],
)
def test_a_cuda_device_for_much_work(
    name: str, worth: bool, there: bool, taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setattr("visrec_cli.runtime.device.gpu_likely", lambda: there)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert cuda_device(name, worth) == (torch.device("cuda") if taken else None)


def test_a_gpu_that_is_no_cuda_device_is_refused_where_it_was_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    with pytest.raises(UsageError, match="not on mps"):
        cuda_device("mps")
    with pytest.raises(UsageError, match="no device 'cuda'"):
        cuda_device("cuda")


def test_asking_for_a_gpu_costs_no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert not gpu_likely()
    code = "import sys, visrec_cli.runtime.device as d; d.gpu_likely(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
