"""Importance weights of logged events for a new list."""

import numpy as np

from visrec_cli.metrics.base import Places
from visrec_cli.metrics.off_policy import Events, PerEvent
from visrec_cli.options.eval_measures import Policy
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.stages.eval.click_log import ClickLog
from visrec_cli.tables.vectors import Mask


def weighed(
    log: ClickLog, lists: Places, covered: Mask, policy: Policy, name: str, report: Report
) -> tuple[Events, Places]:
    """The events that count, and whose they are.

    lists: (users, k) items, -1 where a list has ended. there: (n,) the rows of the log that may count.
    """
    user, item, place = log.user[covered], log.item[covered], log.place[covered]
    propensity, clicked = log.propensity[covered], log.clicked[covered]
    length = (lists >= 0).sum(axis=1)[user]
    found, new = _places(lists, user, item, len(log.items) + 1)
    rates = log.rates()
    look = log.look if log.has_places else np.ones(lists.shape[1])
    fold = log.fold[user]
    if policy.same_place:
        matched = (found & (new == place)) / propensity
        weights = matched = _clipped(matched, policy, name, report)
        expected = look[place] * rates[fold, lists[user, place]]
    else:
        matched = _clipped(found / (length * propensity), policy, name, report)
        weights = matched * look[new] / look[place]
        of_lists = look[: lists.shape[1]] * rates[log.fold[:, None], lists] * (lists >= 0)
        expected = of_lists.sum(axis=1)[user] / length
    return Events(clicked, matched, weights, look[place] * rates[fold, item], expected), user


def _places(lists: Places, user: Places, item: Places, width: int) -> tuple[Mask, Places]:
    """(n,) whether the list of the user has the item, and in which place (anything, where it has not)."""
    rows, places = np.nonzero(lists >= 0)
    keys = rows * width + lists[rows, places]
    order = np.argsort(keys)
    asked = user * width + item
    at = order[np.minimum(np.searchsorted(keys, asked, sorter=order), len(keys) - 1)]
    return keys[at] == asked, places[at]


def _clipped(weights: PerEvent, policy: Policy, name: str, report: Report) -> PerEvent:
    if policy.clip is None:
        return weights
    over = int((weights > policy.clip).sum())
    if over:
        lost = 1 - np.minimum(weights, policy.clip).sum() / weights.sum()
        report.warn(
            f"{name}: {counted(over, 'weights')} of events clipped to {policy.clip:g} ({lost:.1%} of all weight): less "
            "noise, and ctr-ips is too small"
        )
    return np.minimum(weights, policy.clip)
