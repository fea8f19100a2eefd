"""The table of results."""

import numpy as np
import pyarrow as pa
import pytest

from visrec_cli.stages.eval.metric_spec import wanted
from visrec_cli.stages.eval.results import SCHEMA, results_of
from visrec_cli.stages.eval.user_scores import PerUserScores

ASKED = wanted(["ndcg@10", "coverage@10"])


def a_run() -> PerUserScores:
    values = np.array([0.1, 0.3, np.nan, 0.8])
    run = PerUserScores("als", pa.array(list("uvwx")), {"ndcg@10": values}, exposure={"coverage@10": 0.25})
    run.add_users("users: few", np.array([True, False, True, False]))
    return run


def test_a_row_per_metric_and_slice_with_its_interval() -> None:
    table = results_of([a_run()], ASKED)
    assert table.schema == SCHEMA
    ndcg, coverage, few = table.to_pylist()
    assert (ndcg["metric"], ndcg["k"], ndcg["slice"], ndcg["n"]) == ("ndcg", 10, "all", 3)
    assert ndcg["value"] == pytest.approx(0.4)
    assert ndcg["ci_low"] < 0.4 < ndcg["ci_high"]
    assert (coverage["value"], coverage["ci_low"], coverage["n"]) == (0.25, None, 4)
    assert (few["slice"], few["value"], few["ci_low"], few["n"]) == ("users: few", 0.1, None, 1)


def test_the_same_seed_gives_the_same_table_and_intervals_can_be_left_out() -> None:
    assert results_of([a_run()], ASKED).equals(results_of([a_run()], ASKED))
    assert results_of([a_run()], ASKED, resamples=0)["ci_low"].null_count == 3
    assert results_of([], ASKED).num_rows == 0
