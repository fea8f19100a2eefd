"""Metrics over the length of the list: inside a page, in its colours, and as a figure of its own."""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

from markupsafe import Markup

from visrec_cli.errors import UsageError
from visrec_cli.reports.evaluation import EvaluationReport, named
from visrec_cli.runtime.display import counted, printable
from visrec_cli.tables.atomic import atomic

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "h")  # colours alone do not tell runs apart for everybody
SERIES = len(MARKERS)
_PRINTED = ("#3b5bdb", "#c2410c", "#0b7a5f", "#9c2a80", "#8a6a00", "#0877a8", "#a01f2e", "#57534e")
_INK, _SOFT = "#010203", "#030201"  # stand for the page's colours in what matplotlib draws
_COLOURS = tuple(f"#0a0b{number:02x}" for number in range(SERIES))
_Point = tuple[int, float, float | None, float | None]  # k, the value, and its interval


@dataclass(frozen=True)
class Curve:
    """A metric at several k. drawing: the SVG; words: the same for those who do not see it."""

    metric: str
    drawing: Markup
    words: str


def curves_of(evaluation: EvaluationReport) -> list[Curve]:
    """A curve for each metric that was asked for at two lengths or more."""
    found = []
    for metric, lines in _lines(evaluation).items():
        ks = ", ".join(named(metric, k) for k in _ks(lines))
        words = f"{ks} of {counted(len(lines), 'runs')}; the numbers are in the table"
        found.append(Curve(metric, _for_the_page(_drawn(metric, lines)), words))
    return found


def draw_figure(evaluation: EvaluationReport, path: Path) -> None:
    """The same curves with names and a legend, as a figure for a paper; the suffix says the format: svg, png or pdf.

    Raises UsageError where no metric was asked for at two lengths.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    lines = _lines(evaluation)
    if not lines:
        raise UsageError("a figure needs a metric at two lengths of the list at least", fix="-k 5,10,20")
    with rc_context({"svg.hashsalt": "visrec", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(3.4 * len(lines), 3.1), layout="constrained")
        for panel, (metric, runs) in zip(figure.subplots(1, len(lines), squeeze=False)[0], lines.items(), strict=True):
            colours = [_PRINTED[number % SERIES] for number in range(len(runs))]
            _plot(panel, runs, colours, ink="#222222", soft="#888888")
            panel.set_title(metric, loc="left")
        handles = panel.get_lines()
        names = [printable(name).replace("$", r"\$") for name in runs]  # no mathematics
        figure.legend(handles, names, loc="outside lower center", ncols=min(len(names), 5), frameon=False)
        kind = path.suffix.lstrip(".").lower()
        # no clock in any of the formats: equal numbers, equal bytes
        clock = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
        with atomic(path) as raw:
            figure.savefig(raw, format=kind, dpi=200, metadata=clock)


def _lines(evaluation: EvaluationReport) -> dict[str, dict[str, list[_Point]]]:
    """By metric and run the points in the order of k, for metrics with two lengths or more."""
    found: dict[str, dict[str, list[_Point]]] = {}
    for row in evaluation.results.to_pylist():
        if row["slice"] == "all" and row["k"] is not None and row["value"] is not None:
            points = found.setdefault(row["metric"], {}).setdefault(row["run"], [])
            points.append((row["k"], row["value"], row["ci_low"], row["ci_high"]))
    return {
        metric: {run: sorted(points, key=itemgetter(0)) for run, points in runs.items()}
        for metric, runs in found.items()
        if len(_ks(runs)) > 1
    }


def _ks(runs: Mapping[str, Sequence[_Point]]) -> list[int]:
    return sorted({point[0] for points in runs.values() for point in points})


def _drawn(metric: str, runs: Mapping[str, Sequence[_Point]]) -> str:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"svg.hashsalt": f"visrec {metric}", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(4.6, 2.7), layout="constrained", facecolor="none")
        axes = figure.subplots()
        axes.set_facecolor("none")
        _plot(axes, runs, [_COLOURS[number % SERIES] for number in range(len(runs))], ink=_INK, soft=_SOFT)
        raw = io.StringIO()
        figure.savefig(raw, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return raw.getvalue()


def _plot(axes: Any, runs: Mapping[str, Sequence[_Point]], colours: Sequence[str], *, ink: str, soft: str) -> None:
    """A line with its intervals for each run."""
    for number, (points, colour) in enumerate(zip(runs.values(), colours, strict=True)):
        at, values = [k for k, *_ in points], [value for _, value, *_ in points]
        axes.plot(at, values, color=colour, marker=MARKERS[number % SERIES], ms=4.5, lw=1.6)
        sure = [(k, low, high) for k, _, low, high in points if low is not None and high is not None]
        if sure:
            axes.fill_between(*zip(*sure, strict=True), color=colour, alpha=0.14, linewidth=0)
    axes.set_xscale("log")
    axes.set_xticks(_ks(runs), [str(k) for k in _ks(runs)])
    axes.minorticks_off()
    axes.set_xlabel("k", color=ink)
    axes.tick_params(colors=ink, length=0)
    axes.grid(color=soft, alpha=0.18, linewidth=0.8)
    axes.spines["bottom"].set_color(soft)
    axes.spines[["top", "right", "left"]].set_visible(False)


def _for_the_page(svg: str) -> Markup:
    """The drawing without what only a file of its own needs, in the colours of the page. No text of it is a user's."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r' id="[A-Za-z]+_\d+"|; font-family: [^;"]*', "", svg)  # names that other drawings have too
    for colour, name in {_INK: "--ink", _SOFT: "--soft", **{c: f"--s{n}" for n, c in enumerate(_COLOURS)}}.items():
        svg = svg.replace(colour, f"var({name})")
    return Markup(svg.replace("<svg ", '<svg aria-hidden="true" ', 1))
