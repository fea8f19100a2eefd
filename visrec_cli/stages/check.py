"""``check``: whether files are complete and follow the contract."""

from visrec_cli.runtime.report import Report
from visrec_cli.tables.checksums import Verification
from visrec_cli.tables.ids import with_item_ids
from visrec_cli.tables.readers import Tabular, name_of, open_table
from visrec_cli.tables.spaces import space_of
from visrec_cli.tables.vectors import embedding_columns, matrix_of


def check(source: Tabular, *, report: Report | None = None) -> int:
    """Read everything, compare all checksums, and return the number of rows.

    What has no checksum, or one that does not cover it, becomes a warning of the report. Raises InputError for damage,
    duplicate ids in an item table, NaN in a vector, or an unreadable space.
    """
    report, verification, where = report or Report(), Verification(), name_of(source)
    reader = open_table(source, verification=verification)
    items = "item_id" in reader.schema.names and not {"query_id", "user_id"} & set(reader.schema.names)
    if items:
        reader = with_item_ids(reader, where=where)
    for field in reader.schema:
        space_of(field, where)
    vectors = embedding_columns(reader.schema)
    rows = 0
    for batch in reader:
        ids = batch.column("item_id").to_pylist() if items else None
        for name in vectors:
            matrix_of(batch.column(name), name=name, ids=ids)
        rows += batch.num_rows
    for remark in verification.remarks:
        report.warn(remark)
    return rows
