"""The options of ``visrec eval``: what runs are judged by, what is asked of them, what is written beside the table."""

from typing import Annotated

import typer

from visrec_cli.commands.file_options import Reads, Writes
from visrec_cli.commands.option_requirements import CommandValues, Condition, Excludes, Needs, NeedsInput
from visrec_cli.errors import UsageError


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
        help="Parts of the truth: warmth, activity, pictures, popularity, or columns of the items or users.",
    ),
    _JUDGED,
]
UsersTable = Annotated[
    str | None,
    typer.Option("--users", metavar="TABLE", help="Users with columns to slice by, such as age."),
    Reads(),
    Needs("--by"),
]
Baselines = Annotated[
    bool,
    typer.Option("--baselines", help="Add random, popularity and, with vectors, content-knn to the runs."),
    Needs("--truth"),
]
Reference = Annotated[
    str | None,
    typer.Option("--reference", metavar="RUN", help="The run that others are compared with (the first)."),
    _JUDGED,
    Needs(_SEVERAL, "--baselines", "--fail-if-worse-than"),
]
FailUnder = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-under", metavar="ndcg@10=0.2", help="Exit with 1 if a run has less (of errors: more); repeatable."
    ),
    _JUDGED,
]
FailIfWorseThan = Annotated[
    str | None,
    typer.Option("--fail-if-worse-than", metavar="RECS", help="Exit with 1 if the paired test finds a run worse."),
    Reads(),
    _JUDGED,
]
Strictly = Annotated[
    bool,
    typer.Option("--strictly", help="… if any mean is worse, even by chance."),
    Needs("--fail-if-worse-than"),
]
PerUser = Annotated[
    str | None,
    typer.Option("--per-user", metavar="FILE", help="Also write what each user's list is worth."),
    Writes("a table", stdout=True),
    _JUDGED,
]
Html = Annotated[
    str | None,
    typer.Option("--html", metavar="FILE", help="Also draw a report: one page, no network, with pictures."),
    Writes("a page"),
]
Figure = Annotated[
    str | None,
    typer.Option("--figure", metavar="FILE", help="Also draw metrics over k: .svg, .png or .pdf."),
    Writes("a figure"),
    NeedsInput("a metric at two lengths of the list"),
]
MarkdownFile = Annotated[
    str | None,
    typer.Option("--markdown", metavar="FILE", help="Also write a short summary for a pull request."),
    Writes("a page"),
]
Junit = Annotated[
    str | None,
    typer.Option("--junit", metavar="FILE", help="Also write the gates as JUnit XML, a case each."),
    Writes("a page"),
]
Resamples = Annotated[
    int, typer.Option("--resamples", min=0, help="Of the users, for the intervals; 0 leaves them out.")
]
Seed = Annotated[
    int,
    typer.Option("--seed", min=0, help="Same seed, same intervals and baselines."),
    Excludes(_NO_CHANCE),
]
Comparisons = Annotated[
    str | None,
    typer.Option("--comparisons", metavar="FILE", help="Also write how runs differ, a row per metric."),
    Writes("a table", stdout=True),
    _JUDGED,
    Needs(_SEVERAL, "--baselines", "--fail-if-worse-than"),
]
ClassColumn = Annotated[
    str | None,
    typer.Option("--class", metavar="COLUMN", help="Instead of --truth, for similar items: same class is right."),
    Needs("--items"),
]
EmbeddingColumn = Annotated[
    str | None,
    typer.Option("--column", metavar="NAME", help="The embedding column that says how alike items are."),
    Needs("--items"),
    NeedsInput("a metric that looks at vectors, or --baselines"),
]
RunNames = Annotated[
    str | None, typer.Option("--names", metavar="a,b", help="What to call the runs (default: their files).")
]
Logged = Annotated[
    str | None,
    typer.Option("--logged", metavar="LOG", help="What was shown, where, and clicked (0 or 1): says click rates."),
    Reads(),
]
SamePlace = Annotated[
    bool,
    typer.Option("--same-place", help="--logged: only what was shown in its new place counts."),
    Needs("--logged"),
]
Clip = Annotated[
    float | None,
    typer.Option("--clip", metavar="N", min=1, help="--logged: no event counts for more than N."),
    Needs("--logged"),
]
Metrics = Annotated[
    str | None,
    typer.Option("--metrics", "-m", metavar="ndcg@10,mrr", help="Which; those without @k at all of -k."),
    _JUDGED,
]
Lengths = Annotated[
    str | None,
    typer.Option("-k", "--k", metavar="5,10,20", help="Lengths of the lists for metrics without @k."),
    NeedsInput("a metric that takes a length and names none, or --logged"),
]
TestFold = Annotated[
    int | None,
    typer.Option("--fold", metavar="N", help="The fold that is the test, where a column 'fold' is."),
    Needs("--truth"),
    NeedsInput("a log with a column 'fold'"),
]
TruthLog = Annotated[
    str | None,
    typer.Option("--truth", "-t", metavar="LOG", help="What users then did, or a log with a column 'split'."),
    Reads(),
    Excludes("--class"),
]
TrainLog = Annotated[
    str | None,
    typer.Option("--train", metavar="LOG", help="What was known before, where --truth does not say it."),
    Reads(),
    Needs("--truth"),
]
Relevant = Annotated[
    float | None,
    typer.Option("--min-weight", metavar="N", help="From N on, what a user did is relevant."),
    Needs("--truth"),
]
NothingRelevant = Annotated[
    str,
    typer.Option(
        "--nothing-relevant",
        metavar="skip|zero",
        help="Users who were judged, and to whom nothing is relevant: left out, or counted as 0, as in trec_eval.",
    ),
    Needs("--truth"),
]


def listed(text: str | None) -> list[str]:
    """The parts of ``a,b``."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def lengths(text: str | None) -> list[int]:
    """The numbers of ``5,10``. Raises UsageError for what is no length of a list."""
    parts = listed(text)
    if not all(part.isdigit() and int(part) > 0 for part in parts):
        raise UsageError(f"-k {text!r} is no list of lengths", fix="-k 5,10,20")
    return [int(part) for part in parts]
