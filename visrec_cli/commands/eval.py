"""``visrec eval``."""

from typing import TYPE_CHECKING, Annotated

import typer

from visrec_cli.commands.behaviour import columns_of
from visrec_cli.commands.options import (
    Format,
    IdColumn,
    ItemColumn,
    NoHeader,
    Output,
    Quiet,
    TimeColumn,
    UserColumn,
    WeightColumn,
)
from visrec_cli.errors import UsageProblem
from visrec_cli.runtime.reporting import Report

if TYPE_CHECKING:
    import pyarrow as pa

    from visrec_cli.reports.evaluation import Told


def command(
    runs: Annotated[list[str], typer.Argument(metavar="RECS...", help="Recommendations, of any tool; - for stdin.")],
    truth: Annotated[
        str | None,
        typer.Option("--truth", "-t", metavar="LOG", help="What users then did, or a log with a column 'split'."),
    ] = None,
    train: Annotated[
        str | None, typer.Option("--train", metavar="LOG", help="What was known before, where --truth does not say it.")
    ] = None,
    items: Annotated[str | None, typer.Option("--items", metavar="TABLE", help="The catalogue.")] = None,
    class_column: Annotated[
        str | None,
        typer.Option("--class", metavar="COLUMN", help="Instead of --truth, for similar items: same class is right."),
    ] = None,
    embedding: Annotated[
        str | None, typer.Option("--column", metavar="NAME", help="The embedding column that says how alike items are.")
    ] = None,
    names: Annotated[
        str | None, typer.Option("--names", metavar="a,b", help="What to call the runs (default: their files).")
    ] = None,
    metrics: Annotated[
        str | None, typer.Option("--metrics", "-m", metavar="ndcg@10,mrr", help="Which; those without @k at all of -k.")
    ] = None,
    k: Annotated[
        str | None, typer.Option("-k", "--k", metavar="5,10,20", help="Lengths of the lists for metrics without @k.")
    ] = None,
    min_weight: Annotated[
        float | None, typer.Option("--min-weight", metavar="N", help="From N on, what a user did is relevant.")
    ] = None,
    fold: Annotated[
        int | None, typer.Option("--fold", metavar="N", help="The fold that is the test, where a column 'fold' is.")
    ] = None,
    logged: Annotated[
        str | None,
        typer.Option("--logged", metavar="LOG", help="What was shown, where, and clicked (0 or 1): says click rates."),
    ] = None,
    same_place: Annotated[
        bool, typer.Option("--same-place", help="--logged: only what was shown in its new place counts.")
    ] = False,
    clip: Annotated[
        float | None, typer.Option("--clip", metavar="N", min=1, help="--logged: no event counts for more than N.")
    ] = None,
    per_user: Annotated[
        str | None, typer.Option("--per-user", metavar="FILE", help="Also write what each user's list is worth.")
    ] = None,
    html: Annotated[
        str | None, typer.Option("--html", metavar="FILE", help="Also draw a report: one page, no network.")
    ] = None,
    figure: Annotated[
        str | None, typer.Option("--figure", metavar="FILE", help="Also draw metrics over k: .svg, .png or .pdf.")
    ] = None,
    markdown: Annotated[
        str | None, typer.Option("--markdown", metavar="FILE", help="Also write a short summary for a pull request.")
    ] = None,
    junit: Annotated[
        str | None, typer.Option("--junit", metavar="FILE", help="Also write the gates as JUnit XML, a case each.")
    ] = None,
    user_column: UserColumn = None,
    item_column: ItemColumn = None,
    weight_column: WeightColumn = None,
    time_column: TimeColumn = None,
    no_header: NoHeader = False,
    id_column: IdColumn = None,
    output: Output = "-",
    format: Format = None,
    quiet: Quiet = False,
) -> None:
    """Judge recommendations by what users then did.

    Any tool's recommendations are read: ours, tables of user, item and rank or score, TREC runs, one list per user.

    Examples:

        visrec recommend als.arrow --all-users | visrec eval - --truth clicks.csv --metrics ndcg@10,recall@20
    """
    from visrec_cli.commands.evaluation_files import Files, show
    from visrec_cli.commands.running import run_stage

    files = Files(html, figure, junit, markdown, per_user, items)
    files.refuse_early(output)
    told: list[Told] = []
    twice = html is not None or (logged is not None and truth is not None)  # then a run is read again
    if logged is None and (same_place or clip is not None):
        raise UsageProblem("--same-place and --clip are about a log of clicks", fix="--logged LOG")

    def stage(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.evaluate import evaluate
        from visrec_cli.stages.evaluating.logged import Policy
        from visrec_cli.stages.evaluating.telling import told_of
        from visrec_cli.tables.reading import read_all

        done = evaluate(
            *(read_all(run) if run == "-" and twice else run for run in runs),
            truth=truth,
            train=train,
            items=items,
            class_column=class_column,
            embedding=embedding,
            logged=logged,
            policy=Policy(same_place, clip),
            names=_listed(names),
            metrics=_listed(metrics),
            ks=_lengths(k),
            min_weight=min_weight,
            fold=fold,
            columns=columns_of(user_column, item_column, weight_column, time_column, None, no_header),
            id_column=id_column,
            report=report,
        )
        told.append(told_of(done, report))
        files.write(done, told[0], report)
        return done.results.to_reader()

    run_stage(
        stage,
        output=output,
        format=format,
        quiet=quiet,
        noun="results",
        show=lambda reader: show(told[0], reader),
    )


def _listed(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _lengths(text: str | None) -> list[int]:
    parts = _listed(text)
    if not all(part.isdigit() and int(part) > 0 for part in parts):
        raise UsageProblem(f"-k {text!r} is no list of lengths", fix="-k 5,10,20")
    return [int(part) for part in parts]
