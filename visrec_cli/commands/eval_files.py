"""The files that ``visrec eval`` writes beside its table, and what it shows at a terminal."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from visrec_cli.options.eval_files import EvalFiles
from visrec_cli.runtime.report import Report

if TYPE_CHECKING:
    import pyarrow as pa

    from visrec_cli.reports.evaluation import EvaluationReport, Verdict
    from visrec_cli.stages.eval import Evaluation


def write_files(
    files: EvalFiles, items: str | None, done: "Evaluation", evaluation: "EvaluationReport", report: Report
) -> None:
    """Write what is asked for. items: their table, beside which their pictures are."""
    from visrec_cli.tables.atomic import atomic
    from visrec_cli.tables.output import write_table

    made: dict[str, bytes] = {}
    if files.html is not None:
        from visrec_cli.stages.eval.report_model import page_of

        folder = Path(items).parent if items not in (None, "-") else None
        made[files.html] = page_of(done, evaluation, report, folder=folder).encode()
    if files.markdown is not None:
        from visrec_cli.reports.evaluation_markdown import markdown

        made[files.markdown] = markdown(evaluation).encode()
    if files.junit is not None:
        from visrec_cli.reports.junit import junit

        made[files.junit] = junit(evaluation.verdicts)
    for name, data in made.items():
        with atomic(Path(name)) as file:
            file.write(data)
    if files.figure is not None:
        from visrec_cli.reports.metric_curves import draw_figure

        draw_figure(evaluation, Path(files.figure))
    if files.per_user is not None:
        from visrec_cli.stages.eval.per_user import per_user

        write_table(per_user(done.scores), files.per_user)
    if files.comparisons is not None:
        write_table(done.comparisons, files.comparisons)


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
