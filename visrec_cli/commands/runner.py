"""Runs the stage of a command: progress, output, rejects, and a summary of one line."""

import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from visrec_cli.errors import CheckFailedError, InputError
from visrec_cli.options.destination import Destination
from visrec_cli.runtime.command_line import command_line
from visrec_cli.runtime.display import counted, printable, shortened
from visrec_cli.runtime.folders import cache_note
from visrec_cli.runtime.report import Report
from visrec_cli.runtime.standard_streams import is_log, standard_output

if TYPE_CHECKING:
    import pyarrow as pa

PREVIEW_ROWS = 20


def new_report() -> Report:
    """A report with the command line, which every command passes to its stage."""
    return Report(line=command_line())


def run_stage(
    stage: "Callable[[Report], pa.RecordBatchReader]",
    to: Destination,
    *,
    column: str | None = None,
    noun: str = "rows",
    show: "Callable[[pa.RecordBatchReader], int] | None" = None,
) -> None:
    """Run ``stage(report)`` and write its table; progress, remarks and a one-line summary go to stderr.

    At a terminal the first rows are shown instead of Arrow bytes, or whatever ``show`` prints; ``show`` returns the
    number of rows. Raises CheckFailedError if ``strict`` and something was rejected; the output is complete even then.
    """
    from visrec_cli.tables.output import format_of, write_table

    report = new_report()
    if to.output == "-":
        standard_output()  # fails here if it is closed, before an hour of work
    at_terminal = to.output == "-" and to.format is None and sys.stdout.isatty()
    rows, remarks = 0, list[str]()
    with _rejects_written(report, to.rejects), progress(report, to.quiet):
        reader = stage(report)
        if not at_terminal:
            rows, remarks = write_table(reader, to.output, format=to.format, column=column)
            if to.output == "-" and format_of(to.output, to.format) in ("stream", "arrow", "parquet") and is_log():
                remarks.append(
                    "binary Arrow was written to a log file: save it with -o FILE, or use --format csv for text"
                )
        elif show is None:
            rows, more = _preview(reader)
            noun = f"{noun} shown" if more else noun
    if at_terminal and show is not None:
        rows = show(reader)  # after the progress bar is gone
    if not to.quiet:
        summarise(report, rows, noun, to.output, remarks, to.rejects)
    _be_strict(report, to.strict)


def run_work(
    work: Callable[[Report], int],
    to: Destination,
    *,
    noun: str = "rows",
) -> None:
    """Run ``work(report)``, which writes ``output`` itself and returns the number of ``noun``; else as run_stage."""
    report = new_report()
    with _rejects_written(report, to.rejects), progress(report, to.quiet):
        number = work(report)
    if not to.quiet:
        summarise(report, number, noun, to.output, rejects=to.rejects)
    _be_strict(report, to.strict)


def _be_strict(report: Report, strict: bool) -> None:
    if strict and report.rejects:
        raise CheckFailedError(
            f"{counted(len(report.rejects), 'inputs')} could not be used (--strict)", fix="see --rejects FILE"
        )


@contextmanager
def _rejects_written(report: Report, rejects: str | None) -> Iterator[None]:
    """Writes the rejects after the block, also if the input was refused: then they contain the reasons."""
    try:
        yield
    except InputError:
        _write_rejects(report, rejects)
        raise
    _write_rejects(report, rejects)


def _write_rejects(report: Report, rejects: str | None) -> None:
    if rejects is not None:
        from visrec_cli.items.rejects import rejects_table
        from visrec_cli.tables.output import write_table

        write_table(rejects_table(report.rejects), rejects)


def summarise(
    report: Report, rows: int, noun: str, output: str, remarks: Sequence[str] = (), rejects: str | None = None
) -> None:
    """Notes, the first rejects and one line of counts, on stderr."""
    kept = cache_note()
    tell(report, [*remarks, *([kept] if kept else [])], rejects)
    parts = [counted(rows, noun), *(counted(n, name) for name, n in report.counts.items() if n)]
    if report.rejects:
        parts.append(f"{counted(len(report.rejects), 'rejects')}{f' in {rejects}' if rejects else ''}")
    where = "" if output == "-" else f" → {printable(output)}"
    print(f"visrec: {' · '.join(parts)}{where}", file=sys.stderr)


def tell(report: Report, remarks: Sequence[str] = (), rejects: str | None = None) -> None:
    """Notes, the first rejects and how many more there are, on stderr."""
    for warning in [*report.warnings, *remarks]:
        print(f"visrec: note: {printable(shortened(warning))}", file=sys.stderr)
    shown = report.rejects[:3] if rejects is None else []
    for one in shown:
        who = one.path or one.item_id or "?"
        print(f"visrec: {one.stage}: {printable(shortened(who))}: {printable(shortened(one.reason))}", file=sys.stderr)
    if len(report.rejects) > len(shown) > 0:
        hint = command_line().hint("; --rejects FILE lists them all")
        print(f"visrec: … and {len(report.rejects) - len(shown):,} more{hint}", file=sys.stderr)


def _preview(reader: "pa.RecordBatchReader") -> tuple[int, bool]:
    """Show the first rows without computing the rest, which a terminal would not show. Returns how many were shown,
    and whether there are more."""
    from rich.console import Console

    from visrec_cli.reports.preview import preview
    from visrec_cli.tables.batches import head

    table, more = head(reader, PREVIEW_ROWS)
    preview(
        table,
        total=None if more else table.num_rows,
        console=Console(),
        hint="This is a preview. Save the result with -o FILE.arrow, or pipe it to another command."
        if more
        else "Save it with -o FILE.arrow, or pipe it to another command.",
    )
    return int(table.num_rows), more


@contextmanager
def progress(report: Report, quiet: bool) -> Iterator[None]:
    """A progress display on stderr while the block runs, if stderr is a terminal and ``quiet`` is off.

    Only the first command of a pipe draws one: it runs at the speed of the commands after it, and several bars on one
    terminal would overwrite each other.
    """
    if quiet:
        yield
        return
    if not sys.stderr.isatty() or stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):
        report.listener = lambda line: print(f"visrec: {printable(line)}", file=sys.stderr)
        yield
        return
    from visrec_cli.runtime.progress import RichBar

    report.bar = bar = RichBar()
    report.listener = lambda line: bar.say(f"visrec: {printable(line)}")
    bar.start()
    try:
        yield
    finally:
        bar.stop()
