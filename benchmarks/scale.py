"""One query on a table that is larger than what it may take of memory, beside faiss and numpy, in turn, in one run.

    python benchmarks/scale.py [--items 1000000] [--width 512] [--rounds 5] [--also npy parquet]

Whole processes, from start to printed answer, files in the page cache: ``visrec recommend TABLE --item ID -k 10``;
faiss's flat index, which copies the matrix of an NPY file and then searches it; numpy's product with the same file,
mapped. Least wall and processor time of some rounds, and the largest anonymous memory that was seen: pages of mapped
files do not count, since the system takes them back when it needs room. First it is checked that all find the same
items. The files (2 GB each at the default size) lie in a temporary folder, made block by block.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from environment import as_installed, machine, with_peers

K, ASKED, BLOCK = 10, 42, 8192
FAISS = """
import sys, faiss, numpy as np
matrix = np.load(sys.argv[1], mmap_mode="r")
index = faiss.IndexFlatIP(matrix.shape[1])
index.add(matrix)
rows = index.search(matrix[{asked}:{asked} + 1], {k} + 1)[1][0]
print(*(row for row in rows if row != {asked}))
"""
NUMPY = """
import sys, numpy as np
matrix = np.load(sys.argv[1], mmap_mode="r")
scores = matrix @ matrix[{asked}]
best = np.argpartition(-scores, {k} + 1)[: {k} + 1]
print(*(row for row in best[np.argsort(-scores[best])] if row != {asked}))
"""
SHOW = "import sys, pyarrow as pa; print(*pa.ipc.open_stream(sys.stdin.buffer).read_all()['item_id'].to_pylist())"


class Run(NamedTuple):
    """What one process took."""

    wall: float
    processor: float
    anonymous: int
    answer: bytes


def vectors_of(items: int, width: int) -> Iterator[Any]:
    """Vectors of length 1 around a thousand centres, block by block."""
    import numpy as np

    rng = np.random.default_rng(0)
    centres = rng.standard_normal((1000, width), np.float32)
    for start in range(0, items, BLOCK):
        rows = min(BLOCK, items - start)
        vectors = rng.standard_normal((rows, width), np.float32) + centres[rng.integers(0, 1000, rows)]
        yield vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def write(folder: Path, items: int, width: int, also: list[str]) -> None:
    """The same vectors as a table of visrec and as NPY, and as Parquet where that is asked for."""
    import numpy as np
    import pyarrow as pa

    from visrec_cli.tables.output import write_table
    from visrec_cli.tables.spaces import Space
    from visrec_cli.tables.vectors import column_of

    matrix = np.lib.format.open_memmap(folder / "table.npy", "w+", np.float32, (items, width))
    for start, vectors in zip(range(0, items, BLOCK), vectors_of(items, width), strict=True):
        matrix[start : start + len(vectors)] = vectors
    matrix.flush()
    schema = pa.schema([("item_id", pa.string()), Space("synthetic", width, True).field("embedding")])

    def batches() -> Iterator[pa.RecordBatch]:
        for start in range(0, items, BLOCK):
            part = matrix[start : start + BLOCK]
            ids = pa.array([str(row) for row in range(start, start + len(part))])
            yield pa.RecordBatch.from_arrays([ids, column_of(part)], schema=schema)

    for name in ["table.arrow", *(["table.parquet"] if "parquet" in also else [])]:
        write_table(pa.RecordBatchReader.from_batches(schema, batches()), folder / name)


def run(command: list[str]) -> Run:
    """Run a process; its anonymous memory is looked up every two milliseconds."""
    start, peak = time.perf_counter(), 0
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    ended = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not ended.wait(0.002):
            with suppress(OSError):
                lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
                peak = max([peak, *(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))])

    watcher = threading.Thread(target=watch)
    watcher.start()
    assert process.stdout is not None
    answer = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    ended.set()
    watcher.join()
    if status:
        raise SystemExit(f"{' '.join(command)[:200]} failed")
    return Run(wall, usage.ru_utime + usage.ru_stime, peak >> 10, answer)


def found(name: str, answer: bytes) -> list[str]:
    """The items of an answer, best first; of visrec's tables by pyarrow."""
    if name.startswith("visrec"):
        answer = subprocess.run([sys.executable, "-c", SHOW], input=answer, capture_output=True, check=True).stdout
    return answer.decode().split()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--also", nargs="*", default=[], choices=["npy", "parquet"], help="further formats of the table"
    )
    options = parser.parse_args()
    with_peers("faiss-cpu==1.15.1")
    as_installed()
    print(machine("numpy", "pyarrow", "faiss-cpu"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, options.items, options.width, options.also)
        ask = [sys.executable, "-m", "visrec_cli", "recommend", "--quiet", "--item", str(ASKED), "-k", str(K)]
        peer = {"asked": ASKED, "k": K}
        commands = {
            "visrec, Arrow": [*ask, str(folder / "table.arrow")],
            **({"visrec, NPY": [*ask, str(folder / "table.npy"), "--row-ids"]} if "npy" in options.also else {}),
            **({"visrec, Parquet": [*ask, str(folder / "table.parquet")]} if "parquet" in options.also else {}),
            "faiss, flat": [sys.executable, "-c", FAISS.format(**peer), str(folder / "table.npy")],
            "numpy, mapped": [sys.executable, "-c", NUMPY.format(**peer), str(folder / "table.npy")],
        }
        runs: dict[str, list[Run]] = {name: [] for name in commands}
        answers = {name: found(name, run(command).answer) for name, command in commands.items()}  # and files are read
        if len({tuple(answer) for answer in answers.values()}) > 1:
            raise SystemExit(f"they do not find the same items: {answers}")
        for _ in range(options.rounds):
            for name, command in commands.items():
                runs[name].append(run(command))
    ours = min(one.wall for one in runs["visrec, Arrow"])
    print(f"{options.items:,} × {options.width}\n")
    print("| whole process | seconds | ÷ visrec | processor, s | anonymous memory, MiB |\n|---|---|---|---|---|")
    for name, each in runs.items():
        wall, memory = min(one.wall for one in each), max(one.anonymous for one in each)
        processor = min(one.processor for one in each)
        print(f"| {name} | {wall:.2f} | {wall / ours:.2f} | {processor:.2f} | {memory:,} |")


if __name__ == "__main__":
    main()
