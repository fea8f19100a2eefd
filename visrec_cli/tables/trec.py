"""Run files of TREC: ``user Q0 item rank score tag``, one recommendation per line, without a header."""

import re
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from visrec_cli.errors import InputError
from visrec_cli.tables.reading import Tabular, is_path, name_of

_LINE = re.compile(rb"\s*\S+\s+Q0\s+\S+\s+\S+\s+\S+\s+\S+\s*(\r?\n|$)", re.IGNORECASE)
_FIELDS = r"^\s*(?<user>\S+)\s+\S+\s+(?<item>\S+)\s+(?<rank>-?\d+)\s+(?<score>\S+)(?:\s+(?<tag>\S+))?\s*$"


def is_trec(source: Tabular) -> bool:
    """Whether a source is a TREC run, by its first line; what is read from is left as it was."""
    if not is_path(source):
        return False
    if str(source) == "-":
        return not sys.stdin.isatty() and _LINE.match(_peeked()) is not None
    path = Path(source)
    if not path.exists() or not stat.S_ISREG(path.stat().st_mode):
        return False
    with path.open("rb") as file:
        return _LINE.match(file.read(4096)) is not None


def refuse_several(runs: Iterable[str], where: str, column: str) -> None:
    """Raises InputError if a file has the lists of several runs: read together, they are nobody's."""
    some = [f"'{run}'" for run in sorted(runs)]
    if len(some) > 1:
        raise InputError(
            f"{where} holds several runs: {', '.join(some[:3])} (column '{column}')", fix="make each a file of its own"
        )


def _peeked() -> bytes:
    peek = getattr(sys.stdin.buffer, "peek", None)
    return peek(4096) if peek is not None else b""


def read_trec(source: Tabular) -> pa.RecordBatchReader:
    """``user_id``, ``item_id``, ``rank`` and ``score``. Raises InputError naming a line of another form."""
    import polars as pl

    data = sys.stdin.buffer.read() if str(source) == "-" else Path(source).read_bytes()
    lines = pl.Series("line", data.decode("utf-8", "replace").splitlines())
    lines = lines.filter(lines.str.strip_chars() != "")
    fields = lines.str.extract_groups(_FIELDS).struct.unnest()
    read = fields.select(
        pl.col("user").alias("user_id"),
        pl.col("item").alias("item_id"),
        pl.col("rank").cast(pl.Int64, strict=False),
        pl.col("score").cast(pl.Float64, strict=False),
    )
    wrong = read.select(pl.any_horizontal(pl.all().is_null())).to_series()
    if wrong.any():
        row = int(wrong.arg_true()[0])
        raise InputError(
            f"{name_of(source)}: line {row + 1} is not of the form 'user Q0 item rank score tag': {lines[row][:60]!r}",
            fix="a TREC run has these six fields in every line",
        )
    refuse_several(fields["tag"].drop_nulls().unique(), name_of(source), "tag")
    table = read.to_arrow(compat_level=pl.CompatLevel.oldest())
    return table.cast(pa.schema([
        ("user_id", pa.string()), ("item_id", pa.string()), ("rank", pa.int64()), ("score", pa.float64())
    ])).to_reader(max_chunksize=1 << 17)  # fmt: skip
