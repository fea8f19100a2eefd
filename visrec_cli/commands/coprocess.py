"""Answers as lines of JSON on stdout, each flushed as soon as it is ready."""

from collections.abc import Callable, Iterator
from typing import Any

from visrec_cli.commands.runner import new_report, summarise
from visrec_cli.runtime.report import Report
from visrec_cli.runtime.standard_streams import without_nan, write_json


def run_coprocess(answers: Callable[[Report], Iterator[dict[str, Any]]], *, quiet: bool) -> None:
    """Write and flush every answer; the counts go to stderr at the end."""
    report, n = new_report(), 0
    for answer in answers(report):
        write_json(without_nan(answer))
        n += 1
    if not quiet:
        summarise(report, n, "lines", "-")
