"""From queries to answers: search, removal of duplicates, diversification."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from visrec_cli.items.catalogue_items import CatalogueItems
from visrec_cli.ranking.mmr import diversify
from visrec_cli.ranking.near_duplicates import repeats
from visrec_cli.ranking.rank_fusion import fuse_ranks
from visrec_cli.runtime.report import Report
from visrec_cli.stages.recommend.items.multimodal_search import Scores, Sides
from visrec_cli.stages.recommend.items.queries import Query
from visrec_cli.stages.recommend.items.visual_subspace import looks, picture_numbers
from visrec_cli.tables.vectors import Mask, Rows

_SPARE = 10
_DEEP, _DEEP_AT_LEAST = 10, 100


@dataclass(frozen=True)
class Answer:
    """The rows of the catalogue that answer one query, best first, with their scores.

    hidden: rows that would have stood among them, had they not repeated the question or a better answer.
    """

    query: Query
    rows: Rows
    scores: Scores
    hidden: Rows


@dataclass(frozen=True)
class Answerer:
    """Answers queries from the items of a catalogue.

    same_above: items whose pictures' cosine reaches this are shown once; None shows repeats. diversity: see
    ranking.mmr.
    """

    catalogue: CatalogueItems
    sides: Sides
    k: int
    diversity: float
    same_above: float | None
    report: Report

    def answer(self, queries: Sequence[Query]) -> list[Answer]:
        """One answer per query. Where repeats use up the candidates, more candidates are asked for."""
        answers: dict[int, Answer] = {}
        waiting = list(range(len(queries)))
        pool = self._first_pool(queries)
        while waiting:
            everything = pool >= len(self.sides)
            found = self._candidates([queries[i] for i in waiting], min(pool, len(self.sides)))
            for i, (scores, rows) in zip(waiting, found, strict=True):
                answer = self._choose(queries[i], scores, rows)
                if everything or len(answer.rows) == self.k:
                    answers[i] = answer
            waiting = [i for i in waiting if i not in answers]
            pool *= 4
        return [answers[i] for i in range(len(queries))]

    @cached_property
    def _numbers(self) -> Mask:
        return picture_numbers(self.catalogue.space, self.catalogue.column, self.catalogue.vectors.shape[1])

    def query_itself(self, answer: Answer) -> str | None:
        """The id of the hidden item that a query's picture shows, if any: whoever asked may be looking for it."""
        if answer.query.kind != "image" or self.same_above is None or not len(answer.hidden):
            return None
        nearest = answer.hidden[0]
        pair = np.concatenate([self.catalogue.vectors[[nearest]], answer.query.asked[:1]])
        cosine = float(np.prod(looks(pair, self._numbers), axis=0).sum())
        return self.catalogue.id(nearest) if cosine >= self.same_above else None

    def _first_pool(self, queries: Sequence[Query]) -> int:
        pool = self.k + max(len(query.own) for query in queries) + (0 if self.same_above is None else _SPARE)
        deep = self.diversity > 0 or any(len(query.vectors) > 1 for query in queries)
        return max(pool, _DEEP * self.k, _DEEP_AT_LEAST) if deep else pool

    def _candidates(self, queries: Sequence[Query], pool: int) -> list[tuple[Scores, Rows]]:
        """Scores and rows of the catalogue for each query, fused by rank where it has several parts."""
        lists = iter(self.sides.search(np.concatenate([query.vectors for query in queries]), pool))
        results = []
        for query in queries:
            parts = [next(lists) for _ in query.vectors]
            results.append(parts[0] if len(parts) == 1 else self._fused([rows for _, rows in parts]))
        return results

    def _fused(self, rankings: Sequence[Rows]) -> tuple[Scores, Rows]:
        """By reciprocal rank fusion; equal scores in the order of the ids."""
        some = np.unique(np.concatenate(rankings))
        places = self.catalogue.vectors.by_id(some)
        scores, found = fuse_ranks([places[np.searchsorted(some, rows)] for rows in rankings])
        return scores, some[np.argsort(places)][found]

    def _choose(self, query: Query, scores: Scores, rows: Rows) -> Answer:
        """The best k of the candidates that are neither the question itself nor a repeat."""
        others = ~(rows[:, None] == np.array(query.own, np.int64)).any(axis=1)
        rows, scores = rows[others], scores[others]
        keep, vectors = np.ones(len(rows), bool), self.catalogue.vectors[rows]
        if self.same_above is not None:
            groups = self.catalogue.groups
            seen, asked = looks(vectors, self._numbers), looks(query.asked, self._numbers)
            keep = ~repeats(seen, groups[rows], asked, groups[list(query.own)], threshold=self.same_above)
        fresh = np.flatnonzero(keep)
        if self.diversity > 0:
            picked = fresh[diversify(scores[fresh], vectors[fresh], self.k, self.diversity)]
        else:
            picked = fresh[: self.k]
        last = int(picked.max()) if len(picked) == self.k else len(rows)
        return Answer(query, rows[picked], scores[picked], rows[:last][~keep[:last]])
