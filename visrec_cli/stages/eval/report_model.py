"""From an evaluation to the model that all reports use."""

from pathlib import Path

from visrec_cli.registry import find, has
from visrec_cli.reports.evaluation import EvaluationReport, runs_by_metric
from visrec_cli.runtime.report import Report
from visrec_cli.stages.eval import Evaluation
from visrec_cli.stages.eval.class_retrieval import SimilarRun


def report_of(done: Evaluation, report: Report, *, title: str = "Evaluation") -> EvaluationReport:
    """What reports tell; of the differences, those of the first metric.

    report: what was said while it was made: its warnings belong to the numbers.
    """
    return EvaluationReport(
        results=done.results,
        better={name: _better(name) for name in set(done.results["metric"].to_pylist())},
        title=title,
        facts=tuple(done.facts.items()),
        differences=tuple(one.sentence for one in done.differences if one.metric == done.differences[0].metric),
        verdicts=done.verdicts,
        warnings=tuple(report.warnings),
        who="queries" if any(isinstance(run, SimilarRun) for run in done.runs) else "users",
    )


def _better(metric: str) -> str:
    """Of estimates from a log (ctr-ips), which are no metrics of lists, more is better."""
    better: str = find("metric", metric).better if has("metric", metric) else "more"
    return better


def page_of(done: Evaluation, evaluation: EvaluationReport, report: Report, *, folder: Path | None = None) -> str:
    """The page, with the users that the best run of the first metric serves worst. folder: of the items' pictures."""
    from visrec_cli.reports.evaluation_page import evaluation_page
    from visrec_cli.stages.eval.worst_users import worst_served

    metric = next((name for run in done.scores for name in run.values), None)
    if metric is None:
        return evaluation_page(evaluation)
    grid = runs_by_metric(evaluation)
    at = grid.columns.index(metric)
    numbers = [row[at] for _, row in grid.rows]
    best = next((place for place, number in enumerate(numbers) if number is not None and number.best), 0)
    worst = worst_served(done.scores[best], done.runs[best], done.truth, metric, report, folder=folder)
    return evaluation_page(evaluation, worst, run=done.scores[best].run, metric=metric)
