"""How long a command takes to say hello: ``visrec --help`` and friends against ``python -c pass``, in turn, in one run.

    python benchmarks/startup.py [--rounds 15]

Medians of wall time and ratios. The peer is Python itself, and ``import typer``, which every Typer program pays.
"""

import argparse
import subprocess
import sys
import time
from statistics import median

COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "python -c 'import typer'": ["-c", "import typer"],
    "visrec --help": ["-m", "visrec_cli", "--help"],
    "visrec recommend --help": ["-m", "visrec_cli", "recommend", "--help"],
    "visrec --version": ["-m", "visrec_cli", "--version"],
}


def seconds(arguments: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(rounds + 1):
        for name, arguments in COMMANDS.items():
            taken = seconds(arguments)
            if turn:  # the first turn fills the file cache
                times[name].append(taken)
    base, typer = (median(times[name]) for name in list(COMMANDS)[:2])
    print("| command | median ms | ratio to python | ratio to import typer |\n|---|---|---|---|")
    for name, taken in times.items():
        print(f"| `{name}` | {1000 * median(taken):.0f} | {median(taken) / base:.1f} | {median(taken) / typer:.2f} |")


if __name__ == "__main__":
    main()
