"""A table at a terminal: its first rows, as many columns as fit, and what was left out.

Every text goes through `rich.text.Text`: rich would read `[/b]` in a file name as markup and stop with an error.
"""

import pyarrow as pa
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from visrec_cli.reports.cells import cell, shorten
from visrec_cli.runtime.display import printable
from visrec_cli.tables.vectors import embedding_columns

FIRST = ("query_label", "rank", "item_id", "title", "name", "score", "why", "labels", "category", "price")
WIDEST = 36  # characters of one column: a long title must not push the scores off the screen
GAP = 2  # between columns: one of padding, one that rich puts there


def preview(table: pa.Table, *, total: int | None, console: Console, hint: str = "") -> None:
    """Print the rows of ``table`` to ``console``.

    table: the rows to show, all of them (the caller cuts). total: rows of the whole table, None when unknown.
    hint: a last line that says what to do next ("keep it with -o items.arrow"); empty for none.
    """
    table = _for_people(table)
    columns = [_texts(table, i) for i in range(table.num_columns)]
    shown = _that_fit(columns, console.width)
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, GAP - 1, 0, 0))
    for i in range(shown):
        numeric = pa.types.is_integer(table.schema.types[i]) or pa.types.is_floating(table.schema.types[i])
        name = Text(columns[i][0])
        drawn.add_column(name, justify="right" if numeric else "left", no_wrap=True, overflow="ellipsis")
    for row in range(table.num_rows):
        texts = [columns[i][row + 1] for i in range(shown)]
        drawn.add_row(*(Text(text, style="dim" if text == "·" else "") for text in texts))
    console.print(drawn)
    console.print(Text(_left_out(table, shown, total), style="dim"), soft_wrap=True)
    if hint:
        console.print(Text(hint), soft_wrap=True)


def _for_people(table: pa.Table) -> pa.Table:
    """The columns that people look for first, first: a terminal is rarely wide enough for all."""
    names = table.schema.names
    if "query_label" in names:  # of a recommendation, what was asked and what was answered
        lead = [name for name in FIRST if name in names]
    else:  # of items, who they are and what a stage has just added
        lead = [name for name in ("item_id", "title", "labels", *embedding_columns(table.schema)) if name in names]
    return table.select(lead + [name for name in names if name not in lead])


def _texts(table: pa.Table, i: int) -> list[str]:
    """Name and values of column i as the texts that will be shown."""
    return [shorten(printable(table.schema.names[i]), WIDEST), *(cell(value, WIDEST) for value in table.column(i))]


def _that_fit(columns: list[list[str]], width: int) -> int:
    """How many columns, from the left, fit into ``width`` characters (at least one)."""
    used = 0
    for count, texts in enumerate(columns):
        used += max(Text(text).cell_len for text in texts) + GAP
        if used > width + GAP and count:
            return count
    return len(columns)


def _left_out(table: pa.Table, shown: int, total: int | None) -> str:
    """The line under the table: how much of it was shown."""
    n = table.num_rows
    if total is None:
        rows = f"first {n:,} rows"
    elif total > n:
        rows = f"{n:,} of {total:,} rows"
    else:
        rows = f"{n:,} row{'' if n == 1 else 's'}"
    hidden = [shorten(printable(name), WIDEST) for name in table.schema.names[shown:]]
    return rows + (f"; not shown: {', '.join(hidden)}" if hidden else "")
