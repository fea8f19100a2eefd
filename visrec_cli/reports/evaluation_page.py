"""An evaluation as one HTML file: numbers with intervals, curves, slices, differences, and whom it serves worst."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from visrec_cli.reports.evaluation import (
    EvaluationReport,
    Grid,
    Number,
    decimals,
    metrics_of,
    runs_by_metric,
    slices_by_run,
)
from visrec_cli.reports.html_page import render
from visrec_cli.reports.metric_curves import SERIES, curves_of
from visrec_cli.reports.thumbnails import Thumbnail


@dataclass(frozen=True)
class Tile:
    """One item. hit: it is in the other row too."""

    title: str
    thumbnail: Thumbnail | None
    hit: bool


@dataclass(frozen=True)
class WorstUser:
    """A user: what they then liked beside what they got. note: how much of both is not shown."""

    user: str
    value: str
    liked: tuple[Tile, ...]
    got: tuple[Tile, ...]
    note: str = ""


@dataclass(frozen=True)
class Range:
    """A number of a table. left, width, dot: its interval as percentages of the column's, None without one."""

    text: str
    interval: str
    best: bool
    left: float | None = None
    width: float = 0.0
    dot: float = 0.0


def evaluation_page(
    evaluation: EvaluationReport, worst: Sequence[WorstUser] = (), *, run: str = "", metric: str = ""
) -> str:
    """The HTML. worst: the users that ``run`` serves worst by ``metric``."""
    metrics = metrics_of(evaluation)
    table = runs_by_metric(evaluation)
    sliced = [
        (name, grid, _ranges(grid, together=True)) for name in metrics if (grid := slices_by_run(evaluation, name)).rows
    ]
    shapes = [
        tile.thumbnail.width / tile.thumbnail.height
        for user in worst
        for tile in (*user.liked, *user.got)
        if tile.thumbnail
    ]
    return render(
        "evaluation",
        evaluation=evaluation,
        table=table,
        ranges=_ranges(table),
        curves=curves_of(evaluation),
        slices=sliced,
        series={name: number % SERIES for number, (name, _) in enumerate(table.rows)},
        worst=worst,
        run=run,
        metric=metric,
        aspect=min(max(median(shapes), 0.67), 1.4) if shapes else 1.0,
    )


def _ranges(grid: Grid, *, together: bool = False) -> dict[tuple[str, str], Range | None]:
    """What stands in each place of the grid; intervals of a column, or of all ``together``, are drawn on one scale."""
    everything = [end for _, numbers in grid.rows for number in numbers for end in _ends(number)]
    found: dict[tuple[str, str], Range | None] = {}
    for at, column in enumerate(grid.columns):
        of_column = [end for _, numbers in grid.rows for end in _ends(numbers[at])]
        scale = everything if together else of_column
        for name, numbers in grid.rows:
            found[name, column] = _range(numbers[at], scale)
    return found


def _ends(number: Number | None) -> list[float]:
    return [] if number is None else [end for end in (number.low, number.value, number.high) if end is not None]


def _range(number: Number | None, scale: Sequence[float]) -> Range | None:
    if number is None:
        return None
    text = decimals(number.value)
    if number.value is None or number.low is None or number.high is None:
        return Range(text, "", number.best)
    low, wide = min(scale), (max(scale) - min(scale)) or 1.0
    left, right, dot = (100 * (end - low) / wide for end in (number.low, number.high, number.value))
    return Range(text, f"{decimals(number.low)} – {decimals(number.high)}", number.best, left, right - left, dot)
