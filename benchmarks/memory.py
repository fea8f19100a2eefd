"""Does memory grow with the number of pictures? Peak resident size of each stage at two sizes of a folder.

    python benchmarks/memory.py [--sizes 2000 20000 100000] [--encoder lite0] [--only embed-images]

Draws small pictures, each different, and runs every stage as a process of its own, writing to a file and keeping what
it computes. Bar: the largest folder needs at most 10 % more than the smallest one.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image


def draw(folder: Path, count: int) -> None:
    """One noisy 64 × 64 picture, ``count`` copies with a pixel changed."""
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    for number in range(count):
        copy = pixels.copy()
        copy[number % 64, number // 64 % 64] = [number % 251, number // 251 % 256, 7]
        Image.fromarray(copy).save(folder / f"{number:06d}.jpg", quality=90)


def peak_mib(arguments: list[str]) -> float:
    """Peak resident size of one visrec process."""
    process = subprocess.Popen([sys.executable, "-m", "visrec_cli", *arguments, "--quiet"])
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"visrec {' '.join(arguments)} failed")
    return usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs=2, default=[2000, 20000])
    parser.add_argument("--encoder", default="lite0")
    options = parser.parse_args()
    peaks: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        for size in options.sizes:
            folder = Path(name) / f"imgs{size}"
            draw(folder, size)
            embed = ["embed-images", str(folder), "-e", options.encoder]
            stages = {
                "preprocess": ["preprocess", str(folder), "-o", f"{name}/a.arrow"],
                "preprocess --store jpeg": ["preprocess", str(folder), "--store", "jpeg", "-o", f"{name}/s.arrow"],
                f"embed-images -e {options.encoder}": [*embed, "-o", f"{name}/b.arrow"],
                "fuse": ["fuse", f"{name}/b.arrow", "-o", f"{name}/c.arrow"],
            }
            for stage, arguments in stages.items():
                peaks.setdefault(stage, []).append(peak_mib(arguments))
    few, many = options.sizes
    print(f"| stage | peak MiB at {few:,} | at {many:,} | ratio |\n|---|---|---|---|")
    for stage, (small, large) in peaks.items():
        print(f"| {stage} | {small:.0f} | {large:.0f} | {large / small:.2f} |")


if __name__ == "__main__":
    main()
