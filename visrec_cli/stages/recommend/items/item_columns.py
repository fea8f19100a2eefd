"""Item columns of the result, and their names."""

from collections.abc import Collection, Sequence

import pyarrow as pa

from visrec_cli.errors import UsageError
from visrec_cli.tables.picture_types import is_picture_type


def item_columns(
    schema: pa.Schema, columns: Sequence[str] | None, *, reserved: Collection[str], pictures: bool
) -> tuple[list[str], list[pa.Field]]:
    """Names in the items' table, and the fields of the answer.

    columns: those asked for (None: all but the id). ours: names that the answer uses itself; such a column of the items
    goes along as ``item_<name>``. pictures: whether stored bytes go along. Raises UsageError for a column that is not
    there.
    """
    available = [field for field in schema if field.name != "item_id"]
    unknown = [name for name in columns or () if name not in schema.names]
    if unknown:
        raise UsageError(
            f"--columns: there is no column '{unknown[0]}'",
            fix=f"the items have {', '.join(field.name for field in available) or 'no columns but their ids'}",
        )
    if not pictures:
        available = [field for field in available if not is_picture_type(field.type)]
    passed = [field for field in available if columns is None or field.name in columns]
    named = [field.with_name(f"item_{field.name}") if field.name in reserved else field for field in passed]
    return [field.name for field in passed], named
