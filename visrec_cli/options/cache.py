"""The options of the cache, which several verbs share."""

import os
from dataclasses import dataclass
from typing import Annotated

import typer

from visrec_cli.errors import UsageError
from visrec_cli.options.requirements import Excludes
from visrec_cli.options.types import Cache

CacheFolder = Annotated[
    str | None,
    typer.Option("--cache", metavar="DIR", help="Folder for cached vectors and models (default: see visrec cache)."),
    Excludes("--no-cache"),
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Do not read or write cached vectors.")]


@dataclass(frozen=True, kw_only=True)
class CacheFlags:
    """How a command line says what the argument ``cache`` of the stages is."""

    folder: CacheFolder = None
    off: NoCache = False

    def open(self) -> Cache:
        """The argument ``cache``. A folder that is given holds compiled models and indexes as well.

        Raises UsageError for a folder that is a file.
        """
        if self.folder is None:
            return not self.off
        if os.path.isfile(self.folder):  # noqa: PTH113  # pathlib costs more than it says
            raise UsageError(
                f"the cache '{self.folder}' is a file", fix="name a folder; it is created if it does not exist"
            )
        os.environ["VISREC_CACHE_DIR"] = self.folder
        return self.folder
