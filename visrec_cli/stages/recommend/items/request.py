"""From options to queries."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from visrec_cli.errors import UsageError
from visrec_cli.items.catalogue_items import CatalogueItems
from visrec_cli.options.types import Cache
from visrec_cli.runtime.report import Report
from visrec_cli.stages.recommend.items.queries import Query, item_queries, mixed, taste_query
from visrec_cli.tables.readers import Tabular, is_path

if TYPE_CHECKING:
    from visrec_cli.stages.recommend.items.query_texts import Sentence

_BLOCK = 256


def require_one_stdin(table: Tabular, images: Sequence[Any], texts: Tabular | None) -> None:
    """Raise UsageError if two of table, picture and texts are to come from stdin."""
    asked = [("the table", table), *(("the picture", image) for image in images), ("the texts", texts)]
    stdin = [what for what, one in asked if is_path(one) and str(one) == "-"]
    if len(stdin) > 1:
        raise UsageError(f"stdin cannot be both {stdin[0]} and {stdin[1]}", fix=f"name the file of {stdin[0]}")


@dataclass(frozen=True)
class Asked:
    """All questions of one run. Raises UsageError if they contradict each other, or if there is none."""

    items: Sequence[str]
    images: Sequence[Any]
    texts: Sequence["Sentence"]
    like: Sequence[str]
    unlike: Sequence[str]
    all_items: bool
    mix: bool

    def __post_init__(self) -> None:
        lists = (self.items, self.images, self.texts, self.like, self.unlike)
        if any(isinstance(one, str) for one in lists):
            raise UsageError("items, images, like and unlike are lists", fix='items=["42"]')
        if self.all_items and any(lists):
            raise UsageError(
                "--all queries every item and cannot be used with another query", fix="leave out one of them"
            )
        if not self.all_items and not any(lists):
            raise UsageError(
                "no query was given",
                fix="give --item ID, --image FILE, --text WORDS, --texts FILE, --like ID or --all; of a model with "
                "--user ID, --users FILE, --all-users or --follow",
            )

    def queries(self, catalogue: CatalogueItems, cache: Cache, report: Report) -> Iterator[list[Query]]:
        """In blocks, in the order item, image, text, taste; wrong ids and pictures raise now, not while streaming."""
        if self.all_items:
            catalogue.vectors.hold()
            rows = catalogue.in_order(catalogue.present).tolist()
            report.expect(len(rows), "queries")
            return (item_queries(catalogue, rows[start : start + _BLOCK]) for start in range(0, len(rows), _BLOCK))
        queries = self._each(catalogue, cache, report)
        if self.mix:
            queries = [mixed(queries)]
        report.expect(len(queries), "queries")
        if len(queries) > _BLOCK:
            catalogue.vectors.hold()
        return (queries[start : start + _BLOCK] for start in range(0, len(queries), _BLOCK))

    def _each(self, catalogue: CatalogueItems, cache: Cache, report: Report) -> list[Query]:
        queries = item_queries(catalogue, [catalogue.row(item_id) for item_id in dict.fromkeys(self.items)])
        taste = [taste_query(catalogue, self.like, self.unlike)] if self.like or self.unlike else []
        if self.images:
            from visrec_cli.stages.recommend.items.query_pictures import image_queries

            queries += image_queries(catalogue, self.images, cache, report)
        if self.texts:
            from visrec_cli.stages.recommend.items.query_texts import sentence_queries

            queries += sentence_queries(catalogue, self.texts, cache, report)
        return queries + taste
