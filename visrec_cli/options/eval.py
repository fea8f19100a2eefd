"""Options of ``eval``: slices, comparisons and gates, beside measures and the truth."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

import typer

from visrec_cli.options.eval_measures import LISTED, Measures
from visrec_cli.options.eval_truth import COMPARED, JUDGED, TRUTH, TruthOptions
from visrec_cli.options.files import Reads
from visrec_cli.options.requirements import Condition, Excludes, Needs
from visrec_cli.options.types import Tabular

RESAMPLES = 1000
_NO_CHANCE = Condition(
    "--resamples 0, without --baselines and --logged",
    lambda line: not any(map(line.has, ("resamples", "baselines", "logged"))),
)


@dataclass(frozen=True)
class Gates:
    """Conditions on the runs.

    Attributes
    ----------
    fail_under : Sequence[str], default=()
        Least values of metrics, ``ndcg@10=0.2``; of errors (rmse) largest values.
    worse_than : Tabular | None, default=None
        Recommendations that no run may be worse than.
    strictly : bool, default=False
        Whether any lower mean is worse, or only a significant difference.
    """

    fail_under: Annotated[
        Sequence[str],
        typer.Option(
            "--fail-under",
            metavar="ndcg@10=0.2",
            help="Exit with 1 if a run is below (error metrics: above). Repeatable.",
        ),
        JUDGED,
    ] = ()
    worse_than: Annotated[
        Tabular | None,
        typer.Option(
            "--fail-if-worse-than", metavar="RECS", help="Exit with 1 if a run is worse than RECS by the paired test."
        ),
        Reads(),
        JUDGED,
    ] = None
    strictly: Annotated[
        bool,
        typer.Option("--strictly", help="--fail-if-worse-than: fail on any lower mean, significant or not."),
        Needs("--fail-if-worse-than"),
    ] = False


@dataclass(frozen=True, kw_only=True)
class EvalOptions(TruthOptions, Measures):
    """What is evaluated, compared and asked for.

    Attributes
    ----------
    by : Sequence[str], default=()
        Slices: of stages.eval.slices.KINDS, or columns of the items or of ``users``.
    users : Tabular | None, default=None
        Table of users with columns to slice by.
    baselines : bool, default=False
        Whether random, popularity and content-knn are evaluated, too.
    reference : str | None, default=None
        Name of the run that the others are compared with; None: that of ``gates``, or the first.
    gates : Gates, default=Gates()
        Conditions on the runs.
    resamples : int, default=1000
        Bootstrap samples of the users for the intervals; 0: no intervals.
    seed : int, default=0
        Random seed of the intervals and baselines.
    """

    by: Annotated[
        Sequence[str],
        typer.Option(
            "--by",
            metavar="SLICE,…",
            help="Also evaluate by slice: warmth, activity, pictures, popularity, or a column of the items or users.",
        ),
        JUDGED,
        LISTED,
    ] = ()
    users: Annotated[
        Tabular | None,
        typer.Option("--users", metavar="TABLE", help="Table of users with columns to slice by, such as age."),
        Reads(),
        Needs("--by"),
    ] = None
    baselines: Annotated[
        bool,
        typer.Option("--baselines", help="Also evaluate random, popularity and, with vectors, content-knn."),
        TRUTH,
    ] = False
    reference: Annotated[
        str | None,
        typer.Option("--reference", metavar="RUN", help="Run to compare the others with (default: the first)."),
        JUDGED,
        COMPARED,
    ] = None
    gates: Gates = field(default_factory=Gates)
    resamples: Annotated[
        int,
        typer.Option("--resamples", min=0, help="Bootstrap samples of the users for the intervals; 0: no intervals."),
    ] = RESAMPLES
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="Random seed of the intervals and baselines."), Excludes(_NO_CHANCE)
    ] = 0
