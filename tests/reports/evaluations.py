"""An evaluation made up for the tests of its reports."""

import pyarrow as pa

from visrec_cli.reports.evaluation import EvaluationReport, Verdict
from visrec_cli.stages.eval import SCHEMA

RUNS = {"als": 0.3, "popularity": 0.1}
HOSTILE = "</style><script>window.hit=1</script><img src=x onerror='window.hit=1'>[/b]|\x1b[31m"


def rows(runs: dict[str, float]) -> list[dict[str, object]]:
    return [
        {"run": run, "metric": metric, "k": k, "slice": slice, "value": value + at / 100 + k / 1000,
         "ci_low": value + at / 100 - 0.02, "ci_high": value + at / 100 + 0.05, "n": 100 - 10 * at}
        for run, value in runs.items()
        for metric in ("ndcg", "novelty")
        for k in (5, 10)
        for at, slice in enumerate(("all", "items: cold") if metric == "ndcg" else ("all",))
    ]  # fmt: skip


def told(runs: dict[str, float] = RUNS, words: str = "als beats popularity", **changes: object) -> EvaluationReport:
    """Two runs, two metrics at two lengths, one of them sliced; verdicts of both kinds."""
    verdicts = (
        Verdict("als", "ndcg@10 is at least 0.2", True, f"{words}: enough"),
        Verdict("popularity", "ndcg@10 is at least 0.2", False, f"{words}: too little"),
    )
    parts = {
        "results": pa.Table.from_pylist(rows(runs), schema=SCHEMA),
        "better": {"ndcg": "more", "novelty": ""},
        "facts": (("candidates", words),),
        "differences": (words,),
        "warnings": (words,),
        "verdicts": verdicts,
    }
    return EvaluationReport(**{**parts, **changes})  # type: ignore[arg-type]
