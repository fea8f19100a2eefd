"""What an option that names a file declares of it: what it ``Writes`` there, or that it ``Reads`` it.

    output: Annotated[str, typer.Option("--output", "-o"), Writes("a model", stdout=True)] = "-"

``outputs`` asks whether it can be written, before any work.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from visrec_cli.commands.option_requirements import CommandValues

#: Formats of tables that hold every column as it is, but for stored pictures in NDJSON.
WHOLE = ("arrow", "stream", "parquet", "ndjson")
#: Which formats of tables hold what, in the order in which they are proposed.
HOLDS: Mapping[str, tuple[str, ...]] = {
    "a table": (*WHOLE, "csv", "tsv"),
    "labels beside vectors": (*WHOLE, "csv", "tsv"),  # CSV has no vectors, and says so; a matrix would have no labels
    "vectors": (*WHOLE, "npy"),
    "a model": WHOLE,
    "stored pictures": ("arrow", "stream", "parquet"),
    "any table": (*WHOLE, "npy", "csv", "tsv"),  # what it holds, only the input says, and nothing is computed
    "curves": (*WHOLE, "csv", "tsv"),
}
#: Endings of what is no table, or may be none.
ENDINGS = {"curves": (".svg", ".png", ".pdf"), "a figure": (".svg", ".png", ".pdf"), "an encoder": (".safetensors",)}


@dataclass(frozen=True)
class Writes:
    """The option names a file, or several, that this verb makes.

    what: of HOLDS or ENDINGS; any other words are of a file whose name says nothing, as "a page"; or what gives such
    words for a command line. over: parameters whose file it may replace, as all that is in it is in the result too.
    stdout: whether it can be ``-``. within: it is a folder, made if need be, and what is written into it.
    """

    what: str | Callable[[CommandValues], str]
    over: tuple[str, ...] = ()
    stdout: bool = False
    within: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reads:
    """The argument or option names a file to read; also within a spec, as ``clicks:log.csv``."""


def files_of(command: Callable[..., None]) -> dict[str, Writes | Reads]:
    """What each parameter of a verb declares of files, by its name; the last word counts."""
    every = {name: getattr(kind, "__metadata__", ()) for name, kind in command.__annotations__.items()}
    found = {name: [one for one in declared if isinstance(one, Writes | Reads)] for name, declared in every.items()}
    return {name: some[-1] for name, some in found.items() if some}
