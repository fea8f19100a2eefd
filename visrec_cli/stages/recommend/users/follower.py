"""Handles events one by one: updates histories and answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from visrec_cli.errors import InputError
from visrec_cli.recommenders.model import Users
from visrec_cli.stages.recommend.users.history import merged
from visrec_cli.stages.recommend.users.loaded_model import LoadedModel
from visrec_cli.stages.recommend.users.selection import Chooser
from visrec_cli.stages.recommend.users.sessions import clock, in_order
from visrec_cli.stages.recommend.users.user_batches import UserBatches
from visrec_cli.stages.recommend.users.user_table import UserTable
from visrec_cli.tables.conversions import python_rows
from visrec_cli.tables.documents import Origin

MOST = 1e9
"""The largest weight of one click: sums of many stay within floats of 32 bits, and so do their squares."""

_OF_THE_ANSWER = ("user_id", "rank", "source")  # told once, or by the order


@dataclass(frozen=True)
class Event:
    """user_id None: a session of somebody without a name, who has ``items``. item_id: a click. k: None as usual."""

    user_id: str | None
    items: tuple[str, ...]
    weight: float
    answer: bool
    k: int | None


def event_of(line: bytes | str | Mapping[str, Any]) -> Event:
    """Read one line. Raises InputError for anything that is no event."""
    fields = line if isinstance(line, Mapping) else Origin("the event", fix='such as {"user_id": "42"}').json(line)
    if not isinstance(fields, Mapping):
        raise InputError('an event is an object, as {"user_id": "42"}')
    user, item, items = fields.get("user_id"), fields.get("item_id"), fields.get("items")
    if (user is None) == (items is None):
        raise InputError("an event has either a user_id, or items: those of an anonymous session")
    if items is not None and (item is not None or not isinstance(items, list) or not items):
        raise InputError("items are a list of ids, and go with no item_id")
    answer, weight, k = fields.get("answer", True), fields.get("weight", 1), fields.get("k")
    if not isinstance(answer, bool):
        raise InputError("answer is true or false")
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight <= MOST:
        raise InputError(f"weight is a number from 0 to {MOST:g}")
    if k is not None and (isinstance(k, bool) or not isinstance(k, int) or k < 1):
        raise InputError("k is a whole number from 1 on")
    clicked = items if items is not None else [] if item is None else [item]
    return Event(None if user is None else _id(user), tuple(map(_id, clicked)), float(weight), answer, k)


def _id(fields: Any) -> str:
    if isinstance(fields, bool) or not isinstance(fields, str | int):
        raise InputError(f"{json.dumps(fields)[:40]} is not an id")
    text = str(fields)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{json.dumps(fields)[:40]} is not an id: it holds half of a character") from error
    return text


class Follower:
    """Answers events. What users click is kept, merged into one history each, as long as this object lives.

    fallback: False answers a user nobody knows with an error.
    """

    def __init__(self, chooser: Chooser, sheet: UserTable, *, fallback: bool) -> None:
        self._chooser, self._sheet, self._fallback = chooser, sheet, fallback
        self._live: list[dict[str, Users]] = [{} for _ in chooser.loaded]  # per model, those who clicked
        self._now = [clock(one) for one in chooser.loaded]
        for one in chooser.loaded:
            _ = one.folds_in  # a model that cannot says so now

    def answer(self, event: Event) -> dict[str, Any] | None:
        """What to show; None where no answer is wanted. Raises InputError for items or users nobody knows."""
        strange = [item for item in event.items if item not in self._chooser.candidates.row_of]
        if strange:
            raise InputError(f"no item '{strange[0]}' in the model")
        sides = [self._side(at, event) for at in range(len(self._chooser.loaded))]
        self._keep(event, sides)
        if not event.answer:
            return None
        user_batches = UserBatches(
            (event.user_id or "",), tuple((np.zeros(len(one.ids), np.int64), one) for one in sides)
        )
        if not self._fallback and not user_batches.known.all():
            raise InputError(f"no model knows user '{event.user_id}'")
        most = len(self._chooser.candidates.row_of)
        chooser = self._chooser if event.k is None else replace(self._chooser, k=min(event.k, most))
        rows = python_rows(self._sheet.batch(chooser.choose(user_batches)))
        who = {} if event.user_id is None else {"user_id": event.user_id}
        source = self._sheet.source_of(bool(user_batches.known[0]))
        shown = [{name: value for name, value in row.items() if name not in _OF_THE_ANSWER} for row in rows]
        return {**who, "source": source, "items": shown}

    def _side(self, at: int, event: Event) -> Users:
        """The user as one model knows them now: one row, or none."""
        one, live = self._chooser.loaded[at], self._live[at]
        user = event.user_id or ""
        row = one.row_of.get(user) if event.user_id is not None else None
        old = live.get(user) if event.user_id is not None else None
        if old is None:
            old = one.users.take([] if row is None else [row])
        rows = [one.item_row_of[item] for item in event.items if item in one.item_row_of]
        if not rows:
            return old
        side = self._clicked(at, old, user, rows, event.weight)
        if not _is_finite(side):
            raise InputError("the weight is too large to compute with: the click was dropped")
        return side

    def _keep(self, event: Event, sides: list[Users]) -> None:
        """Remember what the event made of the user, in all models or, where one of them failed, in none."""
        if event.user_id is not None and event.items:
            for live, side in zip(self._live, sides, strict=True):
                live[event.user_id] = side

    def _clicked(self, at: int, old: Users, user: str, rows: list[int], weight: float) -> Users:
        one, now = self._chooser.loaded[at], self._now[at]
        weight, way = _as_cleaned(one, weight)
        columns, places = in_order(rows)
        new = sp.csr_matrix(
            (np.full(len(columns), weight, np.float32), columns, [0, len(columns)]), (1, len(one.model.items.ids))
        )
        times = None
        if now is not None:  # each click a millisecond after the one before: their order tells what comes next
            times = now + 1 + places
            self._now[at] = now = now + len(rows)
        whole = merged(old, np.arange(len(old.ids)), Users((user,), new, times), way, now)
        return one.fold_in(whole)


def _is_finite(side: Users) -> bool:
    """Whether what a model made of a user can be computed with."""
    arrays = [side.history.data, *(one for one in (side.factors, side.bias) if one is not None)]
    return all(bool(np.isfinite(one).all()) for one in arrays)


def _as_cleaned(loaded: LoadedModel, weight: float) -> tuple[float, str]:
    """The weight as the model's log was cleaned, and what becomes of one on an item that the user had already."""
    least = loaded.cleaning.min_weight
    if least is not None:
        return float(weight >= least), "max"
    return weight, "last" if loaded.kind.predicts_ratings else "sum"


def error_of(what: str, line: int) -> dict[str, Any]:
    """An event that could not be answered."""
    return {"error": what, "line": line}
