"""The parts of a log as separate files, for other tools."""

import shlex
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.errors import OutputError
from visrec_cli.options.split import SplitSpec
from visrec_cli.stages.split.strategies import PARTS
from visrec_cli.tables.output import write_table


def check_parts(folder: Path, way: SplitSpec) -> None:
    """Raise OutputError where the folder holds a part of an earlier split that this way of splitting has not."""
    if way.folds:
        return
    moments = 0 if way.cut is None else len(way.cut.split(","))
    made = {"train": True, "validation": way.validation > 0 or moments > 1, "test": moments or way.test_size > 0}
    for part in PARTS:
        if not made[part] and (folder / f"{part}.parquet").exists():
            raise _of_another(folder / f"{part}.parquet", part)


def _of_another(path: Path, part: str) -> OutputError:
    return OutputError(f"{path} is from another split: this one has no {part}", fix=f"rm {shlex.quote(str(path))}")


def write_parts(table: pa.Table, folder: Path) -> list[Path]:
    """Write ``train.parquet``, ``validation.parquet`` and ``test.parquet``, or ``fold-0/train.parquet`` … for folds.

    table: with a column ``split`` or ``fold``, which the files do not have. Each appears whole or not at all. Raises
    OutputError if the folder cannot be made, or holds a part of an earlier split that this one does not have.
    """
    parts: dict[Path, pa.Table] = {}
    if "fold" in table.column_names:
        plain = table.drop_columns("fold")
        for fold in sorted(pc.unique(table["fold"]).to_pylist()):
            held = pc.equal(table["fold"], fold)
            parts[folder / f"fold-{fold}" / "train.parquet"] = plain.filter(pc.invert(held))
            parts[folder / f"fold-{fold}" / "test.parquet"] = plain.filter(held)
    else:
        plain = table.drop_columns("split")
        for part in PARTS:
            rows = plain.filter(pc.equal(table["split"], part))
            path = folder / f"{part}.parquet"
            if rows.num_rows:
                parts[path] = rows
            elif path.exists():
                raise _of_another(path, part)
    for path, rows in parts.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot make the folder {path.parent}: {error.strerror or error}") from error
        write_table(rows, path)
    return list(parts)
