"""Training curves as a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from visrec_cli.tables.atomic import atomic

FORMATS = ("svg", "png", "pdf")


def draw_curves(curve: Sequence[dict[str, Any]], metric: str, path: Path, *, title: str) -> None:
    """Loss and validation over the epochs, one panel each, the best epoch marked; the suffix says the format.

    curve: epochs as dicts with epoch, loss, value (None where it was not judged) and phase.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    searched = [seen for seen in curve if seen["phase"] == "search"] or list(curve)
    judged = [(seen["epoch"], seen["value"]) for seen in searched if seen["value"] is not None]
    with rc_context({"svg.hashsalt": "visrec", "svg.fonttype": "none"}):  # the same curves, the same bytes
        figure = Figure(figsize=(7, 5 if judged else 3), layout="constrained")
        panels = figure.subplots(2 if judged else 1, 1, sharex=True, squeeze=False)[:, 0]
        panels[0].plot([seen["epoch"] for seen in searched], [seen["loss"] for seen in searched], color="#4c6ef5")
        panels[0].set_ylabel("loss (training)")
        panels[0].set_title(title, loc="left")
        if judged:
            epochs, values = zip(*judged, strict=True)
            panels[1].plot(epochs, values, color="#e8590c", marker=".")
            best = (min if metric == "rmse" else max)(judged, key=lambda pair: pair[1])
            panels[1].axvline(best[0], color="#868e96", linewidth=1, linestyle=":")
            panels[1].annotate(
                f"{best[1]:.4f} in epoch {best[0]}", best, textcoords="offset points", xytext=(6, -12), color="#495057"
            )
            panels[1].set_ylabel(f"{metric} (validation)")
        panels[-1].set_xlabel("epoch")
        for panel in panels:
            panel.grid(alpha=0.25)
            panel.spines[["top", "right"]].set_visible(False)
        kind = path.suffix.lstrip(".").lower()
        with atomic(path) as raw:
            figure.savefig(raw, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else None)
