"""Ids that are no ids: what other tools write where there was nothing."""

import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.runtime.reporting import Report

_NOTHING = (
    "nan", "null", "none", "\\n", "na", "n/a", "<na>", "nil", "nat", "undefined", "unknown", "anonymous", "(null)",
    "(not set)", "-", "?", "0", "-1",
)  # fmt: skip


def note_missing_ids(table: pa.Table, report: Report) -> None:
    """Say if the user (or item) of most rows is called as other tools call nothing: many people, taken for one."""
    for column, who in (("user_id", "user"), ("item_id", "item")):
        counts = pc.value_counts(table[column])
        if len(counts) < 2:
            continue
        sizes = counts.field("counts").to_numpy()
        name = counts.field("values")[int(sizes.argmax())].as_py()
        if name.strip().lower() in _NOTHING and (sizes == sizes.max()).sum() == 1:
            report.warn(
                f"the {who} with the most rows is called '{name}' ({int(sizes.max()):,} of {table.num_rows:,}): where "
                f"this stands for nobody, drop these rows before (in polars: df.filter(pl.col('{column}') != '{name}'))"
            )
