"""The drivers are asked through shared libraries that are compiled here, in processes of their own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ASK = """
import sys
from visrec_cli.runtime import gpu_drivers
gpu_drivers._CUDA = {"Linux": (sys.argv[1],)}
gpu_drivers._hip_libraries = lambda: iter(sys.argv[2:])
from visrec_cli.runtime import device
device.Path = lambda folder: type("NoFiles", (), {"glob": lambda self, pattern: []})()
print(device.gpu_likely(), gpu_drivers.driver_devices(), "torch" in sys.modules)
"""
SOURCE = """
int {start}(unsigned flags) {{ return {code}; }}
int {count}(int *number) {{ *number = {devices}; return 0; }}
"""
NAMES = {"cuda": ("cuInit", "cuDeviceGetCount"), "hip": ("hipInit", "hipGetDeviceCount")}


def driver(folder: Path, kind: str, *, devices: int, code: int = 0) -> Path:
    """A driver that reports so many devices, or fails to start with this code."""
    compiler = shutil.which("cc")
    if compiler is None:
        assert not os.environ.get("CI"), "CI has a C compiler"
        pytest.skip("no C compiler to make a driver with")
    start, count = NAMES[kind]
    source, library = folder / f"{kind}.c", folder / f"lib{kind}.so"
    source.write_text(SOURCE.format(start=start, count=count, code=code, devices=devices))
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    return library


def ask(cuda: Path, *hip: Path) -> list[str]:
    done = subprocess.run([sys.executable, "-c", ASK, cuda, *hip], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.skipif(sys.platform != "linux", reason="shared libraries of Linux")
def test_a_driver_with_devices_says_yes_without_a_device_file(tmp_path: Path) -> None:
    assert ask(driver(tmp_path, "cuda", devices=2)) == ["True", "2", "False"]


@pytest.mark.skipif(sys.platform != "linux", reason="shared libraries of Linux")
@pytest.mark.parametrize(("devices", "code"), [(0, 0), (1, 100)])  # 100: CUDA_ERROR_NO_DEVICE
def test_a_driver_without_devices_or_that_does_not_start_says_no(tmp_path: Path, devices: int, code: int) -> None:
    assert ask(driver(tmp_path, "cuda", devices=devices, code=code)) == ["False", "0", "False"]


@pytest.mark.skipif(sys.platform != "linux", reason="shared libraries of Linux")
def test_hip_is_asked_where_cuda_has_nothing(tmp_path: Path) -> None:
    nothing = tmp_path / "libnone.so"
    assert ask(nothing, nothing, driver(tmp_path, "hip", devices=1)) == ["True", "1", "False"]
    assert ask(driver(tmp_path, "cuda", devices=0), driver(tmp_path, "hip", devices=1)) == ["True", "1", "False"]


@pytest.mark.skipif(sys.platform != "linux", reason="shared libraries of Linux")
def test_a_library_that_is_no_driver_is_passed_over(tmp_path: Path) -> None:
    other, text = driver(tmp_path, "hip", devices=3), tmp_path / "libtext.so"
    text.write_text("no library at all")
    assert ask(other) == ["False", "0", "False"]
    assert ask(text, text) == ["False", "0", "False"]
