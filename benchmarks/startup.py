"""How long commands take that have nothing to do: what it costs to start, and what each of them imports.

    python benchmarks/startup.py [--rounds 15]

Medians of wall time, in turn, in one run, over tables of a few rows. The peers are Python itself, ``import typer``,
which every Typer program pays, and ``import typer, pyarrow``, which every one pays that reads a table. Beside them the
number of modules and the packages whose own files take longest to import (``python -X importtime``).
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median

from environment import as_installed

PEERS = {"python -c pass": "pass", "import typer": "import typer", "import typer, pyarrow": "import typer, pyarrow"}
COMMANDS = (
    "--help",
    "--version",
    "recommend --help",
    "show table.arrow",
    "show table.arrow --format csv",
    "show table.arrow -o copy.arrow",
    "check table.arrow",
    "fuse table.arrow -o fused.arrow",
    "recommend table.arrow --item 3 -k 10 -o found.arrow",
    "embed-images imgs -e colour -o vectors.arrow",
    "preprocess imgs -o pictures.arrow",
    "interactions log.csv -o log.arrow",
    "split log.csv -o split.arrow",
    "train-cf log.arrow --model popularity -o model.arrow",
    "recommend model.arrow --all-users -o lists.arrow",
    "eval lists.arrow --truth log.arrow -o scores.arrow",
)
_IMPORT = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)")


def desk(folder: Path) -> None:
    """What the commands name: a table with vectors, four pictures, a log."""
    import numpy as np
    import pyarrow as pa
    from PIL import Image

    from visrec_cli.tables.output import write_table
    from visrec_cli.tables.vectors import column_of

    rng = np.random.default_rng(0)
    (folder / "imgs").mkdir()
    for number in range(4):
        Image.fromarray(rng.integers(0, 255, (64, 64, 3), np.uint8)).save(folder / "imgs" / f"{number}.png")
    vectors = rng.normal(size=(100, 16)).astype(np.float32)
    items = {"item_id": [str(row) for row in range(100)], "title": [f"thing {row}" for row in range(100)]}
    write_table(pa.table({**items, "image_embedding": column_of(vectors)}), folder / "table.arrow")
    lines = [f"{user},{rng.integers(100)},{1_600_000_000 + turn}" for user in range(40) for turn in range(10)]
    (folder / "log.csv").write_text("\n".join(["user_id,item_id,timestamp", *lines]) + "\n")


def run(arguments: list[str], folder: Path) -> float:
    start = time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return time.perf_counter() - start


def imports(arguments: list[str], folder: Path) -> tuple[int, str]:
    """How many modules a command loads, and the four packages that take longest, with their milliseconds."""
    command = [sys.executable, "-X", "importtime", *arguments]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True).stderr
    found = _IMPORT.findall(said)
    cost: Counter[str] = Counter()
    for own, name in found:
        cost[name.split(".")[0]] += int(own)
    return len(found), ", ".join(f"{name} {own / 1000:.0f}" for name, own in cost.most_common(4))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    as_installed()
    lines = {name: ["-c", code] for name, code in PEERS.items()}
    lines |= {f"visrec {command}": ["-m", "visrec_cli", *command.split()] for command in COMMANDS}
    times: dict[str, list[float]] = {name: [] for name in lines}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        desk(folder)
        for turn in range(rounds + 1):
            for name, arguments in lines.items():
                taken = run(arguments, folder)
                if turn:  # the first turn fills the file cache
                    times[name].append(taken)
        loaded = {name: imports(arguments, folder) for name, arguments in lines.items()}
    python, typer, arrow = (median(times[name]) for name in PEERS)
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, medians of {rounds}")
    print("| command | ms | ÷ python | ÷ import typer | ÷ typer, pyarrow | modules | heaviest packages, ms |")
    print("|---|---|---|---|---|---|---|")
    for name, taken in times.items():
        ms, (modules, heaviest) = median(taken), loaded[name]
        ratios = " | ".join(f"{ms / base:.2f}" for base in (python, typer, arrow))
        print(f"| `{name}` | {1000 * ms:.0f} | {ratios} | {modules} | {heaviest} |")


if __name__ == "__main__":
    main()
