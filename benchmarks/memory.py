"""Does memory grow with the number of pictures? Peak resident size of each stage at two sizes of a folder.

    python benchmarks/memory.py [--sizes 2000 20000 100000] [--encoder lite0] [--only embed-images]

Draws small pictures, each different, and runs every stage as a process of its own, writing to a file and keeping what
it computes. Bar: the largest folder needs at most 10 % more than the smallest one.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from environment import machine
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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[2000, 20000])
    parser.add_argument("--encoder", default="lite0")
    parser.add_argument("--only", default="", help="stages whose names contain this")
    options = parser.parse_args()
    print(machine("onnxruntime", "pyarrow", "pillow"))
    peaks: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        os.environ["VISREC_CACHE_DIR"] = f"{name}/cache"
        for size in options.sizes:
            folder = Path(name) / f"imgs{size}"
            draw(folder, size)
            embed = ["embed-images", str(folder), "-e", options.encoder]
            if size == options.sizes[0]:  # the first run of all compiles the model, in torch
                peak_mib([*embed, "-o", f"{name}/b.arrow", "--no-cache"])
            stages = {
                "preprocess": ["preprocess", str(folder), "-o", f"{name}/a.arrow"],
                "preprocess --store jpeg": ["preprocess", str(folder), "--store", "jpeg", "-o", f"{name}/s.arrow"],
                f"embed-images -e {options.encoder}": [*embed, "-o", f"{name}/b.arrow"],
                f"embed-images -e {options.encoder}, all in the cache": [*embed, "-o", f"{name}/b.arrow"],
                "fuse": ["fuse", f"{name}/b.arrow", "-o", f"{name}/c.arrow"],
            }
            for stage, arguments in stages.items():
                if options.only in stage:
                    peaks.setdefault(stage, []).append(peak_mib(arguments))
                    print(f"{size:,} {stage}: {peaks[stage][-1]:.0f} MiB", file=sys.stderr, flush=True)
            shutil.rmtree(folder)
    heads = " | ".join(f"at {size:,}" for size in options.sizes)
    print(f"| stage | peak MiB {heads} | ratio |\n|---|{'---|' * len(options.sizes)}---|")
    for stage, sizes in peaks.items():
        print(f"| {stage} | {' | '.join(f'{size:.0f}' for size in sizes)} | {sizes[-1] / sizes[0]:.2f} |")


if __name__ == "__main__":
    main()
