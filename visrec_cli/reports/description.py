"""The columns of a table at a terminal or in a text file."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from visrec_cli.runtime.display import printable


def print_columns(heading: str, columns: Sequence[tuple[str, str, int, str]], console: Console) -> None:
    """Print a heading and one line per column.

    columns: name, type in words, number of nulls, and the space in words (empty for columns that are no embedding).
    """
    console.print(Text(printable(heading), style="bold"), soft_wrap=True)
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 2, 0, 0))
    drawn.add_column("column", overflow="fold")
    drawn.add_column("type", overflow="fold")
    if any(nulls for *_, nulls, _ in columns):
        drawn.add_column("nulls", justify="right")
    for name, kind, nulls, made_of in columns:
        what = Text(printable(kind))
        if made_of:
            what.append(f"\n{printable(made_of)}", style="dim")
        row = [Text(printable(name)), what]
        drawn.add_row(*row, *([Text(f"{nulls:,}" if nulls else "")] if len(drawn.columns) == 3 else []))
    console.print(drawn)
