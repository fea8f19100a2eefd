"""The options of the cache, which several commands share."""

import os
from typing import Annotated

import typer

from visrec_cli.errors import UsageError
from visrec_cli.options.requirements import Excludes

CacheFolder = Annotated[
    str | None,
    typer.Option("--cache", metavar="DIR", help="Folder for cached vectors and models (default: see visrec cache)."),
    Excludes("--no-cache"),
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Do not read or write cached vectors.")]


def cache_of(folder: str | None, off: bool) -> bool | str:
    """The argument ``cache`` of the stages. A folder that is given holds compiled models and indexes as well."""
    if folder is None:
        return not off
    if os.path.isfile(folder):  # noqa: PTH113  # pathlib costs more than it says
        raise UsageError(f"the cache '{folder}' is a file", fix="name a folder; it is created if it does not exist")
    os.environ["VISREC_CACHE_DIR"] = folder
    return folder
