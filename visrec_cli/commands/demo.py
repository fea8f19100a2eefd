"""``visrec demo``."""

import sys
from typing import Annotated

import typer

from visrec_cli.options.shared import Quiet


def command(
    folder: Annotated[str, typer.Argument(metavar="[FOLDER]", help="Folder to create.")] = "visrec-demo",
    seed: Annotated[int, typer.Option(help="Random seed of the shop.")] = 0,
    draw_only: Annotated[
        bool, typer.Option("--draw-only", help="Create the shop but do not run the pipeline.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Write into an existing folder that is not from demo.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Create a small shop (pictures, titles, prices, clicks) and run the whole pipeline on it, offline.

    Each command is printed before it runs, so that you can repeat and change it.

    Examples:

        visrec demo

        visrec demo shop --draw-only
    """
    from pathlib import Path

    from visrec_cli.commands.runner import progress
    from visrec_cli.runtime.display import printable
    from visrec_cli.runtime.report import Report
    from visrec_cli.stages.demo import draw_demo, run_demo

    def say(text: str) -> None:
        if not quiet:
            print(text, file=sys.stderr, flush=True)

    target = Path(folder)
    say(f"visrec: drawing a shop in {printable(folder)} (a few seconds)")
    report = Report()
    with progress(report, quiet):
        count = draw_demo(target, seed=seed, force=force, report=report)
    say(f"visrec: {count} items with pictures, titles and prices, and the clicks of 300 people, in {printable(folder)}")
    if draw_only:
        return
    if code := run_demo(target, say, quiet=quiet):
        print("visrec: error: the demo stopped at the command above", file=sys.stderr)
        raise typer.Exit(code)
    pages = " and ".join(printable(str(target / name)) for name in ("gallery.html", "users.html"))
    say(f"\nDone. Open {pages} in a browser: / filters, arrow keys move, Enter looks closer.")
