"""Ask the graphics drivers themselves how many devices they have, without importing torch.

A device file is a hint and no proof: WSL2 and Windows have CUDA without ``/dev/nvidia0``, and ROCm has ``/dev/kfd``.
So a device file may say yes, and only a driver may say no.
"""

import ctypes
import platform
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

# Library by system; WSL2 keeps the driver of the Windows host in a folder of its own.
_CUDA = {"Linux": ("libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1"), "Windows": ("nvcuda.dll",)}


@cache
def driver_devices() -> int:
    """The number of devices that the CUDA driver, or else HIP, reports to this process; 0 where there is no driver.

    Both honour their own variables (CUDA_VISIBLE_DEVICES, HIP_VISIBLE_DEVICES). Where there is a driver, starting it
    takes some tenths of a second, hence the cache. A process that forks after this cannot use CUDA in its children.
    """
    return _devices(_CUDA.get(platform.system(), ()), "cuInit", "cuDeviceGetCount") or _devices(
        _hip_libraries(), "hipInit", "hipGetDeviceCount"
    )


def _hip_libraries() -> Iterator[str]:
    """Where HIP may be: torch's own copy first, since two copies in one process would get in each other's way."""
    names = {"Linux": "libamdhip64.so*", "Windows": "amdhip64*.dll"}
    pattern = names.get(platform.system())
    if pattern is None:
        return
    torch = find_spec("torch")  # finds the folder; imports nothing
    for folder in torch.submodule_search_locations or () if torch else ():
        yield from sorted(str(path) for path in (Path(folder) / "lib").glob(pattern))
    yield pattern.replace("*", "")


def _devices(libraries: "tuple[str, ...] | Iterator[str]", start: str, count: str) -> int:
    """How many devices the first of the libraries that can be loaded reports; 0 if it fails or has none."""
    for library in libraries:
        try:
            driver = ctypes.CDLL(library)
            number = ctypes.c_int(0)
            if getattr(driver, start)(ctypes.c_uint(0)) == 0 and getattr(driver, count)(ctypes.byref(number)) == 0:
                return max(number.value, 0)
        except (OSError, AttributeError):  # not there, or another library of that name
            continue
    return 0
