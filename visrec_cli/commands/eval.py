"""``visrec eval``."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from visrec_cli.commands.from_options import Given, command_of
from visrec_cli.options.destination import DestinationWithoutRejects
from visrec_cli.options.eval import EvalOptions
from visrec_cli.options.eval_files import EvalFiles
from visrec_cli.options.files import Reads
from visrec_cli.runtime.report import Report

if TYPE_CHECKING:
    import pyarrow as pa

    from visrec_cli.reports.evaluation import EvaluationReport


@dataclass(frozen=True)
class Runs:
    """The lists."""

    runs: Annotated[
        list[str], typer.Argument(metavar="RECS...", help="Recommendation lists of any tool; - for stdin."), Reads()
    ]


def run(given: Given) -> None:
    """Evaluate recommendation lists against held-out interactions.

    Reads lists of any tool: of visrec, tables of user, item and rank or score, TREC runs, one list per user. --truth
    may be TREC judgements (qrels). Every user of the truth counts; one without recommendations counts as 0. Every mean
    has a bootstrap interval over users. Several runs are compared user by user with a paired test, and significant
    differences are reported in words. The metrics: docs/metrics.md

    If --truth has a column 'split' (visrec split), its training rows are used as --train. Gates are for CI: all
    outputs are written first, then a gate that fails sets the exit code to 1.

    Examples:

        visrec recommend als.arrow --all-users | visrec eval - --truth clicks.csv

        visrec eval als-lists.arrow knn-lists.arrow --truth split.arrow --baselines --by popularity --html report.html

        visrec eval als-lists.arrow --truth split.arrow --fail-under ndcg@10=0.01 --fail-if-worse-than knn-lists.arrow

        visrec recommend items.arrow --all -k 20 | visrec eval - --items items.arrow --class title

        visrec eval als-lists.arrow --logged shown.csv
    """
    from visrec_cli.commands.eval_files import refuse, show, write_files
    from visrec_cli.commands.runner import run_stage

    runs, options, files = given["runs"], given.of(EvalOptions), given.of(EvalFiles)
    if files.figure is not None:
        gated = [gate.partition("=")[0] for gate in options.gates.fail_under]
        files.refuse_figure([*options.metrics, *gated], options.ks)
    evaluations: list[EvaluationReport] = []
    both = options.logged is not None and options.truth is not None
    twice = files.html is not None or both  # then runs are read twice

    def stage(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.eval import evaluate
        from visrec_cli.stages.eval.report_model import report_of
        from visrec_cli.stages.eval.runs import names_of
        from visrec_cli.tables.readers import read_all

        sources = [read_all(one) if one == "-" and twice else one for one in runs]
        done = evaluate(*sources, options=options, names=names_of(runs, options.names), report=report)
        evaluations.append(report_of(done, report))
        write_files(files, options.items, done, evaluations[0], report)
        return done.results.to_reader()

    run_stage(
        stage, given.of(DestinationWithoutRejects), noun="results", show=lambda reader: show(evaluations[0], reader)
    )
    refuse(evaluations[0].verdicts)


command = command_of(run, Runs, EvalOptions, EvalFiles, DestinationWithoutRejects)
