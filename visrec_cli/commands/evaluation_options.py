"""The options of ``visrec eval``: what runs are judged by, what is asked of them, what is written beside the table."""

from typing import Annotated

import typer

from visrec_cli.errors import UsageProblem

By = Annotated[
    str | None,
    typer.Option(
        "--by",
        metavar="SLICE,…",
        help="Parts of the truth: warmth, activity, pictures, popularity, or columns of the items or users.",
    ),
]
UsersTable = Annotated[
    str | None, typer.Option("--users", metavar="TABLE", help="Users with columns to slice by, such as age.")
]
Baselines = Annotated[
    bool, typer.Option("--baselines", help="Add random, popularity and, with vectors, content-knn to the runs.")
]
Reference = Annotated[
    str | None, typer.Option("--reference", metavar="RUN", help="The run that others are compared with (the first).")
]
FailUnder = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-under", metavar="ndcg@10=0.2", help="Exit with 1 if a run has less (of errors: more); repeatable."
    ),
]
FailIfWorseThan = Annotated[
    str | None,
    typer.Option("--fail-if-worse-than", metavar="RECS", help="Exit with 1 if the paired test finds a run worse."),
]
Strictly = Annotated[bool, typer.Option("--strictly", help="… if any mean is worse, even by chance.")]
PerUser = Annotated[
    str | None, typer.Option("--per-user", metavar="FILE", help="Also write what each user's list is worth.")
]
Html = Annotated[
    str | None, typer.Option("--html", metavar="FILE", help="Also draw a report: one page, no network, with pictures.")
]
Figure = Annotated[
    str | None, typer.Option("--figure", metavar="FILE", help="Also draw metrics over k: .svg, .png or .pdf.")
]
MarkdownFile = Annotated[
    str | None, typer.Option("--markdown", metavar="FILE", help="Also write a short summary for a pull request.")
]
Junit = Annotated[
    str | None, typer.Option("--junit", metavar="FILE", help="Also write the gates as JUnit XML, a case each.")
]
Resamples = Annotated[
    int, typer.Option("--resamples", min=0, help="Of the users, for the intervals; 0 leaves them out.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Same seed, same intervals and baselines.")]
Comparisons = Annotated[
    str | None, typer.Option("--comparisons", metavar="FILE", help="Also write how runs differ, a row per metric.")
]
ClassColumn = Annotated[
    str | None,
    typer.Option("--class", metavar="COLUMN", help="Instead of --truth, for similar items: same class is right."),
]
EmbeddingColumn = Annotated[
    str | None, typer.Option("--column", metavar="NAME", help="The embedding column that says how alike items are.")
]
RunNames = Annotated[
    str | None, typer.Option("--names", metavar="a,b", help="What to call the runs (default: their files).")
]
Logged = Annotated[
    str | None,
    typer.Option("--logged", metavar="LOG", help="What was shown, where, and clicked (0 or 1): says click rates."),
]
SamePlace = Annotated[bool, typer.Option("--same-place", help="--logged: only what was shown in its new place counts.")]
Clip = Annotated[
    float | None, typer.Option("--clip", metavar="N", min=1, help="--logged: no event counts for more than N.")
]
Metrics = Annotated[
    str | None, typer.Option("--metrics", "-m", metavar="ndcg@10,mrr", help="Which; those without @k at all of -k.")
]
Lengths = Annotated[
    str | None, typer.Option("-k", "--k", metavar="5,10,20", help="Lengths of the lists for metrics without @k.")
]
TestFold = Annotated[
    int | None, typer.Option("--fold", metavar="N", help="The fold that is the test, where a column 'fold' is.")
]
TruthLog = Annotated[
    str | None,
    typer.Option("--truth", "-t", metavar="LOG", help="What users then did, or a log with a column 'split'."),
]
TrainLog = Annotated[
    str | None, typer.Option("--train", metavar="LOG", help="What was known before, where --truth does not say it.")
]
Relevant = Annotated[
    float | None, typer.Option("--min-weight", metavar="N", help="From N on, what a user did is relevant.")
]


def listed(text: str | None) -> list[str]:
    """The parts of ``a,b``."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def lengths(text: str | None) -> list[int]:
    """The numbers of ``5,10``. Raises UsageProblem for what is no length of a list."""
    parts = listed(text)
    if not all(part.isdigit() and int(part) > 0 for part in parts):
        raise UsageProblem(f"-k {text!r} is no list of lengths", fix="-k 5,10,20")
    return [int(part) for part in parts]
