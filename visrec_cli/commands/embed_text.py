"""``visrec embed-text``."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from visrec_cli.commands.from_options import Given, command_of
from visrec_cli.options import shared
from visrec_cli.options.cache import CacheFlags
from visrec_cli.options.destination import Destination
from visrec_cli.options.embed_text import TextEmbeddingOptions
from visrec_cli.runtime.report import Report

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class EmbedTextArguments:
    """The items."""

    source: shared.Table = "-"


@dataclass(frozen=True, kw_only=True)
class EmbedTextDestination(Destination):
    """Where the vectors go."""

    output: shared.VectorsOutput = "-"
    format: shared.VectorsFormat = None


def run(given: Given) -> None:
    """Compute an embedding of each item's text, in the column text_embedding.

    Keeps all other columns. Items without text are kept, with null. minilm works offline and is best at English; st:
    downloads a model of sentence-transformers once.

    Examples:

        visrec embed-text items.csv --columns title,description -o texts.arrow

        visrec preprocess ./imgs --items items.csv | visrec embed-text -c title -o texts.arrow
    """  # fmt: skip
    from visrec_cli.commands.runner import run_stage

    options = given.of(TextEmbeddingOptions, cache=given.of(CacheFlags).open())

    def stage(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.embed_text import embed_text

        return embed_text(given["source"], options, report=report)

    run_stage(stage, given.of(EmbedTextDestination), column=options.into, noun="items")


command = command_of(run, EmbedTextArguments, TextEmbeddingOptions, CacheFlags, EmbedTextDestination)
