"""One value of a table as short text that is safe to show.

Ids, titles and file names come from anywhere: an ESC in a file name would steer the terminal, a bidirectional
control would show `gpj.exe` as `exe.jpg`. They are shown as what they are, `\\x1b` and `\\u202e`.
"""

from typing import Any

import pyarrow as pa

from visrec_cli.runtime.display import printable
from visrec_cli.tables.conversions import python_value
from visrec_cli.tables.picture_types import is_pixel_tensor, shape_of


def shorten(text: str, width: int) -> str:
    """``text`` cut to ``width`` characters with an ellipsis at the end."""
    return text if len(text) <= width else text[: max(width - 1, 0)].rstrip() + "…"


def number(value: float) -> str:
    """A float in at most about six characters, so that columns of scores line up."""
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    if value == int(value) and abs(value) < 1e9:
        return f"{value:.1f}" if abs(value) < 1000 else f"{value:.0f}"
    return f"{value:.3f}" if 1e-3 <= abs(value) < 1000 else f"{value:.4g}"


def byte_size(n: int) -> str:
    """``n`` bytes in words: ``812 B``, ``18.2 MB``."""
    size = float(n)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def cell(scalar: pa.Scalar, width: int = 40) -> str:
    """One value of an Arrow column as one line of at most ``width`` characters; null is a middle dot."""
    if not scalar.is_valid:
        return "·"
    kind = scalar.type
    if is_pixel_tensor(kind):
        return f"<{' x '.join(map(str, shape_of(kind)))} pixels>"
    if pa.types.is_fixed_size_list(kind) and (
        pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type)
    ):
        head = ", ".join(f"{x:.3f}" for x in scalar.as_py()[:2] if x is not None)
        return shorten(f"[{head}, … {kind.list_size}]", width)
    return shorten(printable(words(python_value(scalar))), width)


def words(value: Any) -> str:
    """A Python value as people would write it."""
    if isinstance(value, bytes):
        return f"<{byte_size(len(value))}>"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):  # a label and its score, mostly
        return " ".join(words(x) for x in value.values())
    if isinstance(value, list):
        return ", ".join(words(x) for x in value)
    return str(value) if value is not None else "·"
