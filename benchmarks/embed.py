"""embed-images against a plain timm script, in turn, in one run; and against what the machine allows.

    python benchmarks/embed.py [--pictures 2000] [--rounds 3] [--kinds large,small]

Whole processes, from the command to the finished file, nothing kept between runs. The peer is benchmarks/plain_timm.py,
with the same model. Then, in one process and with the same threads: the pictures decoded and framed only, the model
alone on framed pictures, and both as embed-images does it. Decoding and the model share the cores, so the whole cannot
be faster than 1 / (1 / decoding + 1 / model); both that limit and the slower of the two are printed.
The vectors of both sides are compared: cosine, and agreement of the ten nearest.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from environment import machine
from photos import draw_photos

from visrec_cli.encoders.compiled.onnx_export import drift
from visrec_cli.encoders.factory import open_image_encoder
from visrec_cli.images.decoder import load_picture
from visrec_cli.images.ordered_map import ordered_map
from visrec_cli.runtime.threads import usable_cores

PLAIN = Path(__file__).with_name("plain_timm.py")


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def visrec(folder: Path, out: Path) -> None:
    command = [sys.executable, "-m", "visrec_cli", "embed-images", folder, "--no-cache", "--quiet", "-o", out]
    subprocess.run(list(map(str, command)), check=True)


def plain(folder: Path, out: Path) -> None:
    subprocess.run([sys.executable, str(PLAIN), str(folder), str(out)], check=True)


def whole_processes(folder: Path, place: Path, rounds: int) -> None:
    sides = {"visrec": lambda: visrec(folder, place / "ours.npy"), "timm": lambda: plain(folder, place / "plain.npy")}
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, work in sides.items():
            times[name].append(seconds(work))
    found = drift(np.load(place / "ours.npy"), np.load(place / "plain.npy"), neighbours=10)
    ratio = median(theirs / ours for ours, theirs in zip(times["visrec"], times["timm"], strict=True))
    rates = {name: len(list(folder.iterdir())) / median(taken) for name, taken in times.items()}
    print(
        f"{folder.name:8}{rates['visrec']:8.1f}/s{rates['timm']:8.1f}/s{ratio:8.2f}x"
        f"   worst cosine {found.cosine:.4f}, ten nearest {found.agreement:.3f}",
        flush=True,
    )


def limits(folder: Path, rounds: int, count: int = 300) -> None:
    encoder, threads = open_image_encoder("lite0", device="cpu"), usable_cores()
    side = encoder.scaled_to or 0
    paths = sorted(folder.iterdir())[:count]
    framed = [encoder.prepare(load_picture(path, at_least=(side, side))) for path in paths]
    encoder.encode(framed[:1])

    def run(function: Callable[[object], object], items: list[object]) -> Callable[[], object]:
        return lambda: list(ordered_map(function, items, threads=threads))

    parts = {
        "decoding": run(lambda path: encoder.prepare(load_picture(path, at_least=(side, side))), list(paths)),
        "model": run(lambda one: encoder.encode([one]), list(framed)),
        "both": run(
            lambda path: encoder.encode([encoder.prepare(load_picture(path, at_least=(side, side)))]), list(paths)
        ),
    }
    rates: dict[str, list[float]] = {name: [] for name in parts}
    for _ in range(rounds):
        for name, work in parts.items():
            rates[name].append(len(paths) / seconds(work))
    slower = median(b / min(d, m) for d, m, b in zip(rates["decoding"], rates["model"], rates["both"], strict=True))
    shared = median(
        b * (1 / d + 1 / m) for d, m, b in zip(rates["decoding"], rates["model"], rates["both"], strict=True)
    )
    told = "".join(f"{median(rate):10.1f}/s" for rate in rates.values())
    print(f"{folder.name:8}{told}{slower:10.2f}{shared:10.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kinds", default="large,small")
    options = parser.parse_args()
    print(machine("onnxruntime", "torch", "timm", "pillow"))
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        folders = [place / kind for kind in options.kinds.split(",")]
        for folder in folders:
            draw_photos(folder, options.pictures, folder.name)
        open_image_encoder("lite0", device="cpu")  # compiled once, before anything is timed
        print(f"{options.pictures} pictures, whole processes, medians of {options.rounds}, {os.cpu_count()} cores")
        print(f"{'':8}{'visrec':>10}{'timm':>10}{'ratio':>9}")
        for folder in folders:
            whole_processes(folder, place, options.rounds)
        print("in one process, the same threads; both ÷ the slower one, and ÷ what sharing the cores allows")
        print(f"{'':8}{'decoding':>12}{'model':>12}{'both':>12}{'slower':>10}{'sharing':>10}")
        for folder in folders:
            limits(folder, max(options.rounds, 3))


if __name__ == "__main__":
    main()
