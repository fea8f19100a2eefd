"""Answers as a table: one row per recommendation, with its reason and the item's own columns."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from visrec_cli.items.catalogue_items import CatalogueItems
from visrec_cli.ranking.explanation import are_labels, common_labels, sentence, shares
from visrec_cli.stages.recommend.items.answers import Answer
from visrec_cli.stages.recommend.items.item_columns import item_columns

FIELDS = [
    pa.field("query_id", pa.string()),
    pa.field("query_kind", pa.string()),
    pa.field("query_label", pa.string()),
    pa.field("query_image_path", pa.string()),
    pa.field("item_id", pa.string()),
    pa.field("rank", pa.int32()),
    pa.field("score", pa.float32()),
    pa.field("because_item_id", pa.string()),
    pa.field("why", pa.string()),
]
PICTURE = pa.field("query_image", pa.binary())
"""The asked item's own picture, where the table stores pictures: a gallery of this one file can show it."""
Labels = list[dict[str, Any]] | None
_NAMES = [field.name for field in [*FIELDS, PICTURE]]


class Recommendations:
    """Makes batches of one schema. columns: which of the items' columns go along (None: all of them).

    A column of the items that is called like one of ours goes along as ``item_<name>``.
    Raises UsageError for a column that is not there.
    """

    def __init__(self, catalogue: CatalogueItems, *, columns: Sequence[str] | None, pictures: bool) -> None:
        self._catalogue = catalogue
        schema = catalogue.items.schema
        self._passed, passed = item_columns(schema, columns, reserved=_NAMES, pictures=pictures)
        stored = schema.field("image") if "image" in schema.names else None
        self._stored = pictures and stored is not None and pa.types.is_binary(stored.type)
        reserved = [*FIELDS, PICTURE] if self._stored else FIELDS
        self.schema = pa.schema([*reserved, *passed])

    def batch(self, answers: Sequence[Answer]) -> pa.RecordBatch:
        """All answers of a block of queries, in order."""
        rows = np.concatenate([answer.rows for answer in answers])
        many = [len(answer.rows) for answer in answers]
        queries = [answer.query for answer in answers for _ in answer.rows]
        labels = self._labels(answers)
        reasons = [reason for answer in answers for reason in self._reasons(answer, labels)]
        part = self._catalogue.take(rows, ["item_id", *self._passed])
        arrays = [
            pa.array([query.query_id for query in queries], pa.string()),
            pa.array([query.kind for query in queries], pa.string()),
            pa.array([query.label for query in queries], pa.string()),
            pa.array([query.image_path for query in queries], pa.string()),
            part["item_id"],
            pa.array(np.concatenate([np.arange(1, n + 1) for n in many]), pa.int32()),
            pa.array(np.concatenate([answer.scores for answer in answers]), pa.float32()),
            pa.array([because for because, _ in reasons], pa.string()),
            pa.array([why for _, why in reasons], pa.string()),
            *([self._query_pictures(answers)] if self._stored else []),
            *(part[name] for name in self._passed),
        ]
        whole = [a.combine_chunks() if isinstance(a, pa.ChunkedArray) else a for a in arrays]
        return pa.RecordBatch.from_arrays(whole, schema=self.schema)

    def _query_pictures(self, answers: Sequence[Answer]) -> pa.Array:
        """The picture of the asked item beside its first answer; null beside the others."""
        pictures: list[bytes | None] = []
        for answer in answers:
            own = answer.query.own if answer.query.kind == "item" else ()
            first = (
                self._catalogue.take(own[:1], ["image"])["image"][0].as_py() if len(own) and len(answer.rows) else None
            )
            pictures += [first, *[None] * (len(answer.rows) - 1)] if len(answer.rows) else []
        return pa.array(pictures, pa.binary())

    def _labels(self, answers: Sequence[Answer]) -> dict[int, Labels]:
        """What embed-images --labels recognised in the items of these answers and queries."""
        schema = self._catalogue.items.schema
        if "labels" not in schema.names or not are_labels(schema.field("labels").type):
            return {}
        known = {row for answer in answers for row in (*answer.query.own, *answer.query.liked)}
        rows = sorted(known.union(*(answer.rows.tolist() for answer in answers)))
        return dict(zip(rows, self._catalogue.take(rows, ["labels"])["labels"].to_pylist(), strict=True))

    def _reasons(self, answer: Answer, labels_of: Mapping[int, Labels]) -> list[tuple[str | None, str]]:
        """For each recommended item the liked item nearest to it, if any, and the sentence."""
        query, catalogue = answer.query, self._catalogue
        found = catalogue.vectors[answer.rows]
        nearest = catalogue.vectors[query.liked] @ found.T if query.liked else None
        names = dict(zip(query.liked, catalogue.ids(query.liked), strict=True)) if query.liked else {}
        if len(query.vectors) > 1:
            parts = list(zip(query.parts, query.vectors @ found.T, strict=True))
        elif nearest is not None:
            parts = [("like", nearest.max(axis=0))]
        else:
            parts = shares(catalogue.space, query.vectors[0], found)
            whole = np.sum([values for _, values in parts], axis=0)  # less than the score where one side was compared
            grown = np.divide(answer.scores, whole, out=np.ones_like(whole), where=np.abs(whole) > 1e-6)
            parts = [(name, values * grown) for name, values in parts]
        liked = [] if nearest is None else [query.liked[i] for i in nearest.argmax(axis=0)]
        reasons: list[tuple[str | None, str]] = []
        for i, row in enumerate(answer.rows):
            because = liked[i] if liked else None
            like = because if because is not None else query.own[0] if query.kind == "item" else None
            labels = common_labels(labels_of[like], labels_of[int(row)]) if labels_of and like is not None else []
            words = [(name, float(values[i])) for name, values in parts]
            if because is not None and len(words) == 1:
                words = [(f"like {names[because]}", words[0][1])]
            reasons.append((None if because is None else names[because], sentence(words, labels)))
        return reasons
