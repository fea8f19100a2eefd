"""From what a command line or a caller asks to queries."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from visrec_cli.errors import UsageProblem
from visrec_cli.runtime.reporting import Report
from visrec_cli.stages.recommending.queries import Query, item_queries, mixed, taste_query, text_queries
from visrec_cli.stages.recommending.shelf import Shelf
from visrec_cli.tables.reading import Tabular, is_path

_BLOCK = 256


@dataclass(frozen=True)
class Asked:
    """All questions of one run. Raises UsageProblem if they contradict each other, or if there is none."""

    items: Sequence[str]
    images: Sequence[Any]
    texts: Sequence[str]
    like: Sequence[str]
    unlike: Sequence[str]
    all_items: bool
    mix: bool

    def __post_init__(self) -> None:
        lists = (self.items, self.images, self.texts, self.like, self.unlike)
        if any(isinstance(one, str) for one in lists):
            raise UsageProblem("items, images, texts, like and unlike are lists", fix='items=["42"]')
        if self.all_items and any(lists):
            raise UsageProblem("--all asks about every item and goes with no other query", fix="leave out one of them")
        if not self.all_items and not any(lists):
            raise UsageProblem(
                "nothing was asked",
                fix="ask with --item ID, --image FILE, --text WORDS, --like ID or --all; of a model of train-cf with "
                "--user ID, --users FILE, --all-users or --follow",
            )
        if any(not text.strip() for text in self.texts):
            raise UsageProblem("--text is empty", fix='--text "red dress"')

    def require_two_inputs(self, table: Tabular) -> None:
        """Raise UsageProblem if table and picture are both to come from stdin."""
        stdin = sum(isinstance(image, str) and image == "-" for image in self.images)
        if stdin + (is_path(table) and str(table) == "-") > 1:
            raise UsageProblem("stdin cannot be both the table and the picture", fix="name the table's file")

    def queries(self, shelf: Shelf, report: Report) -> Iterator[list[Query]]:
        """In blocks, in the order item, image, text, taste; wrong ids and pictures raise now, not while streaming."""
        if self.all_items:
            rows = np.flatnonzero(shelf.present).tolist()
            report.expect(len(rows), "queries")
            return (item_queries(shelf, rows[start : start + _BLOCK]) for start in range(0, len(rows), _BLOCK))
        queries = self._each(shelf, report)
        if self.mix:
            queries = [mixed(queries)]
        report.expect(len(queries), "queries")
        return (queries[start : start + _BLOCK] for start in range(0, len(queries), _BLOCK))

    def _each(self, shelf: Shelf, report: Report) -> list[Query]:
        queries = item_queries(shelf, [shelf.row(item_id) for item_id in dict.fromkeys(self.items)])
        taste = [taste_query(shelf, self.like, self.unlike)] if self.like or self.unlike else []
        if self.images:
            from visrec_cli.stages.recommending.query_pictures import image_queries

            queries += image_queries(shelf, self.images, report)
        if self.texts:
            from visrec_cli.stages.recommending.query_vectors import text_vectors

            texts = list(dict.fromkeys(self.texts))
            queries += text_queries(texts, text_vectors(shelf.space, shelf.column, texts, shelf.vectors.shape[1]))
        return queries + taste
