"""Literal values of a condition: numbers, texts, true, false, null, dates and times."""

import math
import re
from datetime import UTC, date, datetime
from typing import Any

from sqlglot import exp

from visrec_cli.errors import UsageError
from visrec_cli.ranking.conditions.terms import quoted, refused

_NUMBER = re.compile(r"(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_NAMES = {
    "select": "a subquery", "subquery": "a subquery", "exists": "a subquery", "dpipe": "||", "star": "*", "alias": "AS",
    "placeholder": "a parameter", "parameter": "a parameter", "bracket": "[ ]", "tuple": "a list", "pow": "a power",
    "intdiv": "DIV", "nullsafeeq": "<=>", "anonymous": "a function",
}  # fmt: skip


def value_of(node: Any, text: str, where: str = "") -> Any:
    """Read a literal of sqlglot's tree, in the types of ``Term``.

    Parameters
    ----------
    node : Any
        The node.
    text : str
        The whole condition, for messages.
    where : str, default=""
        The place in it where only values are allowed, such as " in IN".

    Returns
    -------
    Any
        The value.

    Raises
    ------
    UsageError
        If it is not a literal.
    """
    if isinstance(node, exp.Null):
        return None
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal) and not node.this.is_string:
        return -value_of(node.this, text)
    if isinstance(node, exp.Literal):
        return str(node.this) if node.is_string else _number(str(node.this), text)
    if type(node) is exp.Cast and isinstance(node.this, exp.Literal) and node.this.is_string:
        kind = node.to.sql()
        if kind in ("DATE", "TIMESTAMP"):
            return _moment(kind, str(node.this.this), text)
    raise refused(text, spoken(node) + where)


def _number(digits: str, text: str) -> int | float:
    if not _NUMBER.fullmatch(digits) or not math.isfinite(float(digits)):
        raise refused(text, f"the number {digits[:40]}")
    return int(digits) if digits.isdigit() and int(digits) < 2**63 else float(digits)


def _moment(kind: str, words: str, text: str) -> date:
    try:
        if kind == "DATE":
            return date.fromisoformat(words.strip())
        moment = datetime.fromisoformat(words.strip())
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"--where {quoted(text)}: {words[:40]!r} is not a {'date' if kind == 'DATE' else 'time'}",
            fix="a date is written as DATE '2026-01-31', a time as TIMESTAMP '2026-01-31 12:00:00'",
        ) from error


def spoken(node: Any) -> str:
    """Name of a node in messages."""
    if isinstance(node, exp.Column):
        return "a column" if not node.args.get("table") else "a column of a table"
    key = str(getattr(node, "key", type(node).__name__))
    return _NAMES.get(key, key.upper())
