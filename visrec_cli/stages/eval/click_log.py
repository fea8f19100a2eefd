"""The click log as arrays, with propensities and examination of positions."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.logs.missing_ids import missing_ids
from visrec_cli.metrics.base import Places
from visrec_cli.metrics.off_policy import PerEvent, attraction, examination
from visrec_cli.runtime.report import Report
from visrec_cli.tables.impressions import open_impressions
from visrec_cli.tables.readers import Tabular, name_of

FOLDS = 5


@dataclass(frozen=True)
class ClickLog:
    """Row by row: user and item as numbers of ``users`` and ``items``, place from 0, clicked 0 or 1, propensity.

    fold: (users,) each is dealt to one. shown, clicks: (folds, items + 1, places) counts, the last item being all that
    the log does not know. look: (places,) how much users look at each, see metrics.off_policy.examination.
    """

    users: pa.Array
    items: pa.Array
    user: Places
    item: Places
    place: Places
    clicked: PerEvent
    propensity: PerEvent
    fold: Places
    shown: PerEvent
    clicks: PerEvent
    look: PerEvent
    has_places: bool

    def rates(self) -> PerEvent:
        """(folds, items + 1) the click rate of each item in the first place, from the users of all other folds."""
        shown, clicks = (counts.sum(axis=0) - counts for counts in (self.shown, self.clicks))
        return np.stack([attraction(*both, self.look) for both in zip(shown, clicks, strict=True)])


def open_log(source: Tabular, *, seed: int = 0, report: Report | None = None) -> ClickLog:
    """Read a log of impressions. Where it has no propensities they are estimated, and said to be."""
    report, where = report or Report(), name_of(source)
    table = open_impressions(source, report)
    for _, note in missing_ids(table):
        report.warn(f"{where}: {note}")
    (users, user), (items, item) = (_numbered(table[name]) for name in ("user_id", "item_id"))
    has_places = "position" in table.column_names
    place = table["position"].to_numpy() - 1 if has_places else np.zeros(table.num_rows, np.int64)
    clicked = table["clicked"].to_numpy()
    shape = (FOLDS, len(items) + 1, int(place.max()) + 1)
    fold = np.random.default_rng([seed, 4]).permutation(len(users)) % FOLDS
    cell = np.ravel_multi_index((fold[user], item, place), shape)
    shown, clicks = (
        np.bincount(cell, what, int(np.prod(shape))).reshape(shape).astype(np.float64)
        for what in (np.ones(len(cell)), clicked)
    )
    if "propensity" in table.column_names:
        propensity = table["propensity"].to_numpy()
    else:
        often = shown.sum(axis=0)
        propensity = (often / np.maximum(often.sum(axis=0), 1))[item, place]
        report.warn(
            f"{where} has no propensities: they are taken to be how often each item is in each place, as if the same "
            "were shown to all users alike; of a log that chose by user, the estimates are then biased"
        )
    look = examination(shown.sum(axis=0), clicks.sum(axis=0))
    if len(look) > 1 and not ((shown.sum(axis=0) > 0).sum(axis=1) > 1).any():
        look = np.ones(len(look))
        report.warn(f"{where}: no item was shown in two places, so the attention to each place cannot be estimated")
    return ClickLog(
        users, items, user, item, place, clicked, propensity, fold, shown, clicks, look, has_places
    )  # fmt: skip


def _numbered(ids: pa.ChunkedArray) -> tuple[pa.Array, Places]:
    known = pc.unique(ids)
    known = known.take(pc.sort_indices(known))
    return known, pc.index_in(ids, known).to_numpy().astype(np.int64)
