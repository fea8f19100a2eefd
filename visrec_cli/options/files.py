"""Declarations of options that name files: ``Writes`` (with the kind of content) and ``Reads``.

    output: Annotated[str, typer.Option("--output", "-o"), Writes("a model", stdout=True)] = "-"

``output_checks`` uses them to check, before any work, that every output can be written.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from visrec_cli.options.requirements import CommandValues

#: Table formats that keep every column unchanged, except stored pictures in NDJSON.
WHOLE = ("arrow", "stream", "parquet", "ndjson")
#: Table formats that can hold each kind of content, in the order in which messages propose them.
HOLDS: Mapping[str, tuple[str, ...]] = {
    "a table": (*WHOLE, "csv", "tsv"),
    "labels beside vectors": (*WHOLE, "csv", "tsv"),  # CSV drops the vectors, with a note; NPY would drop the labels
    "vectors": (*WHOLE, "npy"),
    "a model": WHOLE,
    "stored pictures": ("arrow", "stream", "parquet"),
    "any table": (*WHOLE, "npy", "csv", "tsv"),  # the content depends on the input, and nothing is computed
    "curves": (*WHOLE, "csv", "tsv"),
}
#: File endings of content that is not a table, or not always one.
ENDINGS = {"curves": (".svg", ".png", ".pdf"), "a figure": (".svg", ".png", ".pdf"), "an encoder": (".safetensors",)}


@dataclass(frozen=True)
class Writes:
    """The option names one or several files that this verb writes.

    what: a key of HOLDS or ENDINGS; or any other words, as "a page", for a file whose ending does not matter; or a
    function that returns such words for a command line. over: parameters whose file the output may replace, because
    the result contains all of it. stdout: whether the output may be ``-``. within: patterns of the files that are
    written into the folder that the option names, which is created if it does not exist.
    """

    what: str | Callable[[CommandValues], str]
    over: tuple[str, ...] = ()
    stdout: bool = False
    within: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reads:
    """The argument or option names a file to read, possibly inside a spec such as ``clicks:log.csv``."""


def files_of(command: Callable[..., None]) -> dict[str, Writes | Reads]:
    """The last ``Writes`` or ``Reads`` that each parameter of a verb declares, by parameter name."""
    every = {name: getattr(kind, "__metadata__", ()) for name, kind in command.__annotations__.items()}
    found = {name: [one for one in declared if isinstance(one, Writes | Reads)] for name, declared in every.items()}
    return {name: some[-1] for name, some in found.items() if some}
