"""The files that ``eval`` writes beside its table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from visrec_cli.errors import UsageError
from visrec_cli.options.eval_truth import COMPARED, JUDGED
from visrec_cli.options.files import Writes
from visrec_cli.options.requirements import NeedsInput


@dataclass(frozen=True, kw_only=True)
class EvalFiles:
    """Their paths; None for those that are not written.

    Attributes
    ----------
    html : str | None, default=None
        A report as one page, with pictures.
    figure : str | None, default=None
        Metrics over the length of the list, as SVG, PNG or PDF.
    markdown : str | None, default=None
        A summary for a pull request.
    junit : str | None, default=None
        The gates as JUnit XML.
    per_user : str | None, default=None
        Table of the metrics of each user.
    comparisons : str | None, default=None
        Table of the differences between runs.
    """

    html: Annotated[
        str | None,
        typer.Option("--html", metavar="FILE", help="Write a report as one self-contained HTML page, with pictures."),
        Writes("a page"),
    ] = None
    figure: Annotated[
        str | None,
        typer.Option("--figure", metavar="FILE", help="Plot the metrics over k to FILE: .svg, .png or .pdf."),
        Writes("a figure"),
        NeedsInput("a metric at two lengths of the list"),
    ] = None
    markdown: Annotated[
        str | None,
        typer.Option("--markdown", metavar="FILE", help="Write a short summary, for a pull request, to FILE."),
        Writes("a page"),
    ] = None
    junit: Annotated[
        str | None,
        typer.Option("--junit", metavar="FILE", help="Write the gates to FILE as JUnit XML, one test case each."),
        Writes("a page"),
    ] = None
    per_user: Annotated[
        str | None,
        typer.Option("--per-user", metavar="FILE", help="Write per-user metric values to FILE."),
        Writes("a table", stdout=True),
        JUDGED,
    ] = None
    comparisons: Annotated[
        str | None,
        typer.Option(
            "--comparisons", metavar="FILE", help="Write the comparisons of the runs to FILE, one row per metric."
        ),
        Writes("a table", stdout=True),
        JUDGED,
        COMPARED,
    ] = None

    @staticmethod
    def refuse_figure(metrics: Sequence[str], ks: Sequence[int]) -> None:
        """Raises UsageError where no metric is at two lengths, which a curve needs."""
        at = {metric for metric in metrics if "@" in metric}
        several = len(set(ks)) > 1 and (not metrics or len(at) < len(set(metrics)))
        if not several and len({metric.partition("@")[0] for metric in at}) == len(at):
            raise UsageError("--figure needs a metric at two lengths of the list at least", fix="-k 5,10,20")
