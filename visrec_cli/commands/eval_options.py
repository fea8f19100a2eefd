"""The options of ``visrec eval``: ground truth, metrics and comparisons, gates, and further output files."""

from typing import Annotated

import typer

from visrec_cli.errors import UsageError
from visrec_cli.options.files import Reads, Writes
from visrec_cli.options.requirements import CommandValues, Condition, Excludes, Needs, NeedsInput


def _several(line: CommandValues) -> bool:
    return len(line.values["runs"]) > 1


_JUDGED = Needs("--truth", "--class")
_NO_CHANCE = Condition(
    "--resamples 0, without --baselines and --logged",
    lambda line: not any(map(line.has, ("resamples", "baselines", "logged"))),
)
_SEVERAL = Condition("several runs", _several)

By = Annotated[
    str | None,
    typer.Option(
        "--by",
        metavar="SLICE,…",
        help="Also evaluate by slice: warmth, activity, pictures, popularity, or a column of the items or users.",
    ),
    _JUDGED,
]
UsersTable = Annotated[
    str | None,
    typer.Option("--users", metavar="TABLE", help="Table of users with columns to slice by, such as age."),
    Reads(),
    Needs("--by"),
]
Baselines = Annotated[
    bool,
    typer.Option("--baselines", help="Also evaluate random, popularity and, with vectors, content-knn."),
    Needs("--truth"),
]
Reference = Annotated[
    str | None,
    typer.Option("--reference", metavar="RUN", help="Run to compare the others with (default: the first)."),
    _JUDGED,
    Needs(_SEVERAL, "--baselines", "--fail-if-worse-than"),
]
FailUnder = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-under", metavar="ndcg@10=0.2", help="Exit with 1 if a run is below (error metrics: above). Repeatable."
    ),
    _JUDGED,
]
FailIfWorseThan = Annotated[
    str | None,
    typer.Option(
        "--fail-if-worse-than", metavar="RECS", help="Exit with 1 if a run is worse than RECS by the paired test."
    ),
    Reads(),
    _JUDGED,
]
Strictly = Annotated[
    bool,
    typer.Option("--strictly", help="--fail-if-worse-than: fail on any lower mean, significant or not."),
    Needs("--fail-if-worse-than"),
]
PerUser = Annotated[
    str | None,
    typer.Option("--per-user", metavar="FILE", help="Write per-user metric values to FILE."),
    Writes("a table", stdout=True),
    _JUDGED,
]
Html = Annotated[
    str | None,
    typer.Option("--html", metavar="FILE", help="Write a report as one self-contained HTML page, with pictures."),
    Writes("a page"),
]
Figure = Annotated[
    str | None,
    typer.Option("--figure", metavar="FILE", help="Plot the metrics over k to FILE: .svg, .png or .pdf."),
    Writes("a figure"),
    NeedsInput("a metric at two lengths of the list"),
]
MarkdownFile = Annotated[
    str | None,
    typer.Option("--markdown", metavar="FILE", help="Write a short summary, for a pull request, to FILE."),
    Writes("a page"),
]
Junit = Annotated[
    str | None,
    typer.Option("--junit", metavar="FILE", help="Write the gates to FILE as JUnit XML, one test case each."),
    Writes("a page"),
]
Resamples = Annotated[
    int, typer.Option("--resamples", min=0, help="Bootstrap samples of the users for the intervals; 0: no intervals.")
]
Seed = Annotated[
    int,
    typer.Option("--seed", min=0, help="Random seed of the intervals and baselines."),
    Excludes(_NO_CHANCE),
]
Comparisons = Annotated[
    str | None,
    typer.Option(
        "--comparisons", metavar="FILE", help="Write the comparisons of the runs to FILE, one row per metric."
    ),
    Writes("a table", stdout=True),
    _JUDGED,
    Needs(_SEVERAL, "--baselines", "--fail-if-worse-than"),
]
ClassColumn = Annotated[
    str | None,
    typer.Option(
        "--class",
        metavar="COLUMN",
        help="Evaluate similar items without --truth: an answer of the query's class is relevant.",
    ),
    Needs("--items"),
]
EmbeddingColumn = Annotated[
    str | None,
    typer.Option("--column", metavar="NAME", help="Embedding column for the similarity of items."),
    Needs("--items"),
    NeedsInput("a metric that uses vectors, or --baselines"),
]
RunNames = Annotated[
    str | None, typer.Option("--names", metavar="a,b", help="Names of the runs (default: their file names).")
]
Logged = Annotated[
    str | None,
    typer.Option(
        "--logged",
        metavar="LOG",
        help="Estimate click rates from a log of shown items, with position and click (0 or 1).",
    ),
    Reads(),
]
SamePlace = Annotated[
    bool,
    typer.Option("--same-place", help="--logged: count only items that were shown at their new position."),
    Needs("--logged"),
]
Clip = Annotated[
    float | None,
    typer.Option("--clip", metavar="N", min=1, help="--logged: limit the weight of an event to N."),
    Needs("--logged"),
]
Metrics = Annotated[
    str | None,
    typer.Option(
        "--metrics", "-m", metavar="ndcg@10,mrr", help="Metrics to compute; those without @k at every length of -k."
    ),
    _JUDGED,
]
Lengths = Annotated[
    str | None,
    typer.Option("-k", "--k", metavar="5,10,20", help="Lengths of the lists for metrics without @k."),
    NeedsInput("a metric that takes a length and names none, or --logged"),
]
TestFold = Annotated[
    int | None,
    typer.Option("--fold", metavar="N", help="Fold to use as the test part, if the log has a column 'fold'."),
    Needs("--truth"),
    NeedsInput("a log with a column 'fold'"),
]
TruthLog = Annotated[
    str | None,
    typer.Option("--truth", "-t", metavar="LOG", help="Held-out interactions, or a log with a column 'split'."),
    Reads(),
    Excludes("--class"),
]
TrainLog = Annotated[
    str | None,
    typer.Option("--train", metavar="LOG", help="Interactions of training, if --truth does not contain them."),
    Reads(),
    Needs("--truth"),
]
Relevant = Annotated[
    float | None,
    typer.Option("--min-weight", metavar="N", help="Treat interactions of weight N or more as relevant."),
    Needs("--truth"),
]
NothingRelevant = Annotated[
    str,
    typer.Option(
        "--nothing-relevant",
        metavar="skip|zero",
        help="Skip users with judgements but no relevant item, or count them as 0 as trec_eval does.",
    ),
    Needs("--truth"),
]


def listed(text: str | None) -> list[str]:
    """The parts of ``a,b``."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def lengths(text: str | None) -> list[int]:
    """The numbers of ``5,10``. Raises UsageError if one is not a positive whole number."""
    parts = listed(text)
    if not all(part.isdigit() and int(part) > 0 for part in parts):
        raise UsageError(f"-k {text!r} is not a list of lengths", fix="-k 5,10,20")
    return [int(part) for part in parts]
