"""``concat``: tables below each other, row by row."""

from typing import Any

import pyarrow as pa

from visrec_cli.errors import InputError, UsageError
from visrec_cli.items.id_lists import item_ids
from visrec_cli.options.classes import options_of, takes
from visrec_cli.options.concat import ConcatOptions
from visrec_cli.runtime.report import Report
from visrec_cli.stages.concat.kept_rows import KeptRows
from visrec_cli.tables.ids import USER_ALIASES, find_id_column, plain_name
from visrec_cli.tables.part_sources import parts_of
from visrec_cli.tables.parts import Part, kept, one_table
from visrec_cli.tables.readers import Tabular, is_path, open_table
from visrec_cli.tables.text_schema import is_model

_OF_OTHERS = (*USER_ALIASES, "query_id")


@takes(ConcatOptions)
def concat(
    *sources: Tabular, options: ConcatOptions | None = None, report: Report | None = None, **named: Any
) -> pa.RecordBatchReader:
    """The rows of all tables in their order.

    Parameters
    ----------
    *sources : Tabular
        Files, folders of parts, patterns of names, or tables at hand. Columns are matched by name.
    options : ConcatOptions | None, default=None
        upsert: keep only the last row of each id; delete: ids of rows to leave out; id_column: the column of ids.
    report : Report | None, default=None
        Notes what is null in some tables, and counts the rows that are replaced and deleted.
    **named : Any
        Fields of the options.

    Returns
    -------
    pa.RecordBatchReader
        All columns of all tables; batches come as they are read.

    Raises
    ------
    InputError
        For a column whose types differ and cannot be unified, with the table, and for a model.
    SpaceMismatchError
        For vectors of two spaces.
    UsageError
        Without a table, for stdin named twice, or where the column of ids cannot be told.
    """
    report, options = report or Report(), options_of(ConcatOptions, options, named)
    if not sources:
        raise UsageError("there are no tables", fix="visrec concat A.arrow B.arrow -o both.arrow")
    if sum(is_path(source) and str(source) == "-" for source in sources) > 1:
        raise UsageError("stdin can be only one of the tables", fix="write the other to a file first")

    ids = () if options.id_column is None else (options.id_column,)

    def opened(source: Tabular, as_text: Any = ()) -> pa.RecordBatchReader:
        return open_table(source, as_text={*as_text, *ids}, report=report)

    parts = [part for source in sources for part in parts_of(source, None, opened, report)]
    if options.upsert:
        parts = [kept(part) for part in parts]
    rows = KeptRows(report)
    table = one_table(parts, same_columns=False, report=report, check=rows.check)
    if is_model(table.schema):
        raise InputError(f"{parts[0].where} is a model: rows of two models make none", fix="train one on both logs")
    if options.upsert or options.delete is not None:
        rows.column = _id_column(table.schema, options, parts)
        rows.delete(() if options.delete is None else item_ids(options.delete))
    if options.upsert:
        rows.keep_last(one_table(parts, same_columns=False, check=rows.check))
    return pa.RecordBatchReader.from_batches(table.schema, rows.of(table))


def _id_column(schema: pa.Schema, options: ConcatOptions, parts: list[Part]) -> str:
    """The column of ids. A log has several rows of each item: there it must be named."""
    others = next((name for name in schema.names if plain_name(name) in _OF_OTHERS), None)
    if options.id_column is None and others is not None:
        flag = "--upsert" if options.upsert else "--delete"
        raise UsageError(
            f"{parts[0].where} has a column '{others}': {flag} goes by the ids of rows, and a log has several of each",
            fix=f"name the column with --id-column, or leave out {flag}",
        )
    return find_id_column(schema, column=options.id_column, where=parts[0].where)
