"""``visrec check``."""

from typing import Annotated

import typer


def command(
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help="Files that visrec wrote; - is stdin.")],
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only the exit code.")] = False,
) -> None:
    """Verify that files are whole: end marks, checksums, valid Arrow, unique ids, finite vectors.

    Examples:

        visrec check catalogue.arrow

        visrec embed-images ./imgs | visrec check -
    """
    from visrec_cli.runtime.words import counted, printable
    from visrec_cli.stages.check import check

    for file in files:
        rows = check(file)
        if not quiet:
            print(f"{printable(file)}: whole, {counted(rows, 'rows')}")
