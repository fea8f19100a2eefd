"""Metadata of an evaluation: data, rules and settings, for comparison with other results."""

from collections.abc import Sequence

import numpy as np

from visrec_cli.runtime.display import counted
from visrec_cli.stages.eval.truth import Truth
from visrec_cli.stages.eval.user_scores import PerUserScores

_EMPTY = {False: "left out", True: "count as 0, as in trec_eval"}


def facts_of(truth: Truth, scores: Sequence[PerUserScores], min_weight: float | None) -> dict[str, str]:
    """A sentence each on relevance, users, candidates, seen items, ties, and users without recommendations or truth."""
    sizes = np.diff(truth.relevant.indptr)
    users = counted(len(truth.users), "users")
    return {
        "relevant": f"{'every row of the truth' if min_weight is None else f'rows of weight {min_weight:g} or more'}: "
        f"{truth.relevant.nnz:,} for {users}, median {np.median(sizes):g} ({sizes.min():,} to {sizes.max():,})",
        "candidates": f"{counted(truth.item_stats.items, 'items')}: {_candidates(truth)}",
        "seen items": _seen(truth, scores),
        "ties": "ordered by rank; without ranks by score, equal scores by a hash of the item's id",
        "users without recommendations": f"count as 0: {_of_runs(scores, 'unserved')}",
        "users with nothing relevant": f"{_EMPTY[truth.empty_is_zero]}: {truth.empty or 'none'}",
        "users without truth": f"left out: {_of_runs(scores, 'unknown_ids')}",
    }


def _candidates(truth: Truth) -> str:
    before = "" if truth.train is None else " and what came before"
    return f"the truth{before}" if truth.features is None else f"the table of items, the truth{before}"


def _seen(truth: Truth, scores: Sequence[PerUserScores]) -> str:
    """Whether the runs recommend what the user had before: their policy, as far as the lists show it."""
    if truth.history is None:
        return "not known: nobody said what came before"
    shares = [(run.run, run.notes.seen / max(run.notes.places, 1)) for run in scores]
    again = [f"{name} {share:.1%} of its recommendations" for name, share in shares if share]
    return f"recommended again by {', '.join(again)}" if again else "never recommended again"


def _of_runs(scores: Sequence[PerUserScores], what: str) -> str:
    numbers = [(run.run, getattr(run.notes, what)) for run in scores]
    some = [f"{name} {number:,}" for name, number in numbers if number]
    return ", ".join(some) or "none"
