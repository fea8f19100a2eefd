"""``visrec eval``."""

from typing import TYPE_CHECKING, Annotated

import typer

from visrec_cli.commands.eval_options import (
    Baselines,
    By,
    ClassColumn,
    Clip,
    Comparisons,
    EmbeddingColumn,
    FailIfWorseThan,
    FailUnder,
    Figure,
    Html,
    Junit,
    Lengths,
    Logged,
    MarkdownFile,
    Metrics,
    NothingRelevant,
    PerUser,
    Reference,
    Relevant,
    Resamples,
    RunNames,
    SamePlace,
    Seed,
    Strictly,
    TestFold,
    TrainLog,
    TruthLog,
    UsersTable,
    lengths,
    listed,
)
from visrec_cli.commands.interaction_options import columns_of
from visrec_cli.options.destination import Destination
from visrec_cli.options.files import Reads
from visrec_cli.options.logs import ItemColumn, NoHeader, TimeColumn, UserColumn, WeightColumn
from visrec_cli.options.requirements import Needs
from visrec_cli.options.shared import Format, IdColumn, Output, Quiet
from visrec_cli.runtime.report import Report

if TYPE_CHECKING:
    import pyarrow as pa

    from visrec_cli.reports.evaluation import EvaluationReport


def command(
    runs: Annotated[
        list[str], typer.Argument(metavar="RECS...", help="Recommendation lists of any tool; - for stdin."), Reads()
    ],
    truth: TruthLog = None,
    train: TrainLog = None,
    items: Annotated[
        str | None,
        typer.Option("--items", metavar="TABLE", help="Table of the items."),
        Reads(),
        Needs("--truth", "--class"),
    ] = None,
    class_column: ClassColumn = None,
    embedding: EmbeddingColumn = None,
    names: RunNames = None,
    metrics: Metrics = None,
    k: Lengths = None,
    min_weight: Relevant = None,
    nothing_relevant: NothingRelevant = "skip",
    fold: TestFold = None,
    logged: Logged = None,
    same_place: SamePlace = False,
    clip: Clip = None,
    by: By = None,
    users: UsersTable = None,
    baselines: Baselines = False,
    reference: Reference = None,
    fail_under: FailUnder = None,
    fail_if_worse_than: FailIfWorseThan = None,
    strictly: Strictly = False,
    html: Html = None,
    figure: Figure = None,
    markdown: MarkdownFile = None,
    junit: Junit = None,
    per_user: PerUser = None,
    comparisons: Comparisons = None,
    resamples: Resamples = 1000,
    seed: Seed = 0,
    user_column: UserColumn = None,
    item_column: ItemColumn = None,
    weight_column: Annotated[WeightColumn, Needs("--truth")] = None,
    time_column: Annotated[TimeColumn, Needs("--truth")] = None,
    no_header: Annotated[NoHeader, Needs("--truth")] = False,
    id_column: Annotated[IdColumn, Needs("--items")] = None,
    output: Output = "-",
    format: Format = None,
    quiet: Quiet = False,
) -> None:
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
    from visrec_cli.commands.eval_files import Files, refuse, show
    from visrec_cli.commands.runner import run_stage

    files = Files(html, figure, junit, markdown, per_user, comparisons, items)
    if figure is not None:
        files.refuse_figure([*listed(metrics), *(gate.partition("=")[0] for gate in fail_under or ())], lengths(k))
    evaluations: list[EvaluationReport] = []
    twice = html is not None or (logged is not None and truth is not None)  # then runs are read twice

    def stage(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.eval import evaluate
        from visrec_cli.stages.eval.gates import Gates
        from visrec_cli.stages.eval.propensity import Policy
        from visrec_cli.stages.eval.report_model import report_of
        from visrec_cli.stages.eval.runs import names_of
        from visrec_cli.tables.readers import read_all

        done = evaluate(
            *(read_all(run) if run == "-" and twice else run for run in runs),
            truth=truth,
            train=train,
            items=items,
            class_column=class_column,
            embedding=embedding,
            logged=logged,
            policy=Policy(same_place, clip),
            names=names_of(runs, listed(names)),
            metrics=listed(metrics),
            ks=lengths(k),
            by=listed(by),
            users=users,
            baselines=baselines,
            reference=reference,
            gates=Gates(fail_under or (), fail_if_worse_than, strictly),
            resamples=resamples,
            seed=seed,
            min_weight=min_weight,
            nothing_relevant=nothing_relevant,
            fold=fold,
            columns=columns_of(user_column, item_column, weight_column, time_column, None, no_header),
            id_column=id_column,
            report=report,
        )
        evaluations.append(report_of(done, report))
        files.write(done, evaluations[0], report)
        return done.results.to_reader()

    run_stage(
        stage,
        Destination(output=output, format=format, quiet=quiet),
        noun="results",
        show=lambda reader: show(evaluations[0], reader),
    )
    refuse(evaluations[0].verdicts)
