"""What each command may import of the heavy packages: no more than it uses, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.conftest import COLOURS, draw
from tests.stages.recommend.users.models import about, factor_model, log
from visrec_cli.recommenders.serialization import to_table
from visrec_cli.tables.output import write_table
from visrec_cli.tables.spaces import Space
from visrec_cli.tables.vectors import column_of

HEAVY = (
    "numpy", "pyarrow", "pyarrow.compute", "polars", "pandas", "scipy", "sklearn", "skimage", "numba", "optuna",
    "matplotlib", "torch", "timm", "sentence_transformers", "transformers", "PIL", "rich", "jinja2", "pydantic",
    "faiss", "annoy", "sqlglot",
)  # fmt: skip
ARROW = {"numpy", "pyarrow"}
COMPUTE = ARROW | {"pyarrow.compute"}
SPARSE = COMPUTE | {"scipy"}
ALLOWED = {
    "show table.arrow -o copy.arrow": ARROW,
    "show table.arrow -o copy.parquet": ARROW,
    "show table.arrow --format ndjson": ARROW,
    "show table.arrow --json": ARROW,
    "show table.arrow --format csv": ARROW | {"polars"},
    "show table.arrow": ARROW | {"rich"},
    "check table.arrow": ARROW,
    "check model.arrow": ARROW,
    "fuse table.arrow -o fused.arrow": COMPUTE,
    "recommend table.arrow --item i3 -k 3 -o found.arrow": COMPUTE,
    "recommend table.arrow --all -k 3 -o found.parquet": COMPUTE,
    "recommend table.arrow --item i3 --where price<5 -o found.arrow": COMPUTE | {"polars", "sqlglot"},
    "embed-images imgs -e colour -o embedded.arrow": ARROW | {"PIL"},
    "preprocess imgs -o items.arrow": ARROW | {"PIL", "scipy"},
    "interactions log.arrow -o clean.arrow": SPARSE,
    "split log.csv -o split.arrow": SPARSE | {"polars"},
    "train-cf log.arrow --model item-knn -o other.arrow": SPARSE | {"numba"},
    "recommend model.arrow --user u3 -o lists.arrow": SPARSE,
    "recommend model.arrow --all-users -o lists.arrow": SPARSE,
    "eval lists.arrow --truth log.arrow -o scores.arrow": SPARSE,
}
PROBE = f"""
import sys
from visrec_cli.app import main
try:
    main()
finally:
    print("imported:", *(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the commands name."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "imgs").mkdir()
    for name, colour in COLOURS.items():
        draw("disc", colour).save(folder / "imgs" / f"{name}.png")
    clicks, model = log(), factor_model()
    items = about(len(model.items.ids)).add_column(0, "item_id", pa.array(model.items.ids))
    vectors = np.random.default_rng(0).normal(size=(items.num_rows, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    table = items.append_column(Space("colour", 8, True).field("image_embedding"), column_of(vectors))
    write_table(table, folder / "table.arrow")
    write_table(to_table(model, about(len(model.items.ids))), folder / "model.arrow")
    pairs = clicks.matrix.tocoo()
    rows = {
        "user_id": [clicks.users[row] for row in pairs.row],
        "item_id": [clicks.items[column] for column in pairs.col],
        "weight": pa.array(pairs.data, pa.float32()),
        "timestamp": pa.array(np.arange(pairs.nnz) * 1000, pa.timestamp("ms", "UTC")),
    }
    write_table(pa.table(rows), folder / "log.arrow")
    write_table(pa.table(rows), folder / "log.csv")
    write_table(
        pa.table({"user_id": ["u1", "u1"], "item_id": ["i1", "i2"], "rank": pa.array([1, 2], pa.int32())}),
        folder / "lists.arrow",
    )
    return folder


@pytest.mark.parametrize("command", ALLOWED)
def test_a_command_imports_no_more_than_it_uses(command: str, desk: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *command.split()], cwd=desk, env=os.environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    said = next(line for line in done.stderr.splitlines() if line.startswith("imported:"))
    imported = set(said.split()[1:])
    assert imported <= ALLOWED[command]
    assert imported >= ARROW


def test_a_stage_called_from_python_leaves_pandas_usable(desk: Path) -> None:
    pytest.importorskip("pandas")
    code = "import visrec_cli as v; print(len(v.show('table.arrow').read_all().to_pandas()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=desk, capture_output=True, text=True)
    assert done.stdout.strip() == "48", done.stderr
