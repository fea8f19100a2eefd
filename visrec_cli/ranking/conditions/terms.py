"""Terms of a condition as a tree, and errors for anything else."""

from dataclasses import dataclass
from typing import Any

from visrec_cli.errors import UsageError

FUNCTIONS = {
    "lower": (1, 1), "upper": (1, 1), "length": (1, 1), "abs": (1, 1), "round": (1, 2), "coalesce": (1, 16),
    "starts_with": (2, 2), "ends_with": (2, 2), "contains": (2, 2),
}  # fmt: skip
"""The functions that a condition may call, each with the fewest and the most arguments."""
ALLOWED = (
    "allowed are columns, numbers, 'texts', true, false, null, DATE and TIMESTAMP '…', = <> < <= > >=, + - * / %, "
    "and, or, not, IN (values), BETWEEN, LIKE, ILIKE, IS NULL, TRY_CAST(column AS DOUBLE or BIGINT), "
    f"{', '.join(FUNCTIONS)}"
)
MOST_CHARACTERS = 500_000
MOST_PARTS = 1_000  # columns, values and operations, without the values of IN
MOST_VALUES = 10_000  # of all INs together
MOST_NESTED = 20  # parentheses, and signs in a row
MOST_DEEP = 40  # operations within operations
LONGEST_PATTERN = 1_000  # characters of LIKE, which becomes an automaton


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a condition.

    Attributes
    ----------
    name : str
        "column", "value", "in", "like", "ilike", "number" (a text read as a number), "and", "or", "not", "negative",
        "between", "is null", an operator, or a function.
    parts : tuple["Term", ...], default=()
        The terms that it applies to.
    value : Any, default=None
        Of "column", its name; of "value", None, bool, int, float, str, date, or datetime in UTC without a zone; of
        "in", a tuple of such values; of "like" and "ilike", the pattern; of "number", float or int.
    """

    name: str
    parts: tuple["Term", ...] = ()
    value: Any = None


def quoted(text: str) -> str:
    """The beginning of a condition, for messages."""
    return repr(text if len(text) <= 80 else f"{text[:79]}…")


def refused(text: str, what: str) -> UsageError:
    """The error for a part of a condition that is not allowed; its hint lists what is."""
    return UsageError(f"--where {quoted(text)}: {what} is not allowed", fix=ALLOWED)


def too_large(text: str, how: str) -> UsageError:
    """The error for a condition that is too large."""
    return UsageError(
        f"--where {quoted(text)} is too large: {how}",
        fix="filter the table first (duckdb, polars); with a model, list the items in a file: --allow FILE",
    )
