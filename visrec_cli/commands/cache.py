"""``visrec cache``."""

import sys
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from visrec_cli.options.requirements import Needs

if TYPE_CHECKING:
    from visrec_cli.stages.cache import Contents

ACTIONS = ("info", "prune", "clear")


def command(
    action: Annotated[str, typer.Argument(metavar="info|prune|clear", help="Action: info, prune or clear.")],
    folder: Annotated[
        str | None,
        typer.Option("--cache", metavar="DIR", help="Cache folder (default: VISREC_CACHE_DIR, or the system's)."),
    ] = None,
    max_size: Annotated[
        str | None,
        typer.Option("--max-size", metavar="SIZE", help="prune: keep at most this much (500MB, 2GB, 1.5GiB)."),
        Needs("action prune", fix="visrec cache prune --max-size 2GB"),
    ] = None,
    max_age: Annotated[
        int | None,
        typer.Option("--max-age", metavar="DAYS", min=0, help="prune: remove entries unused for more than DAYS."),
        Needs("action prune", fix="visrec cache prune --max-age 30"),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="info: print one JSON object."),
        Needs("action info", fix="visrec cache info --json"),
    ] = False,
) -> None:
    """Show, prune or clear the cache of embeddings, indexes and models. Everything in it can be computed again.

    info lists the contents. prune removes stale entries, and the least recently used ones until the folder is small
    enough. clear removes everything that visrec wrote, and nothing else. Other runs may continue meanwhile.

    Examples:

        visrec cache info

        visrec cache prune --max-size 2GB

        visrec cache clear
    """
    from pathlib import Path

    from visrec_cli.errors import UsageError, unknown
    from visrec_cli.options.parsers import bytes_of
    from visrec_cli.runtime.display import counted, printable, sized
    from visrec_cli.runtime.report import Report
    from visrec_cli.stages import cache

    if action not in ACTIONS:
        raise unknown("action", action, list(ACTIONS))
    if action == "prune" and max_size is None and max_age is None:
        raise UsageError("prune needs a limit: --max-size or --max-age", fix="visrec cache prune --max-size 2GB")
    place, report = Path(folder) if folder is not None else None, Report()
    if action == "info":
        _tell(cache.info(place, report=report), as_json)
    else:
        size = None if max_size is None else bytes_of(max_size, flag="--max-size")
        if action == "prune":
            gone = cache.prune(place, max_bytes=size, max_days=max_age, report=report)
        else:
            gone = cache.clear(place, report=report)
        for part, count in gone.counts.items():
            if count:
                weight = f" ({sized(gone.bytes[part])})" if gone.bytes[part] else ""
                print(f"removed {counted(count, _NOUNS.get(part, f'entries in {part}'))}{weight}")
        print(f"{sized(gone.left)} left")
        if size is not None and gone.left > size:
            report.warn(f"that is more than {max_size}: the remaining entries are in use, or it is the empty database")
    for warning in report.warnings:
        print(f"visrec: note: {printable(warning)}", file=sys.stderr)


_NOUNS = {"files": "entries of files", "embeddings": "embeddings", "set aside": "damaged databases"}


def _tell(found: "Contents", as_json: bool) -> None:
    from visrec_cli.runtime.display import printable, sized

    if as_json:
        import json

        parts = [{**vars(one), "used": _day(one.used)} for one in found.parts]
        print(json.dumps({"folder": str(found.folder), "bytes": found.bytes, "files": found.files, "parts": parts}))
        return
    print(f"{printable(str(found.folder))}: {sized(found.bytes)}")
    if found.parts:
        print(f"  {'':<12}{'count':>10}{'size':>12}  last used")
    for one in found.parts:
        print(
            f"  {one.part:<12}{one.count:>10,}{sized(one.bytes):>12}  {_day(one.used)}  {printable(one.name)}".rstrip()
        )
    if found.files:
        print(f"  {'files':<12}{found.files:>10,}{'':>12}  recognised without being read")


def _day(number: int) -> str:
    return str(date(1970, 1, 1) + timedelta(days=number))
