"""What every command does around its stage: open, run, write, and say in one line what was done."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from visrec_cli.errors import AnswerIsNo
from visrec_cli.runtime.reporting import Report
from visrec_cli.runtime.words import counted, printable

if TYPE_CHECKING:
    import pyarrow as pa

PREVIEW_ROWS = 20


def run_stage(
    stage: "Callable[[Report], pa.RecordBatchReader]",
    *,
    output: str = "-",
    format: str | None = None,
    column: str | None = None,
    rejects: str | None = None,
    strict: bool = False,
    quiet: bool = False,
    noun: str = "rows",
) -> None:
    """Run ``stage(report)`` and write its table; progress, remarks and a one-line summary go to stderr.

    At a terminal, where Arrow bytes would be noise, the first rows are shown instead. Raises AnswerIsNo when
    ``strict`` and something was rejected; the output is complete all the same.
    """
    from visrec_cli.tables.writing import format_of, write_table

    report = Report()
    if output != "-" or format is not None:
        format_of(output, format)  # refuse a wrong name before an hour of work
    with _bar(report, quiet):
        reader = stage(report)
        if output == "-" and format is None and sys.stdout.isatty():
            rows, remarks = _preview(reader), list[str]()
        else:
            rows, remarks = write_table(reader, output, format=format, column=column)
    if rejects is not None:
        from visrec_cli.stages.rejects import rejects_table

        write_table(rejects_table(report.rejects), rejects)
    if not quiet:
        _say(report, rows, noun, output, remarks, rejects)
    if strict and report.rejects:
        raise AnswerIsNo(
            f"{counted(len(report.rejects), 'inputs')} could not be used (--strict)", fix="see --rejects FILE"
        )


def _say(report: Report, rows: int, noun: str, output: str, remarks: list[str], rejects: str | None) -> None:
    for warning in [*report.warnings, *remarks]:
        print(f"visrec: note: {printable(warning)}", file=sys.stderr)
    shown = report.rejects[:3] if rejects is None else []
    for one in shown:
        who = one.path or one.item_id or "?"
        print(f"visrec: {one.stage}: {printable(who)}: {printable(one.reason)}", file=sys.stderr)
    if len(report.rejects) > len(shown) > 0:
        print(
            f"visrec: … and {len(report.rejects) - len(shown):,} more; --rejects FILE lists them all", file=sys.stderr
        )
    parts = [counted(rows, noun), *(counted(n, name) for name, n in report.counts.items() if n)]
    if report.rejects:
        parts.append(f"{counted(len(report.rejects), 'rejects')}{f' in {rejects}' if rejects else ''}")
    where = "" if output == "-" else f" → {printable(output)}"
    print(f"visrec: {' · '.join(parts)}{where}", file=sys.stderr)


def _preview(reader: "pa.RecordBatchReader") -> int:
    """Show the first rows and stop: whoever looks at a terminal should not wait for what is then thrown away."""
    from rich.console import Console

    from visrec_cli.reports.preview import preview
    from visrec_cli.tables.batches import head

    table, more = head(reader, PREVIEW_ROWS)
    preview(
        table,
        total=None if more else table.num_rows,
        console=Console(),
        hint="This is a preview. Keep the result with -o FILE.arrow, or pipe it on."
        if more
        else "Keep it with -o FILE.arrow, or pipe it on.",
    )
    return int(table.num_rows)


class _bar:  # noqa: N801
    """A rich progress display on stderr, when stderr is a terminal and nobody asked for quiet."""

    def __init__(self, report: Report, quiet: bool) -> None:
        self._report = report
        self._progress: Any = None
        self._wanted = sys.stderr.isatty() and not quiet

    def __enter__(self) -> None:
        if self._wanted:
            from visrec_cli.runtime.bars import RichBar

            self._progress = RichBar()
            self._report.bar = self._progress
            self._progress.start()

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()
