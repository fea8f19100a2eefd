"""What lists are judged by, and in which metrics."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

import typer

from visrec_cli.errors import UsageError
from visrec_cli.options.classes import CommandLineType
from visrec_cli.options.eval_truth import JUDGED
from visrec_cli.options.files import Reads
from visrec_cli.options.parsers import listed
from visrec_cli.options.requirements import Excludes, Needs, NeedsInput
from visrec_cli.options.types import Tabular


def _lengths(text: str | None) -> list[int]:
    parts = listed(text) or []
    if not all(part.isdigit() and int(part) > 0 for part in parts):
        raise UsageError(f"-k {text!r} is not a list of lengths", fix="-k 5,10,20")
    return [int(part) for part in parts]


LISTED = CommandLineType(str | None, None, lambda text: listed(text) or [])


@dataclass(frozen=True)
class Policy:
    """How recommendations are assumed to be shown, and how events of a log of clicks are weighted.

    Attributes
    ----------
    same_place : bool, default=False
        Count an event only where the new list has the item in the same place; otherwise wherever it has it among its
        first k, weighed by how much users look at the two places.
    clip : float | None, default=None
        Largest weight of an event; None: no limit.
    """

    same_place: Annotated[
        bool,
        typer.Option("--same-place", help="--logged: count only items that were shown at their new position."),
        Needs("--logged"),
    ] = False
    clip: Annotated[
        float | None,
        typer.Option("--clip", metavar="N", min=1, help="--logged: limit the weight of an event to N."),
        Needs("--logged"),
    ] = None


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What lists are judged by, and in which metrics.

    Attributes
    ----------
    truth : Tabular | None, default=None
        Held-out interactions, or a log with a column ``split``, whose test rows they are.
    class_column : str | None, default=None
        Column of the items, instead of a truth: what shares its value with the query is relevant.
    names : Sequence[str], default=()
        Names of the runs; none: the stems of their files.
    metrics : Sequence[str], default=()
        Names of metrics, as ``ndcg@10``; those without @k are computed at every length of ``ks``. None: the usual ones.
    ks : Sequence[int], default=()
        Lengths of lists, in items.
    logged : Tabular | None, default=None
        Log of shown items with clicks, from which click rates are estimated. Beside a truth, runs are read twice.
    policy : Policy, default=Policy()
        How the recommendations would be shown.
    """

    truth: Annotated[
        Tabular | None,
        typer.Option("--truth", "-t", metavar="LOG", help="Held-out interactions, or a log with a column 'split'."),
        Reads(),
        Excludes("--class"),
    ] = None
    class_column: Annotated[
        str | None,
        typer.Option(
            "--class",
            metavar="COLUMN",
            help="Evaluate similar items without --truth: an answer of the query's class is relevant.",
        ),
        Needs("--items"),
    ] = None
    names: Annotated[
        Sequence[str],
        typer.Option("--names", metavar="a,b", help="Names of the runs (default: their file names)."),
        LISTED,
    ] = ()
    metrics: Annotated[
        Sequence[str],
        typer.Option(
            "--metrics", "-m", metavar="ndcg@10,mrr", help="Metrics to compute; those without @k at every length of -k."
        ),
        JUDGED,
        LISTED,
    ] = ()
    ks: Annotated[
        Sequence[int],
        typer.Option("-k", "--k", metavar="5,10,20", help="Lengths of the lists for metrics without @k."),
        NeedsInput("a metric that takes a length and names none, or --logged"),
        CommandLineType(str | None, None, _lengths),
    ] = ()
    logged: Annotated[
        Tabular | None,
        typer.Option(
            "--logged",
            metavar="LOG",
            help="Estimate click rates from a log of shown items, with position and click (0 or 1).",
        ),
        Reads(),
    ] = None
    policy: Policy = field(default_factory=Policy)
