"""The peers of a benchmark, in an environment of their own that the script makes for itself; and what it ran on.

    with_peers("implicit==0.7.3", "cornac==3.0.1")  # first thing after the options are read; import the peers after it
    print(machine("implicit", "cornac"))

The environment lies in visrec's cache folder and sees the packages of the one that the script was started with, so that
both sides compute with the same numpy and torch wherever a peer accepts them.
"""

import compileall
import hashlib
import os
import platform
import shutil
import site
import subprocess
import sys
import venv
from importlib.metadata import version
from pathlib import Path

import visrec_cli
from visrec_cli.runtime.folders import cache_dir


def with_peers(*requirements: str) -> None:
    """Start this script again where pinned ``requirements`` are installed; returns only there.

    The first time it asks the package index, which takes a minute or two; a script's other requirements, or another
    Python, are another environment. Raises SystemExit when they cannot be installed.
    """
    parents = _parents()
    facts = "\n".join([*sorted(requirements), sys.version, *parents])
    names = "+".join(sorted(requirement.partition("==")[0] for requirement in requirements))
    folder = cache_dir() / "benchmarks" / f"{names}-{hashlib.sha256(facts.encode()).hexdigest()[:8]}"
    if Path(sys.prefix) == folder:
        return
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (folder / "ready").exists():
        _make(folder, python, requirements, parents)
    sys.stdout.flush()
    os.execv(python, [str(python), *sys.orig_argv[1:]])


def _parents() -> list[str]:
    """Where this environment keeps its packages; in one of ours, what it was told when it was made."""
    told = Path(sys.prefix) / "parents"
    return told.read_text().splitlines() if told.exists() else site.getsitepackages()


def _make(folder: Path, python: Path, requirements: tuple[str, ...], parents: list[str]) -> None:
    print(f"installing {', '.join(requirements)} into {folder}", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)  # one that was never finished
    venv.create(folder, with_pip=True)
    (folder / "parents").write_text("\n".join(parents))
    packages = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], capture_output=True, check=True
    )
    lines = [f"import site; site.addsitedir({parent!r})\n" for parent in parents]  # with their own .pth files
    (Path(packages.stdout.decode().strip()) / "parents.pth").write_text("".join(lines))
    done = subprocess.run([python, "-m", "pip", "install", "--quiet", *requirements], stdout=sys.stderr)
    if done.returncode:
        raise SystemExit(f"the peers could not be installed: pip install {' '.join(requirements)}, in {folder}")
    (folder / "ready").touch()


def as_installed() -> None:
    """Write the bytecode of visrec, as pip does when it installs: a checkout where Python may not write it compiles
    anew in every start."""
    compileall.compile_dir(str(Path(visrec_cli.__file__).parent), quiet=1)


def machine(*packages: str) -> str:
    """One line for the benchmarks page: processor, cores, memory, Python, and the versions of ``packages``."""
    model, memory = platform.processor() or platform.machine(), ""
    if Path("/proc/cpuinfo").exists():
        about = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.partition(": ")[2] for line in about if line.startswith("model name")), model)
        memory = f", {os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB"
    versions = [f"{package} {version(package)}" for package in ("visrec-cli", *packages)]
    return f"{model}, {os.cpu_count()} cores{memory}, Python {platform.python_version()}, {', '.join(versions)}"
