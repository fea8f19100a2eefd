"""Metrics over the length of the list, as SVG that lives inside a page and takes its colours from there."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from visrec_cli.reports.evaluation import Told, named

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "h")  # colours alone do not tell runs apart for everybody
SERIES = len(MARKERS)
_INK, _SOFT = "#010203", "#030201"  # stand for the page's colours in what matplotlib draws
_COLOURS = tuple(f"#0a0b{number:02x}" for number in range(SERIES))


@dataclass(frozen=True)
class Curve:
    """A metric at several k. drawing: the SVG; words: the same for those who do not see it."""

    metric: str
    drawing: Markup
    words: str


def curves_of(told: Told) -> list[Curve]:
    """A curve for each metric that was asked for at two lengths or more."""
    rows = [row for row in told.results.to_pylist() if row["slice"] == "all" and row["k"] is not None]
    runs = list(dict.fromkeys(row["run"] for row in rows))
    found = []
    for metric in dict.fromkeys(row["metric"] for row in rows):
        lines = [
            sorted(
                (row["k"], row["value"], row["ci_low"], row["ci_high"])
                for row in rows
                if (row["metric"], row["run"]) == (metric, run) and row["value"] is not None
            )
            for run in runs
        ]
        ks = sorted({point[0] for line in lines for point in line})
        if len(ks) > 1:
            names = ", ".join(named(metric, k) for k in ks)
            found.append(Curve(metric, _drawn(lines, ks), f"{names} of {len(runs)} runs; the numbers are in the table"))
    return found


def _drawn(lines: Sequence[Sequence[tuple[int, float, float | None, float | None]]], ks: Sequence[int]) -> Markup:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    looks = {"svg.hashsalt": "visrec", "svg.fonttype": "none", "font.size": 9, "axes.edgecolor": _SOFT}
    with rc_context(looks):
        figure = Figure(figsize=(4.6, 2.7), layout="constrained", facecolor="none")
        axes = figure.subplots()
        axes.set_facecolor("none")
        for number, line in enumerate(lines):
            colour = _COLOURS[number % SERIES]
            at = [k for k, *_ in line]
            axes.plot(
                at, [value for _, value, *_ in line], color=colour, marker=MARKERS[number % SERIES], ms=4.5, lw=1.6
            )
            sure = [(k, low, high) for k, _, low, high in line if low is not None and high is not None]
            if sure:
                where, lows, highs = zip(*sure, strict=True)
                axes.fill_between(where, lows, highs, color=colour, alpha=0.14, linewidth=0)
        axes.set_xscale("log")
        axes.set_xticks(ks, [str(k) for k in ks])
        axes.minorticks_off()
        axes.set_xlabel("k", color=_INK)
        axes.tick_params(colors=_INK, length=0)
        axes.grid(color=_SOFT, alpha=0.18, linewidth=0.8)
        axes.spines[["top", "right", "left"]].set_visible(False)
        raw = io.StringIO()
        figure.savefig(raw, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return _for_the_page(raw.getvalue())


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
