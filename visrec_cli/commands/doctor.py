"""``visrec doctor``."""

from typing import Annotated

import typer


def command(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per finding.")] = False,
) -> None:
    """Check the environment: installed packages, device, cache, and what is missing, with the command that fixes it.

    Exits with 0 if the main pipeline works, with 69 if something that it needs is missing.

    Examples:

        visrec doctor

        visrec doctor --json
    """
    import json

    from visrec_cli.errors import UnavailableError
    from visrec_cli.runtime.display import printable
    from visrec_cli.stages.doctor import examine, works

    findings = examine()
    part = None
    for found in findings:
        if as_json:
            print(json.dumps(vars(found)))
            continue
        if found.part != part:
            part = found.part
            print(f"{part}:")
        mark = " " if found.fine else "!" if not found.needed else "✗"
        print(f" {mark} {found.name:<22} {printable(found.value)}")
        if found.fix:
            print(f"{'':<26}fix: {printable(found.fix)}")
    if not works(findings):
        raise UnavailableError(
            "something that every run needs is missing", fix="see the lines marked ✗" if not as_json else None
        )
