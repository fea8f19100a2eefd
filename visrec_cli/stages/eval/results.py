"""The table of results: one row per run, metric and slice."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from visrec_cli.options.eval import RESAMPLES
from visrec_cli.stages.eval.metric_spec import MetricSpec
from visrec_cli.stages.eval.uncertainty import intervals_of
from visrec_cli.stages.eval.user_scores import PerUserScores

SCHEMA = pa.schema([
    ("run", pa.string()), ("metric", pa.string()), ("k", pa.int32()), ("slice", pa.string()),
    ("value", pa.float64()), ("ci_low", pa.float64()), ("ci_high", pa.float64()), ("n", pa.int64()),
])  # fmt: skip


def results_of(
    scores: Sequence[PerUserScores], asked: Sequence[MetricSpec], *, resamples: int = RESAMPLES, seed: int = 0
) -> pa.Table:
    """The table of docs/contract.md. n: users with a value. resamples: of the intervals; 0 leaves them out."""
    rows: list[dict[str, Any]] = []
    intervals = intervals_of(scores, resamples=resamples, seed=seed) if resamples else [{}] * len(scores)
    for run, ends in zip(scores, intervals, strict=True):
        for slice in ("all", *run.slices):
            values = run.values if slice == "all" else run.slices[slice]
            for one in asked:
                if slice != "all" and one.name not in values:
                    continue
                defined = len(run.users) if one.name not in values else int((~np.isnan(values[one.name])).sum())
                low, high = ends.get((slice, one.name), (np.nan, np.nan))
                numbers = {"value": run.mean(one.name, slice), "ci_low": low, "ci_high": high}
                known = {name: None if np.isnan(number) else number for name, number in numbers.items()}
                rows.append({"run": run.run, "metric": one.metric, "k": one.k, "slice": slice, "n": defined, **known})
    return pa.Table.from_pylist(rows, schema=SCHEMA)
