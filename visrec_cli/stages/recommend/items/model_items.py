"""Similar items from a model, by its item-to-item links."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from visrec_cli.errors import InputError, UsageError
from visrec_cli.items.catalogue_items import CatalogueItems
from visrec_cli.recommenders.model import Model
from visrec_cli.recommenders.serialization import from_table
from visrec_cli.recommenders.top_k import tie_order, top_k
from visrec_cli.runtime.command_line import command_line
from visrec_cli.runtime.report import Report
from visrec_cli.stages.recommend.items.answers import Answer
from visrec_cli.stages.recommend.items.queries import item_queries
from visrec_cli.stages.recommend.items.request import Asked
from visrec_cli.tables.spaces import Source, Space
from visrec_cli.tables.unit_vectors import UnitVectors
from visrec_cli.tables.vectors import Mask, column_of

COLUMN = "factors"
_BLOCK = 256


def model_items(table: pa.Table, where: str) -> tuple[pa.Table, Model]:
    """The items with their columns and, where the model has such, their factors as an embedding; and the model.

    Raises InputError for a model that knows no likeness of items.
    """
    model, about, _ = from_table(table, where)
    factors = model.items.factors
    if factors is None and model.items.neighbours is None:
        raise InputError(f"{where} ({model.recommender}) has no similarities of items", fix="--user ID, --all-users")
    if factors is None:
        return about, model
    valid = model.items.known & (factors != 0).any(axis=1)
    return about.append_column(_space(model, factors.shape[1]).field(COLUMN), column_of(factors, valid)), model


def _space(model: Model, width: int) -> Space:
    """The factors as a space: side by side what they speak for. Learned pictures tell no near-duplicates."""
    parts = [Source(name, Space(model.recommender, size, False, kind=name), size) for name, size in model.parts]
    if len(parts) < 2:
        return Space(model.recommender, width, False, kind=model.parts[0][0] if model.parts else "behaviour")
    return Space("concat", width, False, kind="model", sources=tuple(parts), transform={"method": "concat"})


class ItemLinks:
    """Answers about items from a model's neighbours: its own numbers, which no vector holds."""

    def __init__(self, about: pa.Table, model: Model, asked: Asked) -> None:
        words = "--texts" if "texts" in command_line().written else "--text"
        wanted = {"--image": asked.images, words: asked.texts, "--like": asked.like or asked.unlike, "--mix": asked.mix}
        if flags := [flag for flag, given in wanted.items() if given]:
            raise UsageError(
                f"{flags[0]} needs vectors, and {model.recommender} links items to items and has no vectors of them",
                fix="ask with --item ID or --all",
            )
        one = Space(model.recommender, 1, False, kind="behaviour")
        vectors = np.ones((about.num_rows, 1), np.float32)  # a reason is a share of the score: here there is one part
        known = UnitVectors.of(vectors, about["item_id"], model.items.known)
        self.catalogue = CatalogueItems(about, known, "neighbours", one, Report())
        assert model.items.neighbours is not None
        self._links = model.items.neighbours
        self._asked = asked

    def answers(self, k: int, allowed: Mask | None) -> Iterator[list[Answer]]:
        """In blocks. An item that nothing links to is no answer."""
        catalogue = self.catalogue
        may = catalogue.present if allowed is None else allowed
        rows: Sequence[int] = [catalogue.row(item) for item in dict.fromkeys(self._asked.items)]
        rows = catalogue.in_order(catalogue.present).tolist() if self._asked.all_items else rows
        drawn = tie_order(catalogue.items["item_id"].to_pylist())
        for start in range(0, len(rows), _BLOCK):
            block = rows[start : start + _BLOCK]
            scores = self._links[block].toarray().astype(np.float32)
            scores[scores <= 0] = -np.inf
            scores[np.arange(len(block)), block] = -np.inf
            found, best = top_k(scores, k, tie_order=drawn, allowed=may)
            queries = item_queries(catalogue, block)
            yield [
                Answer(query, line[line >= 0], values[line >= 0], line[:0])
                for query, line, values in zip(queries, found, best, strict=True)
            ]
