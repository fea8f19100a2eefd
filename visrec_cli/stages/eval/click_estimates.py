"""Off-policy estimates of click rates, from a log of shown and clicked items."""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from visrec_cli.errors import InputError, UsageError
from visrec_cli.metrics.base import ItemStats, Places
from visrec_cli.metrics.off_policy import EffectiveSample, Estimator, Events
from visrec_cli.options.eval_measures import Policy
from visrec_cli.registry import find, names
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.stages.eval.click_log import ClickLog
from visrec_cli.stages.eval.propensity import weighed
from visrec_cli.stages.eval.runs import Run, ScatteredError
from visrec_cli.stages.eval.truth import Truth
from visrec_cli.stages.eval.uncertainty import bootstrap
from visrec_cli.tables.vectors import Mask

K = 10
ENOUGH = 100
FEW = 0.01
_UNSEEN = 0.05


def click_through(
    run: Run,
    log: ClickLog,
    *,
    ks: Sequence[int] = (),
    policy: Policy | None = None,
    resamples: int = 1000,
    seed: int = 0,
    report: Report | None = None,
) -> list[dict[str, object]]:
    """Rows of the results: each estimate with its interval for each of ``ks`` (by default: as many places as the log
    has), and the effective sample size. resamples: 0 leaves the intervals out.

    A user of the log without recommendations is left out, and counted. Raises InputError for a run of other users.
    """
    policy, report = policy or Policy(), report or Report()
    rows: list[dict[str, object]] = []
    lengths = _lengths(log, ks, policy, report)
    longest = _lists(run, log, max(lengths))
    for k in lengths:
        lists = longest[:, :k]
        covered: Mask = (lists[:, 0] >= 0)[log.user]
        if not covered.all():
            left = len(log.users) - len(np.unique(log.user[covered]))
            report.warn(f"{run.name}: without recommendations for {counted(left, 'users')} of the log: left out")
        if policy.same_place:
            covered &= log.place < (lists >= 0).sum(axis=1)[log.user]
        if not covered.any():
            raise InputError(
                f"{run.where}: its lists are shorter than any place of the log", fix="without --same-place"
            )
        events, users = weighed(log, lists, covered, policy, run.name, report)
        _warn(run.name, k, events, lists, log, report)
        rows += _estimates(run.name, k, events, users, resamples, seed)
    return rows


def users_of(log: ClickLog) -> Truth:
    """The users and items of the log, as a truth that holds nothing relevant."""
    n = len(log.items)
    nothing = sp.csr_matrix((len(log.users), n + 1), dtype=np.float32)
    return Truth(log.users, log.items, nothing, None, ItemStats(n), called="the log")


def click_facts(log: ClickLog, policy: Policy | None) -> dict[str, str]:
    """By which rules click rates are estimated."""
    policy = policy or Policy()
    places = counted(len(log.look), "places") if log.has_places else "no places"
    looks = ", ".join(f"{look:.2f}" for look in log.look[:K])
    shown = {
        True: "an event counts where the new list has the item in the same place",
        False: "an event counts wherever the new list has the item among its first k, weighed by looks",
    }[policy.same_place and log.has_places]
    return {
        "click rates": f"from {len(log.user):,} events of {counted(len(log.users), 'users')}, {places}; {shown}; "
        f"{'no weight is clipped' if policy.clip is None else f'weights clipped to {policy.clip:g}'}",
        "looks": f"each place is looked at {looks} times as often as the first" if log.has_places else "not known",
    }


def _lengths(log: ClickLog, ks: Sequence[int], policy: Policy, report: Report) -> list[int]:
    if policy.same_place and not log.has_places:
        raise UsageError(
            "--same-place needs the positions of shown items", fix="a column 'position' in the log, from 1 on"
        )
    if not log.has_places:
        return list(ks) or [K]
    most = len(log.look)
    if any(k > most for k in ks):
        report.warn(f"the log has {counted(most, 'places')}: how often later ones are seen is unknown")
    return list(dict.fromkeys(min(k, most) for k in ks)) or [most]


def _lists(run: Run, log: ClickLog, k: int) -> Places:
    """(users, k) the first k items of each user of the log, -1 where the list has ended."""
    asked = users_of(log)
    lists = np.full((len(log.users), k), -1, np.int64)
    try:
        for block in run.blocks(asked, k):
            lists[block.rows, : block.items.shape[1]] = block.items
    except ScatteredError:
        run.gather()
        return _lists(run, log, k)
    return lists


def _warn(name: str, k: int, events: Events, lists: Places, log: ClickLog, report: Report) -> None:
    share = float((events.weights > 0).mean())
    if events.effective < ENOUGH or share < FEW:
        report.warn(
            f"{name}: too little data at {counted(k, 'places')}: {share:.2%} of the events of the log are in its "
            f"lists, an effective sample of {counted(round(events.effective), 'events')}"
        )
    listed = lists[lists >= 0]
    never = (log.shown.sum(axis=(0, 2)) == 0)[listed].mean()
    if never > _UNSEEN:
        report.warn(
            f"{name}: {never:.0%} of its recommendations are of items that the log never shows: ctr-ips takes them as "
            "never clicked, ctr-snips as the others, ctr-dr as the average item"
        )


def _estimates(name: str, k: int, events: Events, users: Places, resamples: int, seed: int) -> list[dict[str, object]]:
    numbers, user = np.unique(users, return_inverse=True)
    estimators: list[tuple[str, type[Estimator]]] = [
        (one, kind) for one in names("click-through") if issubclass(kind := find("click-through", one), Estimator)
    ]
    terms = [kind.terms(events) for _, kind in estimators]
    sums, parts = (
        np.stack([np.bincount(user, term[side]).astype(np.float64) for term in terms], axis=1) for side in (0, 1)
    )
    nothing = np.full(len(estimators), np.nan)
    low, high = bootstrap(sums, parts, resamples=resamples, seed=seed) if resamples else (nothing, nothing)
    row = {"run": name, "k": k, "slice": "all", "n": len(numbers)}
    made: list[dict[str, object]] = []
    for at, (one, _) in enumerate(estimators):
        total = float(parts[:, at].sum())
        ends = [None if np.isnan(end[at]) else float(end[at]) for end in (low, high)]
        value = float(sums[:, at].sum()) / total if total else None
        made.append(row | {"metric": one, "value": value, "ci_low": ends[0], "ci_high": ends[1]})
    size = {"metric": EffectiveSample.name, "value": events.effective, "ci_low": None, "ci_high": None}
    return [*made, row | size]
