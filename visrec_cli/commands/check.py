"""``visrec check``."""

from typing import Annotated

import typer

from visrec_cli.options.files import Reads


def command(
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help="Files that visrec wrote; - is stdin."), Reads()],
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing; only set the exit code.")] = False,
) -> None:
    """Verify that files are complete and valid: end marks, checksums, Arrow structure, unique ids, finite vectors.

    Checksums cover every byte of the Arrow, Parquet and NPY files that visrec writes. Text files have none.

    Examples:

        visrec check catalogue.arrow

        visrec embed-images ./imgs | visrec check -
    """
    import sys

    from visrec_cli.runtime.display import counted, printable
    from visrec_cli.runtime.report import Report
    from visrec_cli.stages.check import check

    for file in files:
        report = Report()
        rows = check(file, report=report)
        if quiet:
            continue
        for remark in report.warnings:
            print(f"visrec: note: {printable(remark)}", file=sys.stderr)
        print(f"{printable(file)}: {'readable' if report.warnings else 'whole'}, {counted(rows, 'rows')}")
