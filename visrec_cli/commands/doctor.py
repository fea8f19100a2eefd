"""``visrec doctor``."""

from typing import Annotated

import typer


def command(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per finding.")] = False,
) -> None:
    """Say what is installed, which device is used, where the cache is, and what is missing, with the mending line.

    Exits with 0 when the main line works, with 69 when something that it needs is missing.

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
