"""``interactions``: reading, cleaning and auditing of an interaction log."""

from typing import Any

import pyarrow as pa

from visrec_cli.errors import UsageError
from visrec_cli.items.source import open_items
from visrec_cli.logs.audit import audit
from visrec_cli.logs.cleanup import clean
from visrec_cli.logs.reader import Use, read_log
from visrec_cli.options.classes import options_of, takes
from visrec_cli.options.interactions import InteractionsOptions
from visrec_cli.runtime.report import Report
from visrec_cli.stages.interactions.user_hashes import key_of, with_hashed_users
from visrec_cli.tables.readers import Tabular, is_path


@takes(InteractionsOptions)
def interactions(
    source: Tabular, options: InteractionsOptions | None = None, *, report: Report | None = None, **named: Any
) -> pa.RecordBatchReader:
    """Read, clean and audit a log of interactions.

    Parameters
    ----------
    source : Tabular
        The log.
    options : InteractionsOptions | None, default=None
        Its columns, how it is cleaned, and the items to compare it with; or its fields by name.
    report : Report | None, default=None
        Counts, rejects and notes.
    **named : Any
        Fields of the options.

    Returns
    -------
    pa.RecordBatchReader
        ``user_id, item_id, weight``, ``timestamp`` if the log has times, and its other columns: one row per user and
        item.

    Raises
    ------
    InputError
        For a log without users, items or usable rows, or if none of its items is in the table of items.
    UsageError
        For unknown names, or stdin named twice.
    """
    report, options = report or Report(), options_of(InteractionsOptions, options, named)
    items, hash_users, cleaning = options.items, options.hash_users, options.cleaning
    if items is not None and all(is_path(one) and str(one) == "-" for one in (source, items)):
        raise UsageError("stdin cannot be both the log and the items", fix="name one of the files")
    key = None if hash_users is None else key_of(hash_users)
    features = None if items is None else open_items(items, id_column=options.id_column, report=report).read_all()
    table, notes = read_log(source, options.columns, Use("kept", cleaning), report)
    if key is not None:
        table = with_hashed_users(table, key, report)
    table = clean(table, cleaning, report)
    audit(table, notes, items=features)
    return notes.on(table).to_reader(max_chunksize=8192)
