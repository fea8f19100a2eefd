"""The options of the cache: one wording, one meaning."""

import os
from typing import Annotated

import typer

from visrec_cli.commands.option_requirements import Excludes
from visrec_cli.errors import UsageError

CacheFolder = Annotated[
    str | None,
    typer.Option("--cache", metavar="DIR", help="Keep vectors and models in this folder (default: see visrec cache)."),
    Excludes("--no-cache"),
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Neither use nor keep vectors of other runs.")]


def cache_of(folder: str | None, off: bool) -> bool | str:
    """What the stages want as ``cache``. A folder that is named holds compiled models and indexes too."""
    if folder is None:
        return not off
    if os.path.isfile(folder):  # noqa: PTH113  # pathlib costs more than it says
        raise UsageError(f"the cache '{folder}' is a file", fix="name a folder; it is made if need be")
    os.environ["VISREC_CACHE_DIR"] = folder
    return folder
