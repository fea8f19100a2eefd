"""``--log FILE``: the curves of a training, as a table or as a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from visrec_cli.reports.curves import FORMATS, draw_curves
from visrec_cli.tables.atomic import check_place
from visrec_cli.tables.output import format_of, write_table


def check_log(path: str) -> None:
    """Refuse, before an hour of work, a name of no known format (UsageError) or a lost folder (OutputError)."""
    if Path(path).suffix.lstrip(".").lower() not in FORMATS:
        format_of(path)
    check_place(Path(path))


def write_log(path: str, curve: Sequence[dict[str, Any]], metric: str, *, title: str) -> None:
    """Write the curve: .svg, .png and .pdf are drawn, other names are tables of phase, epoch, loss and the metric."""
    if Path(path).suffix.lstrip(".").lower() in FORMATS:
        draw_curves(curve, metric, Path(path), title=title)
        return
    columns = {
        "phase": pa.array([seen["phase"] for seen in curve], pa.string()),
        "epoch": pa.array([seen["epoch"] for seen in curve], pa.int32()),
        "loss": pa.array([seen["loss"] for seen in curve], pa.float64()),
        metric: pa.array([seen["value"] for seen in curve], pa.float64()),
    }
    write_table(pa.table(columns).to_reader(), path)
