"""The evaluation model that all reports use: terminal, Markdown, HTML, JUnit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa


@dataclass(frozen=True)
class Verdict:
    """What a gate says: its condition (``ndcg@10 is at least 0.2``), and how it stands, in a sentence."""

    run: str
    condition: str
    passed: bool
    sentence: str


@dataclass(frozen=True)
class EvaluationReport:
    """The content of an evaluation report. results: the table of docs/contract.md.

    better: by metric (``ndcg``) "more", "less" or "". facts: what was judged, as pairs of words. differences: which
    hold, in sentences. warnings: what spoils the numbers, or a reader should know. who: whose lists they are.
    """

    results: pa.Table
    better: Mapping[str, str]
    title: str = "Evaluation"
    facts: tuple[tuple[str, str], ...] = ()
    differences: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    who: str = "users"


@dataclass(frozen=True)
class Number:
    """One mean over n users, with its interval where there is one. best: of its column, where one is better."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    best: bool = False


@dataclass(frozen=True)
class Grid:
    """Numbers in rows and columns; a place without one is None."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Number | None, ...]], ...]


def named(metric: str, k: int | None) -> str:
    """``ndcg@10``, ``mrr``: a metric as it was asked for."""
    return metric if k is None else f"{metric}@{k}"


def runs_by_metric(evaluation: EvaluationReport) -> Grid:
    """A row per run and a column per metric, over everything."""
    return _grid(evaluation, lambda row: (row["run"], _metric(row)) if row["slice"] == "all" else None, best_down=True)


def slices_by_run(evaluation: EvaluationReport, metric: str) -> Grid:
    """A row per slice and a column per run, of one metric; no rows where nothing was sliced."""
    grid = _grid(
        evaluation, lambda row: (row["slice"], row["run"]) if _metric(row) == metric else None, best_down=False
    )
    return grid if len(grid.rows) > 1 else Grid(grid.columns, ())


def metrics_of(evaluation: EvaluationReport) -> tuple[str, ...]:
    """All metrics, as they were asked for."""
    return tuple(dict.fromkeys(_metric(row) for row in evaluation.results.to_pylist()))


def _metric(row: Mapping[str, Any]) -> str:
    return named(row["metric"], row["k"])


def _grid(
    evaluation: EvaluationReport, place: Callable[[Mapping[str, Any]], tuple[str, str] | None], *, best_down: bool
) -> Grid:
    """The rows of the results that have a place, by it. best_down: numbers of a column compete, else those of a row."""
    cells: dict[tuple[str, str], Mapping[str, Any]] = {}
    for row in evaluation.results.to_pylist():
        at = place(row)
        if at is not None:
            cells[at] = row
    rows = tuple(dict.fromkeys(row for row, _ in cells))
    columns = tuple(dict.fromkeys(column for _, column in cells))
    best = _best(evaluation, cells, by=1 if best_down else 0)

    def number(at: tuple[str, str]) -> Number | None:
        row = cells.get(at)
        return row and Number(row["value"], row["ci_low"], row["ci_high"], row["n"], at in best)  # type: ignore[return-value]

    return Grid(columns, tuple((row, tuple(number((row, column)) for column in columns)) for row in rows))


def _best(
    evaluation: EvaluationReport, cells: Mapping[tuple[str, str], Mapping[str, Any]], by: int
) -> set[tuple[str, str]]:
    """The places of the best numbers among those with the same row (by 0) or column (by 1).

    Equals share it; where all are equal, none is best.
    """
    best = set()
    for group in dict.fromkeys(at[by] for at in cells):
        rivals = {at: cells[at] for at in cells if at[by] == group and cells[at]["value"] is not None}
        better = {evaluation.better.get(row["metric"], "") for row in rivals.values()}
        values = {row["value"] for row in rivals.values()}
        if len(values) > 1 and better in ({"more"}, {"less"}):
            winner = (max if better == {"more"} else min)(values)
            best |= {at for at, row in rivals.items() if row["value"] == winner}
    return best


def decimals(value: float | None) -> str:
    """A mean as reports print it: four decimals, fewer for large numbers; an en dash for none."""
    if value is None:
        return "–"
    return f"{value:.4f}" if abs(value) < 10 else f"{value:,.2f}"
