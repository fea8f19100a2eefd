"""An evaluation as a short summary in GitHub-flavoured Markdown, for a pull request or a job's page."""

import re
from collections.abc import Iterator

from visrec_cli.reports.evaluation import (
    EvaluationReport,
    Grid,
    Number,
    decimals,
    metrics_of,
    runs_by_metric,
    slices_by_run,
)
from visrec_cli.runtime.display import printable

_MARKUP = re.compile(r"[\\`*_\[\]<>|~#&!]|(?<!\w)@")


MOST = 6  # metrics in the table: more are not short


def markdown(evaluation: EvaluationReport) -> str:
    """The summary: gates, the table, differences, slices of the first metric, what to know."""
    return "\n".join(_lines(evaluation)) + "\n"


def _lines(evaluation: EvaluationReport) -> Iterator[str]:
    yield f"## {_text(evaluation.title)}"
    yield ""
    for verdict in evaluation.verdicts:
        yield f"- **{'passed' if verdict.passed else 'FAILED'}**: {_text(verdict.sentence)}"
    if evaluation.verdicts:
        yield ""
    yield from _table("run", runs_by_metric(evaluation))
    if evaluation.differences:
        yield ""
        yield from (f"- {_text(sentence)}" for sentence in evaluation.differences)
    if evaluation.results.num_rows:
        first = metrics_of(evaluation)[0]
        slices = slices_by_run(evaluation, first)
        if slices.rows:
            yield ""
            yield f"### {_text(first)} by slice"
            yield ""
            yield from _table("slice", slices)
    if evaluation.facts:
        yield ""
        yield " · ".join(f"{_text(name)}: {_text(value)}" for name, value in evaluation.facts)
    if evaluation.warnings:
        yield ""
        yield "<details><summary>Notes on these numbers</summary>"
        yield ""
        yield from (f"- {_text(sentence)}" for sentence in evaluation.warnings)
        yield ""
        yield "</details>"


def _table(corner: str, grid: Grid) -> Iterator[str]:
    most = MOST if corner == "run" else len(grid.columns)
    shown, others = grid.columns[:most], grid.columns[most:]
    yield f"| {corner} | {' | '.join(map(_text, shown))} |"
    yield f"|---|{'---:|' * len(shown)}"
    for name, numbers in grid.rows:
        yield f"| {_text(name)} | {' | '.join(map(_cell, numbers[:most]))} |"
    if others:
        yield ""
        yield f"Not shown here: {', '.join(map(_text, others))}."


def _cell(number: Number | None) -> str:
    if number is None:
        return ""
    value = f"**{decimals(number.value)}**" if number.best else decimals(number.value)
    if number.low is None or number.high is None:
        return value
    return f"{value} <sub>{decimals(number.low)} – {decimals(number.high)}</sub>"


def _text(text: str) -> str:
    """Names come from files: none of them is markup, a link, or somebody's name on GitHub."""
    return _MARKUP.sub(lambda found: _ENTITIES.get(found[0], "\\" + found[0]), printable(" ".join(text.split())))


_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "&#64;"}
