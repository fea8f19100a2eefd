"""The terms of a condition as a tree, and refusals of anything else."""

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

    name: "column" (value: its name), "value" (value: None, bool, int, float, str, date, or datetime in UTC without a
    zone), "in" (value: a tuple of such values), "like" and "ilike" (value: the pattern), "number" (a text read as a
    number; value: float or int), "and", "or", "not", "negative", "between", "is null", an operator, or a function.
    """

    name: str
    parts: tuple["Term", ...] = ()
    value: Any = None


def quoted(text: str) -> str:
    """The condition as messages show it: its beginning."""
    return repr(text if len(text) <= 80 else f"{text[:79]}…")


def refused(text: str, what: str) -> UsageError:
    """The refusal of a condition for a part of it, with the list of what is allowed."""
    return UsageError(f"--where {quoted(text)}: {what} is not allowed", fix=ALLOWED)


def too_large(text: str, how: str) -> UsageError:
    """The refusal of a condition for its size."""
    return UsageError(
        f"--where {quoted(text)} is too large: {how}",
        fix="filter the table before (duckdb, polars), or for users name the items in a file: --allow FILE",
    )
