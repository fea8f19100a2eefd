"""Reports of stages: counts, rejects, warnings and progress.

Stages only record here. Commands print, draw the bar and write the rejects file: the core never prints.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from visrec_cli.runtime.command_line import CommandLine


@dataclass(frozen=True)
class Reject:
    """One input that could not be used: where it was, which stage refused it, and why."""

    stage: str
    path: str | None
    item_id: str | None
    reason: str


class ProgressBar(Protocol):
    """What draws progress; the default draws nothing."""

    def expect(self, total: int | None, unit: str) -> None:
        """Announce the work: how many (None when unknown) of what."""

    def advance(self, n: int) -> None:
        """Show that n more are done."""

    def note(self, text: str) -> None:
        """Show how it goes: a loss, a score."""


class NoBar:
    """A bar for pipes, tests and ``--quiet``."""

    def expect(self, total: int | None, unit: str) -> None:
        """Nothing."""

    def advance(self, n: int) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""


@dataclass
class Report:
    """Collected while a stage runs and read when it is done.

    ``counts`` are named whole numbers for the one-line summary, in the order in which they first appeared. ``line``:
    the command line that asked, for options whose needs only the input can say; empty where Python called.
    """

    counts: Counter[str] = field(default_factory=Counter)
    rejects: list[Reject] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    bar: ProgressBar = field(default_factory=NoBar)
    listener: Callable[[str], None] = field(default=lambda line: None)
    line: CommandLine = field(default_factory=CommandLine)

    def count(self, name: str, n: int = 1) -> None:
        """Add ``n`` to the count called ``name`` (a plural noun phrase: "pictures", "items without text")."""
        self.counts[name] += n

    def reject(self, stage: str, reason: str, *, path: str | None = None, item_id: str | None = None) -> None:
        """Record one input as unusable."""
        self.rejects.append(Reject(stage, path, item_id, reason))

    def warn(self, message: str) -> None:
        """Say something once that does not stop the run."""
        if message not in self.warnings:
            self.warnings.append(message)

    def say(self, line: str) -> None:
        """Tell a result of a long run as soon as it is there (one trial of a search)."""
        self.listener(line)

    def note(self, text: str) -> None:
        """Show how the work goes, beside the progress."""
        self.bar.note(text)

    def expect(self, total: int | None, unit: str) -> None:
        """Announce how much work is coming (None when unknown); what was done before counts no longer."""
        self.bar.expect(total, unit)

    def advance(self, n: int = 1) -> None:
        """Say that ``n`` more units are done."""
        self.bar.advance(n)
