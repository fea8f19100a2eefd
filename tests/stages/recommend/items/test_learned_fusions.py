"""Recommending in a space that was learned."""

import json
import subprocess
import sys
from pathlib import Path

from tests.contracts.fuser_suite import fused, planted, table
from visrec_cli.stages.fuse import fuse
from visrec_cli.stages.recommend.items import recommend
from visrec_cli.stages.recommend.items.visual_subspace import picture_numbers
from visrec_cli.tables.output import write_table

QUICK = {"epochs": 20, "batch_size": 128}


def test_what_was_put_together_is_no_near_duplicate() -> None:
    """A fusion learned from labels puts all of a label in nearly one place; none of them may be hidden for that."""
    whole = table(*planted())
    for options in ({"method": "gated", "settings": QUICK, "dim": 8}, {"reduce": "lda"}):
        result = fuse(whole, target="kind", device="cpu", **options).read_all()
        answers = recommend(result, items=["i0"], k=20).read_all()
        assert answers.num_rows == 20
        assert not picture_numbers(fused(whole, target="kind", device="cpu", **options)[2], "embedding", 8).any()


def test_nothing_heavy_is_needed_to_place_a_query(tmp_path: Path) -> None:
    result = fuse(table(*planted()), method="two-tower", settings=QUICK, dim=8, device="cpu")
    write_table(result, tmp_path / "joint.arrow")
    code = """
import json, sys, numpy as np
from visrec_cli.stages.recommend.items.fused_query import project
from visrec_cli.tables.readers import open_table
from visrec_cli.tables.spaces import space_of
space = space_of(open_table("joint.arrow").schema.field("embedding"))
found = project(space, {"text_embedding": np.ones((2, 16), np.float32)})
heavy = [name for name in ("torch", "sklearn", "scipy", "polars", "threadpoolctl") if name in sys.modules]
print(json.dumps([list(found.shape), heavy]))
"""
    (tmp_path / "place.py").write_text(code)
    done = subprocess.run([sys.executable, "place.py"], cwd=tmp_path, capture_output=True, text=True)
    assert json.loads(done.stdout) == [[2, 8], []], done.stderr
