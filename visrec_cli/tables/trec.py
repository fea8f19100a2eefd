"""Files of TREC: runs (``user Q0 item rank score tag``) and judgements, its qrels (``user 0 item grade``).

Fields are divided by spaces or tabs, there is no header, and lines that begin with ``#`` are remarks. A file is told
by its first line; it has come through the same door as all text (tables.text), whatever its bytes and its source.
"""

import re

import polars as pl

from visrec_cli.errors import InputError
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report

_RUN_LINE = re.compile(rb"\s*\S+\s+Q0\s+\S+\s+\S+\s+\S+\s+\S+\s*", re.IGNORECASE)
_JUDGEMENT_LINE = re.compile(rb"\s*\S+\s+(?:0|Q0)\s+\S+\s+-?\d{1,3}\s*", re.IGNORECASE)
_RUN = r"^\s*(?<user>\S+)\s+\S+\s+(?<item>\S+)\s+(?<rank>-?\d+)\s+(?<score>\S+)(?:\s+(?<tag>\S+))?\s*$"
_JUDGEMENT = r"^\s*(?<user>\S+)\s+(?<round>\S+)\s+(?<item>\S+)\s+(?<grade>-?\d+)\s*$"
_LONGEST = 1 << 16


def read_trec(data: bytes, where: str, report: Report) -> pl.DataFrame | None:
    """A run as ``user_id``, ``item_id``, ``rank``, ``score`` and ``run``; judgements as ``user_id``, ``item_id`` and
    ``weight``, the grade, where those below 0 are 0: judged, and of no use. Of a pair that is judged twice the last
    grade counts, which the report says. None for any other text.

    Raises InputError naming the first line of another form.
    """
    first = _first_line(data)
    if _RUN_LINE.fullmatch(first):
        return _read_run(_lines(data, _RUN), where)
    if _JUDGEMENT_LINE.fullmatch(first):
        return _read_judgements(_lines(data, _JUDGEMENT), where, report)
    return None


def _first_line(data: bytes) -> bytes:
    """The first line that says something: no remark, which has the form of a run where ids begin so."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", start, start + _LONGEST)
        end = len(data) if end < 0 else end
        line = data[start : min(end, start + _LONGEST)]
        if line.strip() and not (line.startswith(b"#") and not _RUN_LINE.fullmatch(line)):
            return line
        start = end + 1
    return b""


def _lines(data: bytes, form: str) -> pl.DataFrame:
    """``line`` and its ``number``, without blank ones and remarks."""
    lines = pl.DataFrame({"line": data.decode().split("\n")}).with_row_index("number", offset=1)
    remark = pl.col("line").str.starts_with("#") & ~pl.col("line").str.contains(form)
    return lines.filter((pl.col("line").str.strip_chars() != "") & ~remark)


def _read_run(lines: pl.DataFrame, where: str) -> pl.DataFrame:
    fields = lines["line"].str.extract_groups(_RUN).struct.unnest()
    read = fields.select(
        pl.col("user").alias("user_id"),
        pl.col("item").alias("item_id"),
        pl.col("rank").cast(pl.Int64, strict=False),
        pl.col("score").cast(pl.Float64, strict=False),
        pl.col("tag").fill_null("").alias("run"),
    )
    _refuse_other_forms(
        read, lines, where, "user Q0 item rank score tag", "a TREC run has these six fields in every line"
    )
    return read


def _read_judgements(lines: pl.DataFrame, where: str, report: Report) -> pl.DataFrame | None:
    fields = lines["line"].str.extract_groups(_JUDGEMENT).struct.unnest()
    rounds = fields["round"].drop_nulls()
    if not rounds.str.contains("^(?i:0|q0)$").all() or len(rounds) * 2 < len(lines):
        return None  # a log of four columns, in whose first row the second of them is 0
    read = fields.select(
        pl.col("user").alias("user_id"),
        pl.col("item").alias("item_id"),
        pl.col("grade").cast(pl.Int64, strict=False).clip(lower_bound=0).alias("weight"),
    )
    _refuse_other_forms(
        read, lines, where, "user 0 item grade", "judgements of TREC have these four fields in every line"
    )
    return _last_grades(read, where, report)


def _last_grades(read: pl.DataFrame, where: str, report: Report) -> pl.DataFrame:
    """One row per pair: added up, as a log's, two judgements would be a grade that nobody gave. trec_eval refuses."""
    pair = ["user_id", "item_id"]
    grades = read.group_by(pair, maintain_order=True).agg("weight").filter(pl.col("weight").list.len() > 1)
    if grades.is_empty():
        return read
    apart = grades.filter(pl.col("weight").list.n_unique() > 1)
    words = "with the same grade each time"
    if len(apart):
        user, item, given = apart.row(0)
        example = f"{user!r} and {item!r}: {', then '.join(map(str, given[-3:]))}"
        words = f"{len(apart):,} of them with different grades, as {example}"
    report.warn(f"{where}: {counted(len(grades), 'pairs')} judged more than once, {words}: the last one counts")
    return read.unique(pair, keep="last", maintain_order=True)


def _refuse_other_forms(read: pl.DataFrame, lines: pl.DataFrame, where: str, form: str, fix: str) -> None:
    wrong = read.select(pl.any_horizontal(pl.all().is_null())).to_series()
    if wrong.any():
        number, line = lines["number"][int(wrong.arg_true()[0])], lines["line"][int(wrong.arg_true()[0])]
        raise InputError(f"{where}: line {number} is not of the form '{form}': {line[:60]!r}", fix=fix)
