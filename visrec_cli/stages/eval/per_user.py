"""Per-user metric values as a table."""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from visrec_cli.stages.eval.user_scores import PerUserScores


def per_user(scores: Sequence[PerUserScores]) -> pa.RecordBatchReader:
    """``run``, ``user_id`` and a column per metric of users (``ndcg@10``), null where it means nothing for the user.

    Metrics of all lists together (coverage) are no user's and are not in it.
    """
    metrics = list(dict.fromkeys(name for run in scores for name in run.values))
    schema = pa.schema([("run", pa.string()), ("user_id", pa.string()), *((name, pa.float64()) for name in metrics)])

    def batches() -> Iterator[pa.RecordBatch]:
        for run in scores:
            values = [pa.array(run.values[name], from_pandas=True) for name in metrics]  # NaN is null
            yield pa.record_batch([pa.array([run.run] * len(run.users)), run.users, *values], schema)

    return pa.RecordBatchReader.from_batches(schema, batches())
