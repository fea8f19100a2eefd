"""Explanations: the history items that contributed most to a recommendation, and how."""

from collections import defaultdict
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from visrec_cli.ranking.explanation import are_labels, common_labels, sentence
from visrec_cli.recommenders.model import Model, Users
from visrec_cli.stages.recommend.items.queries import title_column
from visrec_cli.stages.recommend.users.selection import Choice, Chooser
from visrec_cli.tables.vectors import Matrix, Rows

Shares = dict[str, npt.NDArray[np.float32]]


class Reason(NamedTuple):
    """item_id: of the user's history, None where nothing of it spoke. share: its part of all that spoke for it."""

    item_id: str | None
    share: float | None
    why: str


class Reasons:
    """Finds them. fallback: why a user nobody knows is shown what they are."""

    def __init__(self, chooser: Chooser, fallback: str) -> None:
        self._chooser, self._candidates, self._fallback = chooser, chooser.candidates, fallback
        self._rows_of = [np.full(len(self._candidates.ids), -1, np.int64) for _ in self._candidates.places]
        for rows, places in zip(self._rows_of, self._candidates.places, strict=True):
            rows[places] = np.arange(len(places))

    def of(self, choice: Choice) -> list[Reason]:
        """One for each thing that is shown, user by user, best first."""
        reasons = []
        for user, line in enumerate(choice.rows):
            shown = line[line >= 0]
            if choice.known[user]:
                reasons += self._of_user(choice, user, shown)
            else:
                reasons += [Reason(None, None, self._fallback)] * len(shown)
        return reasons

    def _of_user(self, choice: Choice, user: int, shown: Rows) -> list[Reason]:
        """Several models are heard as loud as they count in the blend."""
        own_items = choice.past.history[user].indices
        total = np.zeros((len(own_items), len(shown)))
        shares: defaultdict[str, Any] = defaultdict(float)
        for at, weight in enumerate(self._chooser.blend.weights):
            places, users = choice.user_batches.sides[at]
            matches = np.flatnonzero(places == user)
            if not len(matches):
                continue
            rows = self._rows_of[at][shown]
            shown_rows = np.flatnonzero(rows >= 0)
            one = self._chooser.loaded[at]
            history_contributions = one.kind.history_contributions(one.model, users, int(matches[0]), rows[shown_rows])
            own = np.searchsorted(own_items, self._candidates.places[at][users.history[int(matches[0])].indices])
            contributions = np.zeros_like(total)
            contributions[np.ix_(own, shown_rows)] = history_contributions
            contributions[own_items[:, None] == shown[None, :]] = 0  # a thing is no reason for itself
            contributions[choice.past.history[user].data <= 0] = 0  # nor is one that was seen and not liked
            total += weight * _positive_shares(contributions)
            parts = _parts(one.model, users, int(matches[0]), rows[shown_rows])
            for name, values in zip(parts, _positive_shares(np.stack(list(parts.values()))), strict=True):
                shares[name] = shares[name] + weight * _at(shown_rows, values, len(shown))
        whole = np.maximum(sum(shares.values()), 1e-9)
        shares_of_items = total / np.maximum(total.sum(axis=0), 1e-9)
        return [
            self._words(
                own_items,
                shares_of_items[:, i],
                {name: float(values[i] / whole[i]) for name, values in shares.items()},
                row,
            )
            for i, row in enumerate(shown.tolist())
        ]

    def _words(self, own_items: Rows, shares_of_items: npt.NDArray[Any], shares: dict[str, float], row: int) -> Reason:
        parts = sorted(shares.items(), key=lambda part: -part[1])
        if not len(shares_of_items) or shares_of_items.max() <= 0:
            return Reason(None, None, sentence(parts, []))
        at = int(shares_of_items.argmax())
        because = int(own_items[at])
        labels = common_labels(self._labels[because], self._labels[row]) if self._labels else []
        title = f"because of {self._titles[because] or self._candidates.ids[because]}"
        return Reason(self._candidates.ids[because], float(shares_of_items[at]), sentence(parts, labels, because=title))

    @cached_property
    def _titles(self) -> list[Any]:
        about = self._candidates.about
        titles: list[Any] = about[title_column(about.schema)].to_pylist()
        return titles

    @cached_property
    def _labels(self) -> list[list[dict[str, Any]] | None] | None:
        about = self._candidates.about
        if "labels" not in about.column_names or not are_labels(about.schema.field("labels").type):
            return None
        labels: list[list[dict[str, Any]] | None] = about["labels"].to_pylist()
        return labels


def _parts(model: Model, users: Users, row: int, items: Rows) -> Shares:
    """What each term of the score says for each of the items, by what it speaks of; see recommenders.model."""
    total: defaultdict[str, Any] = defaultdict(lambda: np.zeros(len(items), np.float32))
    history, side = users.history[row], model.items
    if users.factors is not None and side.factors is not None:
        start = 0
        for name, width in model.parts or (("behaviour", side.factors.shape[1]),):
            block = slice(start, start + width)
            total[name] += side.factors[items, block] @ users.factors[row, block]
            start += width
    if side.neighbours is not None:
        links = history.data @ side.neighbours[history.indices][:, items].toarray()
        total["behaviour"] += links.astype(np.float32)
    if users.neighbours is not None:
        total["behaviour"] += (users.neighbours[row] @ model.users.history[:, items]).toarray()[0]
    if side.bias is not None:
        total["popularity"] += side.bias[items]
    return dict(total) or {"behaviour": np.zeros(len(items), np.float32)}


def _positive_shares(values: npt.NDArray[Any]) -> Matrix:
    """(m, n): each column's positive numbers as parts of their sum; what speaks against an item is no reason for it."""
    positive = np.maximum(values, 0)
    whole = positive.sum(axis=0)
    return np.divide(positive, whole, out=np.zeros(values.shape, np.float32), where=whole > 0, casting="unsafe")


def _at(places: Rows, values: npt.NDArray[np.float32], n: int) -> npt.NDArray[np.float32]:
    whole = np.zeros(n, np.float32)
    whole[places] = values
    return whole
