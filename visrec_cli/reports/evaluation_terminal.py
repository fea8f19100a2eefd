"""An evaluation at a terminal: a table of runs and metrics, the slices, and the differences in words."""

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from visrec_cli.reports.cells import shorten
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

NAME = 28  # characters of the name of a run or slice
CELL = 17  # of an interval, and the gap beside it


def print_evaluation(evaluation: EvaluationReport, console: Console) -> None:
    """Print it. As many columns as fit stand beside each other, the others below."""
    _print_grid(runs_by_metric(evaluation), "run", console)
    first = metrics_of(evaluation)[0] if evaluation.results.num_rows else ""
    slices = slices_by_run(evaluation, first)
    if slices.rows:
        console.print(Text(f"{first} by slice", style="bold"))
        _print_grid(slices, "slice", console)
    for sentence in evaluation.differences:
        console.print(Text(printable(sentence)))
    for verdict in evaluation.verdicts:
        mark = ("passed", "green") if verdict.passed else ("failed", "bold red")
        console.print(Text.assemble(mark, f"  {printable(verdict.sentence)}"))
    if evaluation.differences or evaluation.verdicts:
        console.print()
    for name, value in evaluation.facts:
        console.print(Text.assemble(f"{printable(name)}: ", printable(value), style="dim"))


def _print_grid(grid: Grid, corner: str, console: Console) -> None:
    names = [shorten(printable(name), NAME) for name, _ in grid.rows]
    room = console.width - max([len(corner), *map(len, names)], default=0)
    step = max(1, room // CELL)
    for start in range(0, len(grid.columns), step):
        drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 2, 0, 0))
        drawn.add_column(corner, no_wrap=True)
        for column in grid.columns[start : start + step]:
            drawn.add_column(Text(shorten(printable(column), NAME)), justify="right", no_wrap=True)
        for name, (_, numbers) in zip(names, grid.rows, strict=True):
            drawn.add_row(Text(name), *map(_cell, numbers[start : start + step]))
        console.print(drawn)
        console.print()


def _cell(number: Number | None) -> Text:
    """The mean, marked if it is the best, above its interval."""
    if number is None:
        return Text("·", style="dim")
    text = Text(f"{decimals(number.value)}", style="bold green" if number.best else "")
    text.append("*" if number.best else " ")
    if number.low is not None and number.high is not None:
        text.append(f"\n{decimals(number.low)}–{decimals(number.high)} ", style="dim not bold")
    return text
