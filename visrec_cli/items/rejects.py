"""Rejects as a table."""

import pyarrow as pa

from visrec_cli.runtime.report import Reject

SCHEMA = pa.schema([(name, pa.string()) for name in ("stage", "path", "item_id", "reason")])


def rejects_table(rejects: list[Reject]) -> pa.Table:
    """Columns ``stage``, ``path``, ``item_id``, ``reason``; one row per reject, in the order of discovery."""
    rows = [{"stage": r.stage, "path": _text(r.path), "item_id": _text(r.item_id), "reason": r.reason} for r in rejects]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _text(name: str | None) -> str | None:
    """File names need not be UTF-8; Arrow strings must."""
    return None if name is None else name.encode("utf-8", "backslashreplace").decode()
