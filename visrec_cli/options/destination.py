"""Where the result of a verb goes, and what becomes of inputs that could not be used."""

from dataclasses import dataclass

from visrec_cli.options.shared import Format, Output, Quiet, Rejects, Strict


@dataclass(frozen=True, kw_only=True)
class Destination:
    """The output, its format, the rejects, and how much is said.

    A verb whose output is no plain table declares fields again; one that has no such option declares it without.
    """

    output: Output = "-"
    format: Format = None
    rejects: Rejects = None
    strict: Strict = False
    quiet: Quiet = False


@dataclass(frozen=True, kw_only=True)
class DestinationWithoutRejects(Destination):
    """Of a verb that refuses an input or takes it whole: it has neither --rejects nor --strict."""

    rejects: str | None = None
    strict: bool = False
