"""A process that fits every recommender and says what came out, for tests that compare processes.

Prints JSON. models: a hash of each recommender's table, and of the scores of its users folded in anew, from the model
as it is read from that table. weak: of each kernel that was compiled here, the functions that another copy of the
same name may stand in for. variants: how many machine codes each kernel has.
"""

import hashlib
import importlib
import json
import pkgutil
import sys
from typing import Any

import numba
import numpy as np
import pyarrow as pa
import scipy.sparse as sp
from numba.core.registry import CPUDispatcher

from visrec_cli import recommenders
from visrec_cli.recommenders.data import Content, Log
from visrec_cli.recommenders.serialization import from_table, to_table
from visrec_cli.registry import find, names

USERS, ITEMS = 240, 96  # enough for several runs of rows, and for blocks that threads share
SMALL = {"epochs": 2, "embedding_size": 8, "hidden_size": 8, "visual_size": 4}
OF_NUMBA = "NRT_"  # counts references: no arithmetic


def log_of(stars: bool) -> tuple[Log, Content]:
    rng = np.random.default_rng(5)
    matrix = sp.random(USERS, ITEMS, 0.2, format="csr", dtype=np.float32, rng=rng)
    matrix.data = rng.integers(1, 6, matrix.nnz).astype(np.float32) if stars else np.ones(matrix.nnz, np.float32)
    ids = tuple(f"u{u}" for u in range(USERS)), tuple(f"i{i}" for i in range(ITEMS))
    vectors = rng.standard_normal((ITEMS, 16), np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    times = rng.integers(0, 10**10, matrix.nnz)
    return Log(*ids, matrix, times), Content(vectors, np.ones(ITEMS, bool), (("picture", 10), ("text", 6)))


def digest(content: Any) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def digests(name: str) -> list[str]:
    kind = find("recommender", name)
    settings = {setting: value for setting, value in SMALL.items() if setting in kind.settings}
    log, content = log_of(kind.predicts_ratings)
    table = to_table(kind(seed=1, device="cpu", **settings).fit(log, content))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    read, _, _ = from_table(pa.ipc.open_file(sink.getvalue()).read_all())
    folded = kind.fold_in(read, log.users, log.matrix, log.times)
    return [digest(sink.getvalue()), digest(np.ascontiguousarray(read.scores(folded)).tobytes())]


def loops() -> dict[str, CPUDispatcher]:
    """Every function that numba compiles, but for the helpers that are inlined."""
    found = {}
    for module in pkgutil.walk_packages(recommenders.__path__, recommenders.__name__ + "."):
        if module.name.endswith(".kernel") or ".kernels." in module.name:
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, CPUDispatcher) and not value.targetoptions.get("forceinline"):
                    found[f"{module.name}.{name}"] = value
    return found


def weak(loop: CPUDispatcher) -> list[str]:
    found = set[str]()
    for result in loop.overloads.values():
        for line in result.library.get_llvm_str().splitlines():
            if line.startswith("define") and ("linkonce" in line or "weak" in line):
                found.add(line.partition("@")[2].partition("(")[0].strip('"'))
    return sorted(one for one in found if not one.startswith(OF_NUMBA))


if __name__ == "__main__":
    models = {name: digests(name) for name in names("recommender")}
    fresh = {name: weak(loop) for name, loop in loops().items() if loop.stats.cache_misses}
    told = {
        "models": models,
        "weak": fresh,
        "variants": {name: len(loop.overloads) for name, loop in loops().items()},
        "threads": numba.config.NUMBA_NUM_THREADS,
    }
    json.dump(told, sys.stdout)
