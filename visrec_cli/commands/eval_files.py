"""The files that ``visrec eval`` writes beside its table, and what it shows at a terminal."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from visrec_cli.errors import UsageError
from visrec_cli.runtime.report import Report

if TYPE_CHECKING:
    import pyarrow as pa

    from visrec_cli.reports.evaluation import EvaluationReport, Verdict
    from visrec_cli.stages.eval import Evaluation


@dataclass(frozen=True)
class Files:
    """Where to; None for what nobody wants. items: the table of items, beside which their pictures are."""

    html: str | None = None
    figure: str | None = None
    junit: str | None = None
    markdown: str | None = None
    per_user: str | None = None
    comparisons: str | None = None
    items: str | None = None

    @staticmethod
    def refuse_figure(metrics: Sequence[str], ks: Sequence[int]) -> None:
        """Raises UsageError where no metric is at two lengths, which a curve needs."""
        at = {metric for metric in metrics if "@" in metric}
        several = len(set(ks)) > 1 and (not metrics or len(at) < len(set(metrics)))
        if not several and len({metric.partition("@")[0] for metric in at}) == len(at):
            raise UsageError("--figure needs a metric at two lengths of the list at least", fix="-k 5,10,20")

    def write(self, done: "Evaluation", evaluation: "EvaluationReport", report: Report) -> None:
        """Write them."""
        from visrec_cli.tables.atomic import atomic
        from visrec_cli.tables.output import write_table

        made: dict[str, bytes] = {}
        if self.html is not None:
            from visrec_cli.stages.eval.report_model import page_of

            folder = Path(self.items).parent if self.items not in (None, "-") else None
            made[self.html] = page_of(done, evaluation, report, folder=folder).encode()
        if self.markdown is not None:
            from visrec_cli.reports.evaluation_markdown import markdown

            made[self.markdown] = markdown(evaluation).encode()
        if self.junit is not None:
            from visrec_cli.reports.junit import junit

            made[self.junit] = junit(evaluation.verdicts)
        for name, data in made.items():
            with atomic(Path(name)) as file:
                file.write(data)
        if self.figure is not None:
            from visrec_cli.reports.metric_curves import draw_figure

            draw_figure(evaluation, Path(self.figure))
        if self.per_user is not None:
            from visrec_cli.stages.eval.per_user import per_user

            write_table(per_user(done.scores), self.per_user)
        if self.comparisons is not None:
            write_table(done.comparisons, self.comparisons)


def show(evaluation: "EvaluationReport", reader: "pa.RecordBatchReader") -> int:
    """Print the evaluation at the terminal; how many results there are."""
    from rich.console import Console

    from visrec_cli.reports.evaluation_terminal import print_evaluation

    print_evaluation(evaluation, Console())
    return sum(batch.num_rows for batch in reader)


def refuse(verdicts: "Sequence[Verdict]") -> None:
    """Raises CheckFailedError if a gate is not passed: the last thing to do, when everything has been written."""
    from visrec_cli.stages.eval.gates import refusal_of

    no = refusal_of(verdicts)
    if no is not None:
        raise no
