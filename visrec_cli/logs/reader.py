"""The reader of interaction logs for all verbs, with uniform notes.

What was said travels with the log, as metadata of its column ``user_id``: what ``interactions`` or ``split`` has said
of a log is settled, and no stage after it repeats it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil

import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.logs.missing_ids import missing_ids
from visrec_cli.options.logs import Cleaning, Columns
from visrec_cli.runtime.command_line import CommandLine
from visrec_cli.runtime.report import Report
from visrec_cli.tables.interaction_log import has_ratings, noted, notes_of, open_interactions
from visrec_cli.tables.readers import Tabular
from visrec_cli.tables.time import are_positions

_NAMED = 5


@dataclass(frozen=True)
class Use:
    """How a verb takes a log.

    weights: ``likes`` where every row is one, unless --min-weight says otherwise; ``kept`` where they are passed on;
    ``other`` where they are ratings, or mean nothing. cleaning: what was asked for. called: what notes call the
    log, where a verb reads several. alone: whether a single user is nothing odd, as in a part of a log.
    """

    weights: str = "likes"
    cleaning: Cleaning = field(default_factory=Cleaning)
    called: str = ""
    alone: bool = False


@dataclass
class LogNotes:
    """Says each kind of note once: not what stages before have said of this log.

    noted_kinds: by them, and here. called: what the log is called, where a verb reads several.
    """

    report: Report
    noted_kinds: set[str] = field(default_factory=set)
    called: str = ""

    def tell(self, kind: str, text: str) -> None:
        """Say it, unless it was said."""
        if kind not in self.noted_kinds:
            self.noted_kinds.add(kind)
            self.report.warn(f"{self.called}: {text}" if self.called else text)

    def on(self, table: pa.Table) -> pa.Table:
        """The log with a mark of all that was said of it."""
        return noted(table, self.noted_kinds)


def read_log(
    source: Tabular, columns: Columns | None, use: Use, report: Report, *, zeros: bool = False
) -> tuple[pa.Table, LogNotes]:
    """The log as ``open_interactions`` gives it, looked over; and what was said, for whoever passes the log on."""
    table = open_interactions(source, columns, zeros=zeros, report=report)
    notes = LogNotes(report, notes_of(table), use.called)
    for kind, text in _look(table, use, report.line):
        notes.tell(kind, text)
    return table, notes


def _look(table: pa.Table, use: Use, line: CommandLine) -> Iterator[tuple[str, str]]:
    events, cleaning = _events(table, use, line), use.cleaning
    if events:
        yield "events", events
    if has_ratings(table) and use.weights != "other" and cleaning.min_weight is None and not cleaning.events:
        low, high = pc.min_max(table["weight"]).as_py().values()
        if low < high:
            yield "ratings", _ratings(low, high, use, line)
    if "timestamp" in table.column_names and are_positions(table["timestamp"]):
        first, last = pc.min_max(table["timestamp"].cast(pa.int64())).as_py().values()
        yield (
            "positions",
            f"the times are whole numbers from {first:,} to {last:,}: an order of the events, and no dates",
        )
    if "rank" in table.column_names:
        yield "ranks", "the log has ranks, as recommendations do: is it what users did?"
    yield from missing_ids(table)
    if not use.alone:
        yield from singles(table)


def singles(table: pa.Table) -> Iterator[tuple[str, str]]:
    """Each with its kind: that there is a single user, a single item."""
    for kind, name in (("user", "user_id"), ("item", "item_id")):
        if len(pc.unique(table[name])) == 1:
            yield kind, f"there is only one {kind}: nothing can be learned from a comparison of {kind}s"


def _option(name: str, line: CommandLine) -> str:
    """An option for cleaning, as it is written where the verb has it, and where it has not."""
    return line.suited((name, f"visrec interactions {name}")) or name


def _ratings(low: float, high: float, use: Use, line: CommandLine) -> str:
    option = _option("--min-weight", line)
    what = f"the weights are ratings from {low:g} to {high:g}"
    if use.weights == "kept":
        return f"{what}; {option} makes likes of the better ones"
    least = low + 0.7 * (high - low)
    least = ceil(least) if ceil(least) <= high else round(least, 2)
    takes = "takes" if option.startswith("--") else "makes likes of"
    return f"{what}, and each is taken for a like, however low; {option} {least:g} {takes} those from {least:g} on"


def _events(table: pa.Table, use: Use, line: CommandLine) -> str:
    if "event" not in table.column_names or use.cleaning.events:
        return ""
    kinds = {str(v["values"]): v["counts"] for v in pc.value_counts(table["event"]).to_pylist()}
    if len(kinds) < 2:
        return ""
    shown = sorted(kinds, key=lambda name: (-kinds[name], name))
    words = ", ".join(f"{name} ({kinds[name]:,})" for name in shown[:_NAMED])
    example = ",".join(f"{name}={weight}" for weight, name in enumerate(shown[:3], 1))
    weigh = f"{_option('--events', line)} {example} weighs them"
    return f"the log holds events of several kinds, which count alike: {words}; {weigh}"
