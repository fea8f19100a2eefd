"""The progress display: what, how many, how fast, how long still."""

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class _Rate(TextColumn):
    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "", style="progress.data.speed")


class _Note(TextColumn):
    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Task) -> Text:
        return Text(str(task.fields.get("note", "")))


class RichBar:
    """Implements runtime.report.ProgressBar on stderr with rich."""

    def __init__(self) -> None:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            _Note(),
        )
        self._progress = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)
        self._task = self._progress.add_task("starting", total=None, note="")

    def start(self) -> None:
        """Begin to draw."""
        self._progress.start()

    def stop(self) -> None:
        """Erase the display."""
        self._progress.stop()

    def expect(self, total: int | None, unit: str) -> None:
        """Announce the work."""
        self._progress.reset(self._task, total=total, description=unit, note="")

    def advance(self, n: int) -> None:
        """Show that n more are done."""
        self._progress.advance(self._task, n)

    def note(self, text: str) -> None:
        """Show how it goes."""
        self._progress.update(self._task, note=text)

    def say(self, line: str) -> None:
        """Print a line above the display."""
        self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)
