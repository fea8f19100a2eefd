"""Baselines under the rules of the runs: random, popularity, content-knn."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import scipy.sparse as sp

from visrec_cli.errors import UsageError
from visrec_cli.items.features import content_of
from visrec_cli.logs.cleanup import clean
from visrec_cli.logs.matrix import log_of
from visrec_cli.options.logs import Cleaning
from visrec_cli.recommenders.base import Recommender
from visrec_cli.recommenders.data import Content
from visrec_cli.recommenders.model import Model
from visrec_cli.recommenders.top_k import top_k
from visrec_cli.registry import find
from visrec_cli.runtime.report import Report
from visrec_cli.stages.eval.diagnostics import RunDiagnostics
from visrec_cli.stages.eval.runs import Run
from visrec_cli.stages.eval.truth import Truth, past_of
from visrec_cli.stages.eval.user_lists import USERS, ListBlock
from visrec_cli.tables.provenance import Fit
from visrec_cli.tables.vectors import Mask, Matrix, embedding_columns

NAMES = ("random", "popularity", "content-knn")
_CELLS = 1 << 25  # scores at once: 128 MiB


@dataclass(frozen=True)
class BaselineRules:
    """What the runs recommend, and the baselines therefore do too.

    again: what users had in training. validated: what they have in validation rows, as whoever knows the training rows
    alone does. fit_on: whether they learn from the validation rows too (``known``) or not (``train``).
    """

    again: bool = False
    validated: bool = False
    fit_on: str = "train"


def rules_of(notes: Collection[RunDiagnostics], fits: Collection[Fit] = (), *, trained: int = 0) -> BaselineRules:
    """The rules that the runs' lists show, and fitted as the runs say: if one of them learned from the validation rows,
    so do the baselines, that they are no easier to beat.

    trained: how many training rows there are. A model of everything that it was given, and that was no more than these,
    knew no validation rows. Recommended validation rows are no sign that what was seen comes again.
    """
    places = max(sum(one.places for one in notes), 1)
    validated = sum(one.validated for one in notes)
    seen = sum(one.seen for one in notes) - validated
    knew = any(one.on == "known" and (one.interactions is None or one.interactions > trained) for one in fits)
    fit_on = "known" if knew else "train"
    return BaselineRules(again=seen > 0.01 * places, validated=validated > 0, fit_on=fit_on)


@dataclass(kw_only=True)
class Baseline(Run):
    """A run that is made when it is read.

    likes: (users, items) csr. left_out: the same of what is no candidate, or None. candidates: (items,). otherwise:
    (items,) scores for users without likes.
    """

    kind: type[Recommender]
    model: Model
    likes: sp.csr_matrix
    left_out: sp.csr_matrix | None
    candidates: Mask
    otherwise: Matrix
    k: int

    def blocks(self, truth: Truth, width: int | None) -> Iterator[ListBlock]:
        """Users of the truth, with the first ``width`` places of their lists of k. No scores: they predict nothing."""
        self.notes = RunDiagnostics(longest=min(self.k, int(self.candidates.sum())))
        ids, m = truth.users.to_pylist(), len(truth.item_ids)
        step = max(1, min(USERS, _CELLS // max(m, 1)))
        for start in range(0, len(ids), step):
            rows = np.arange(start, min(start + step, len(ids)))
            items = self._best(ids[start : start + step], rows, truth)
            self.notes.users += len(rows)
            self.notes.rows += int((items >= 0).sum())
            yield ListBlock(rows, items[:, :width], None)

    def _best(self, ids: Sequence[str], rows: np.ndarray, truth: Truth) -> np.ndarray:
        scores = self.model.scores(self.kind.fold_in(self.model, ids, self.likes[rows]))
        if self.kind.needs_content:  # who liked nothing looks like nothing
            scores[np.diff(self.likes[rows].indptr) == 0] = self.otherwise
        out = None if self.left_out is None else self.left_out[rows]
        return top_k(scores, self.k, tie_order=truth.tie_order[:-1], exclude=out, allowed=self.candidates)[0]


def baselines_of(
    truth: Truth,
    rules: BaselineRules,
    *,
    k: int,
    taken: Collection[str] = (),
    min_weight: float | None = None,
    embedding: str | None = None,
    seed: int = 0,
    report: Report | None = None,
) -> list[Baseline]:
    """random, popularity, and content-knn where the items have vectors, learned as by train-cf.

    k: how long the lists are. taken: names of runs, which the baselines do not take. min_weight: as for the truth.
    Candidates are the table of items and what they learn from: a test item that is in neither is none. Raises
    UsageError where there are no training rows.
    """
    report = report or Report()
    if truth.train is None:
        raise UsageError("--baselines need training interactions", fix="--train FILE, or a truth with a split")
    ids = truth.item_ids.to_pylist()
    late = [] if truth.validation is None else [truth.validation]
    learned = [truth.train, *(late if rules.fit_on == "known" else [])]
    past = clean(pa.concat_tables(learned), Cleaning(min_weight=min_weight), Report())
    log = log_of(past, items=ids)
    likes = past_of(past, truth.users, ids)[:, :-1]
    had = [] if rules.again else [truth.train]
    had += [] if rules.validated and rules.fit_on == "train" else late
    left_out = past_of(pa.concat_tables(had), truth.users, ids)[:, :-1] if had else None
    popular = find("recommender", "popularity")(seed=seed).fit(log)
    candidates = log.touched.copy()
    content: Content | None = None
    if truth.features is not None:
        candidates[: len(truth.features.ids)] = True
        if embedding_columns(truth.features.table.schema):
            content = content_of(truth.features, ids, column=embedding, report=report)
    found = []
    for name in NAMES:
        kind: type[Recommender] = find("recommender", name)
        if kind.needs_content and content is None:
            report.warn(f"no baseline {name}: it needs --items with vectors (visrec embed-images)")
            continue
        model = popular if name == "popularity" else kind(seed=seed).fit(log, content)
        found.append(
            Baseline(
                None,
                f"{name} (baseline)" if name in taken else name,
                kind=kind,
                model=model,
                likes=likes,
                left_out=left_out,
                candidates=candidates,
                otherwise=np.where(popular.items.known, popular.items.bias, -np.inf).astype(np.float32),
                k=k,
            )
        )
    return found
