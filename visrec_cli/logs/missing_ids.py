"""Placeholders that other tools write for missing ids."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

_NOTHING = (
    "nan", "null", "none", "\\n", "na", "n/a", "<na>", "nil", "nat", "undefined", "unknown", "anonymous", "(null)",
    "(not set)", "-", "?", "0", "-1",
)  # fmt: skip


def missing_ids(table: pa.Table) -> Iterator[tuple[str, str]]:
    """A note, with its kind, if the user (or item) of most rows is called as other tools call nothing.

    Then many people were taken for one.
    """
    for column, who in (("user_id", "user"), ("item_id", "item")):
        counts = pc.value_counts(table[column])
        if len(counts) < 2:
            continue
        sizes = counts.field("counts").to_numpy()
        name = counts.field("values")[int(sizes.argmax())].as_py()
        if name.strip().lower() in _NOTHING and (sizes == sizes.max()).sum() == 1:
            rows = f"{int(sizes.max()):,} of {table.num_rows:,}"
            drop = f"df.filter(pl.col('{column}') != '{name}')"
            yield (
                f"missing {who}",
                f"the {who} with the most rows is called '{name}' ({rows}): where this stands for nobody, drop these "
                f"rows before (in polars: {drop})",
            )
