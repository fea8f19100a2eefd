"""``--log FILE``: the curves of a training, as a table or as a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from visrec_cli.reports.curves import FORMATS, draw_curves
from visrec_cli.tables.atomic import check_place
from visrec_cli.tables.output import format_of, write_table


def check_log(path: str) -> None:
    """Check the name of a log file before a long training starts.

    Parameters
    ----------
    path : str
        The file.

    Raises
    ------
    UsageError
        If its format is not known.
    OutputError
        If its folder does not exist or cannot be written.
    """
    if Path(path).suffix.lstrip(".").lower() not in FORMATS:
        format_of(path)
    check_place(Path(path))


def write_log(path: str, curve: Sequence[dict[str, Any]], metric: str, *, title: str) -> None:
    """Write the curves: names ending in .svg, .png and .pdf are drawn, others are tables.

    Parameters
    ----------
    path : str
        The file.
    curve : Sequence[dict[str, Any]]
        Phase, epoch, loss and value of the metric of each epoch.
    metric : str
        Name of the metric.
    title : str
        Title of the picture.
    """
    if Path(path).suffix.lstrip(".").lower() in FORMATS:
        draw_curves(curve, metric, Path(path), title=title)
        return
    columns = {
        "phase": pa.array([record["phase"] for record in curve], pa.string()),
        "epoch": pa.array([record["epoch"] for record in curve], pa.int32()),
        "loss": pa.array([record["loss"] for record in curve], pa.float64()),
        metric: pa.array([record["value"] for record in curve], pa.float64()),
    }
    write_table(pa.table(columns).to_reader(), path)
