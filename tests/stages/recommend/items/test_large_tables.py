"""One query on a mapped table takes no memory for its vectors, and none for the ids of all items."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.contracts.index_suite import unit
from tests.limits import HANGS
from visrec_cli.tables.spaces import Space
from visrec_cli.tables.vectors import column_of

ROWS, WIDTH = 32768, 512
_ASK = """
import resource, sys
from visrec_cli.stages.recommend.items import recommend

def ask(path):
    return recommend(path, items=["i7"], k=5).read_all().to_pydict()["item_id"]

ask(sys.argv[1])
size = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmData")) << 10
room = size + int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_DATA, (room, room))
print(*ask(sys.argv[2]))
"""


def write(path: Path, rows: int, *, batch: int, normalised: bool = True) -> np.ndarray:
    vectors = unit(np.random.default_rng(0).normal(size=(rows, WIDTH)))
    field = Space("lite0", WIDTH, normalised).field("embedding")
    schema = pa.schema([("item_id", pa.string()), field])
    with pa.OSFile(str(path), "wb") as raw, pa.ipc.new_file(raw, schema) as writer:
        for start in range(0, rows, batch):
            part = vectors[start : start + batch]
            ids = pa.array([f"i{row}" for row in range(start, start + len(part))])
            writer.write_batch(pa.record_batch([ids, column_of(part)], schema=schema))
    return vectors


@pytest.mark.skipif(sys.platform != "linux", reason="its limit on memory that is not a file's")
@pytest.mark.parametrize("batch", [512, ROWS])
def test_a_query_takes_less_than_one_copy_of_the_vectors(batch: int, tmp_path: Path) -> None:
    small, large = tmp_path / "small.arrow", tmp_path / "large.arrow"
    write(small, 8192, batch=512)  # with as many threads as the other
    vectors = write(large, ROWS, batch=batch, normalised=batch == 512)
    command = [sys.executable, "-c", _ASK, str(small), str(large), str(ROWS * WIDTH * 4)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANGS)
    assert done.returncode == 0, done.stderr
    nearest = np.argsort(-(vectors @ vectors[7]), kind="stable")[1:6]
    assert done.stdout.split() == [f"i{row}" for row in nearest]
