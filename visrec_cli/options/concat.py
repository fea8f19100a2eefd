"""Options of ``concat``."""

from dataclasses import dataclass
from typing import Annotated

import typer

from visrec_cli.options.files import Reads
from visrec_cli.options.requirements import Needs
from visrec_cli.options.shared import IdColumn
from visrec_cli.options.types import Tabular


@dataclass(frozen=True, kw_only=True)
class ConcatOptions:
    """Which rows of the tables are kept; see stages.concat.concat."""

    upsert: Annotated[
        bool, typer.Option("--upsert", help="Keep the last row of each id, so that later tables replace earlier rows.")
    ] = False
    delete: Annotated[
        Tabular | None,
        typer.Option(
            "--delete", metavar="IDS", help="Leave out the rows of these ids: a file with one per line, or a table."
        ),
        Reads(),
    ] = None
    id_column: Annotated[IdColumn, Needs("--upsert", "--delete")] = None
