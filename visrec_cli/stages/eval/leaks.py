"""Leaks and mismatches in an evaluation: test rows in training, training on the future, unmatched ids."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from visrec_cli.logs.item_groups import groups_of
from visrec_cli.metrics.base import Places
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.stages.eval.exclusion import exclusion
from visrec_cli.stages.eval.truth import Truth
from visrec_cli.stages.eval.user_scores import PerUserScores

_TWINS = "duplicate_of"
_SOME = 0.01  # of the places: fewer that show what users had are no policy


def warn_of_leaks(truth: Truth, scores: Sequence[PerUserScores], report: Report) -> None:
    """Put into the report what a reader of the numbers must know, each with its share."""
    for sentence in (*_of_truth(truth), *_of_runs(truth, scores)):
        report.warn(sentence)


def _of_truth(truth: Truth) -> Iterator[str]:
    pairs = truth.relevant.nnz
    unknown = beside_the_table(truth)
    if unknown:
        yield (
            f"{_share(unknown, pairs)} test interactions are with items that the table of items does not have: "
            "whoever recommends only from it can never hit them"
        )
    if truth.history is None:
        return
    again = seen_before(truth)
    if again:
        yield (
            f"{_share(again, pairs)} test pairs are among what the same user had before: a leak, unless people come "
            "back to what they had; whoever leaves out what was seen can never hit them"
        )
    twins = twins_before(truth)
    if twins:
        yield (
            f"{_share(twins, pairs)} test pairs have a near-duplicate picture (duplicate_of) among what the same user "
            "had before: looks alone give them away; visrec split --group duplicate_of keeps them on one side"
        )
    early = earlier(truth)
    if early:
        yield (
            f"{_share(early, pairs)} test interactions happened before the same user's last one in training: models "
            "have learned from the future, unlike in the shop; visrec split --by time or last avoids it"
        )
    if truth.validation is not None:
        rows = counted(truth.validation.num_rows, "interactions")
        yield f"validation: {rows}, taken for what users had before, as training is"


def _of_runs(truth: Truth, scores: Sequence[PerUserScores]) -> Iterator[str]:
    for run in scores:
        places, validated = max(run.notes.places, 1), run.notes.validated
        seen = run.notes.seen - validated
        if seen:
            right = "it can be right: some test pairs are such" if seen_before(truth) else "none of them can be right"
            share = _share(seen, places)
            yield f"{run.run}: {share} recommendations are of items that the user had in training; {right}"
        if validated:
            share = _share(validated, places)
            yield (
                f"{run.run}: {share} recommendations are of the user's validation rows, which it did not take for "
                "known: such a place is lost, and runs that did know them are ahead"
            )
        yield from _of_exclusion(truth, run)


def _of_exclusion(truth: Truth, run: PerUserScores) -> Iterator[str]:
    """Lists that avoid the truth, unless what is known of the past says so already."""
    if run.sample is None or truth.who != "users" or seen_before(truth) or run.notes.seen > _SOME * run.notes.places:
        return
    found = exclusion(run.sample, truth.relevant[:, : run.sample.shape[1]])
    if found is None:
        return
    cause = "the truth may hold what the model learned from, or the lists what users had before"
    if truth.history is not None:
        cause = "the model may have learned from the truth"
    says = "" if truth.history is not None else "; --train LOG, or a truth with a column 'split', says what came before"
    yield (
        f"{run.run}: the lists seem to leave out what the truth holds: {found.shown:.1%} of what they show is in it, "
        f"and {found.lacking:.1%} of what is missing in them though like lists have it: {cause}{says}"
    )


def beside_the_table(truth: Truth) -> int:
    """How many pairs of the truth are with items that the table of items does not have; 0 without a table."""
    return 0 if truth.features is None else int((truth.relevant.indices >= truth.features.table.num_rows).sum())


def seen_before(truth: Truth) -> int:
    """How many pairs of the truth are in the history too."""
    return 0 if truth.history is None else len(np.intersect1d(_codes(truth.relevant), _codes(truth.history), True))


def twins_before(truth: Truth) -> int:
    """How many pairs of the truth have another item of the same group of near-duplicates in the user's history."""
    if truth.history is None or truth.features is None or _TWINS not in truth.features.table.column_names:
        return 0
    if truth.features.table[_TWINS].null_count == truth.features.table.num_rows:
        return 0
    group = np.append(groups_of(truth.item_ids.to_pylist(), truth.features.table, _TWINS), len(truth.item_ids))
    width = truth.relevant.shape[1]
    had = np.unique(_rows(truth.history) * width + group[truth.history.indices])
    wanted = _rows(truth.relevant) * width + group[truth.relevant.indices]
    same = np.isin(_codes(truth.relevant), _codes(truth.history))  # that is another leak
    return int((np.isin(wanted, had) & ~same).sum())


def earlier(truth: Truth) -> int:
    """How many pairs of the truth are older than the user's newest training row; 0 where times are not known."""
    if truth.times is None or truth.train is None or "timestamp" not in truth.train.column_names:
        return 0
    places = pc.index_in(truth.train["user_id"], truth.users)
    found_rows = places.is_valid()
    rows = places.filter(found_rows).to_numpy()
    times = truth.train["timestamp"].filter(found_rows).cast(pa.int64()).to_numpy()
    newest = np.full(len(truth.users), np.iinfo(np.int64).min)
    np.maximum.at(newest, rows, times)
    return int((truth.times < newest[_rows(truth.relevant)]).sum())


def _rows(matrix: sp.csr_matrix) -> Places:
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))


def _codes(matrix: sp.csr_matrix) -> Places:
    """(nnz,) a number for each stored pair."""
    return _rows(matrix) * matrix.shape[1] + matrix.indices


def _share(n: int, of: int) -> str:
    return f"{n:,} of {of:,} ({100 * n / max(of, 1):.1f} %)"
