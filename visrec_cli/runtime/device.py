"""Choice of the device."""

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

from visrec_cli.errors import UsageError
from visrec_cli.runtime.gpu_drivers import driver_devices
from visrec_cli.runtime.torch_settings import tune_for_torch

if TYPE_CHECKING:
    import torch


def gpu_likely() -> bool:
    """Whether this machine seems to have a GPU that torch can use; imports no torch.

    A device file says yes at once. Only the drivers say no: CUDA under WSL2 and Windows has no device file.
    """
    if os.environ.get("CUDA_VISIBLE_DEVICES") == "":
        return False
    if platform.system() == "Darwin":
        return platform.machine() == "arm64"
    return any(Path("/dev").glob("nvidia[0-9]*")) or driver_devices() > 0


def pick_device(name: str = "auto") -> "torch.device":
    """``auto`` is CUDA, else MPS, else the CPU; any other name is taken at its word.

    Call it before anything else imports torch. Raises UsageError for a device that torch does not know or that is
    not there.
    """
    tune_for_torch()
    import torch

    if name == "auto":
        return torch.device(next((kind for kind in ("cuda", "mps") if _count(kind)), "cpu"))
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UsageError(f"unknown device '{name}'", fix="use auto, cpu, cuda, cuda:1 or mps") from error
    if (device.index or 0) >= _count(device.type):
        available = ["cpu", *(kind for kind in ("cuda", "mps", "xpu") if _count(kind))]
        raise UsageError(f"there is no device '{name}' here", fix=f"use one of: auto, {', '.join(available)}")
    return device


def cuda_device(name: str, worth: bool = True) -> "torch.device | None":
    """Where to do arithmetic that compiled loops on the processor do as well: on a CUDA device, or None for there.

    ``auto`` takes one only if the work is ``worth`` the seconds that torch and CUDA need to start. Raises UsageError
    as pick_device does.
    """
    if name == "cpu" or (name == "auto" and not (worth and gpu_likely())):
        return None
    device = pick_device(name)
    if name != "auto" and device.type not in ("cuda", "cpu"):
        raise UsageError(f"this is computed on CUDA devices and on the CPU, not on {name}", fix="leave out --device")
    return device if device.type == "cuda" else None


def _count(kind: str) -> int:
    import torch

    if kind == "cpu":
        return 1
    if kind == "mps":
        return int(torch.backends.mps.is_available())
    backend = getattr(torch, kind, None)  # torch.cuda, torch.xpu; others (meta, vulkan) cannot encode
    return int(backend.device_count()) if backend is not None and backend.is_available() else 0
