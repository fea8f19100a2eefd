"""Runs that were there before: nothing changed, one picture changed, and runs that were killed.

    python benchmarks/rerun.py [--pictures 2000] [--rounds 5] [--kills 100] [--kind large]

The first run with an empty cache and the second with a full one are whole processes, in turn; then one picture is
changed, and what the run says it took from the cache is printed. Then the run is killed (SIGKILL) at random moments, to
a file and through a pipe in turn, each time going on from what the last one left, and begun anew whenever it gets to
its end; after every kill the output must be whole or not there, and the last output the undisturbed one, byte for byte.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from environment import as_installed, machine
from photos import draw_photos


def command(folder: Path, cache: Path, out: Path | str, *more: str) -> list[str]:
    return [
        sys.executable,
        "-m",
        "visrec_cli",
        "embed-images",
        str(folder),
        "--cache",
        str(cache),
        "-o",
        str(out),
        *more,
    ]


def timed(folder: Path, cache: Path, out: Path) -> tuple[float, str]:
    start = time.perf_counter()
    done = subprocess.run(command(folder, cache, out), check=True, capture_output=True, text=True)
    return time.perf_counter() - start, done.stderr.strip().splitlines()[-1]


def fresh(cache: Path) -> None:
    """An empty cache, but for the compiled model, which is made once for all."""
    for path in cache.glob("embeddings*"):
        path.unlink()


def settle(folder: Path) -> None:
    """As files are that have not just been written: their times can be trusted."""
    for path in folder.iterdir():
        os.utime(path, (1_700_000_000, 1_700_000_000))


def again(folder: Path, place: Path, rounds: int) -> None:
    cache, times = place / "cache", list[tuple[float, float]]()
    for _ in range(rounds):
        fresh(cache)
        first, _ = timed(folder, cache, place / "first.arrow")
        second, said = timed(folder, cache, place / "second.arrow")
        times.append((first, second))
        assert (place / "first.arrow").read_bytes() == (place / "second.arrow").read_bytes()
    first, second = (median(one) for one in zip(*times, strict=True))
    print(f"first {first:.2f} s, second {second:.3f} s: {median(a / b for a, b in times):.1f} times; {said}")
    picture = sorted(folder.iterdir())[len(list(folder.iterdir())) // 2]
    picture.write_bytes(picture.read_bytes() + b"changed")
    print("one changed:", timed(folder, cache, place / "second.arrow")[1])


def killed(folder: Path, place: Path, kills: int) -> None:
    cache, out, lots = place / "killed", place / "killed.arrow", random.Random(0)
    timed(folder, place / "cache", place / "undisturbed.arrow")
    expected = (place / "undisturbed.arrow").read_bytes()
    shutil.copytree(place / "cache" / "models", cache / "models")
    fresh_run, _ = timed(folder, cache, out)
    done, ends, hits = 0, 0, 0
    fresh(cache)
    while done < kills:
        out.unlink(missing_ok=True)
        through_pipe = done % 2 == 1
        with out.open("wb") if through_pipe else Path(os.devnull).open("wb") as sink:
            process = subprocess.Popen(
                command(folder, cache, "-" if through_pipe else out, "--quiet"), stdout=sink, stderr=subprocess.DEVNULL
            )
            try:
                process.wait(lots.uniform(0, min(fresh_run / 4, 6)))  # seconds
                ends += 1
                fresh(cache)  # it got to its end: begin anew
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                done += 1
                hits += not through_pipe and out.exists() and out.read_bytes() != expected
    said = timed(folder, cache, out)[1]
    same = out.read_bytes() == expected
    left = [path.name for path in place.iterdir() if path.name.startswith(".") or path.suffix == ".tmp"]
    print(f"{kills} kills, {ends} runs that got to their end in between; half-written files: {hits}")
    print(f"{len(left)} unfinished parts left over, which the next run removes once they are a minute old")
    print(f"after the last rerun the same bytes: {same}; {said}")
    if not same or hits:
        raise SystemExit("the output is not the undisturbed one")
    integrity = subprocess.run([sys.executable, "-m", "visrec_cli", "check", str(out)], capture_output=True, text=True)
    print(integrity.stdout.strip() or integrity.stderr.strip())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--kind", default="large", choices=("large", "small"))
    options = parser.parse_args()
    as_installed()
    print(machine("onnxruntime", "pillow"))
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        folder = place / "imgs"
        draw_photos(folder, options.pictures, options.kind)
        settle(folder)
        timed(folder, place / "cache", place / "first.arrow")  # compiles the model
        again(folder, place, options.rounds)
        if options.kills:
            killed(folder, place, options.kills)


if __name__ == "__main__":
    main()
