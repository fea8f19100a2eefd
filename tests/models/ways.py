"""Every way of asking a model about users, and what came of it: a table, answers to events, or a refusal."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pyarrow as pa
import pytest

from tests.models.worlds import BARE, WITH, clicks
from visrec_cli.errors import VisrecError
from visrec_cli.options.recommend_users import Newer, Rules
from visrec_cli.stages.recommend.users import recommend_users, serving_context
from visrec_cli.stages.recommend.users.follow import follow
from visrec_cli.stages.recommend.users.loaded_model import LoadedModel

CLICKS = clicks(("new", "i12"), ("new", "Äpfel-é"), ("u3", "i40"), ("u3", "i41"), ("new", "i15"))
CLICKS_ON_NEW = clicks(("new", "i12"), ("new", "new 1"), ("u3", "new 3"), ("new", "i16"), ("u40", 'a "b", c'))
EVENTS = [
    {"user_id": "u3"},
    {"user_id": "fresh", "item_id": "i12", "weight": 5, "answer": False},
    {"user_id": "fresh", "item_id": "2025-01-01", "weight": 4, "k": 3},
    {"user_id": "u3", "item_id": "i30", "weight": 5},
    {"items": ["i25", "i26"]},
    {"user_id": "nobody"},
    {"user_id": "u3", "item_id": "unheard of"},
]
SOME = ("u3", "u40", "new", "nobody")


def asked(*models: Any, k: int = 60, **more: Any) -> pa.Table:
    """What ``recommend`` says of a few users, or of those that ``more`` names. more: also of Rules and Newer."""
    rules = {name: more.pop(name) for name in ("where", "diversity", "seen", "blend_by") if name in more}
    newer = {name: more.pop(name) for name in ("new_items", "history", "items") if name in more}
    if not {"users", "sessions", "all_users"} & set(more):
        more["users"] = SOME
    return recommend_users(*models, rules=Rules(k=k, **rules), newer=Newer(**newer), **more).read_all()


def followed(*models: Any, **newer: Any) -> list[Any]:
    """The answers to EVENTS."""
    return list(follow(*models, events=EVENTS, explain=True, columns=None, rules=Rules(k=8), newer=Newer(**newer)))


DATED = "price > 1.5 and since > TIMESTAMP '2025-01-10 00:00:00' and not sold_out"
WAYS: dict[str, Callable[..., Any]] = {
    "a user": partial(asked, users=["u3"]),
    "all users": partial(asked, all_users=True, k=10),
    "reasons and histories": partial(asked, explain=True, show_history=4),
    "a user without a history": partial(asked, users=["nobody", "u3"], explain=True),
    "new clicks": partial(asked, explain=True, history=CLICKS),
    "new items": partial(asked, explain=True, new_items=WITH),
    "new items without columns": partial(asked, new_items=BARE),
    "new items and new users": partial(asked, explain=True, new_items=WITH, history=CLICKS_ON_NEW),
    "all at once": partial(asked, explain=True, show_history=3, new_items=BARE, history=CLICKS_ON_NEW),
    "newer columns": partial(asked, items=BARE, k=5),
    "sessions": partial(asked, sessions=[["i12", "i16"], ["7", "i40", "007"]], explain=True),
    "a session with a new item": partial(asked, sessions=[["new 1", "i16"]], explain=True, new_items=BARE),
    "events": followed,
    "events with new items": partial(followed, new_items=WITH, history=CLICKS_ON_NEW),
    "a condition": partial(asked, k=5, where=DATED),
    "unlike each other": partial(asked, k=5, diversity=0.5),
    "what was seen": partial(asked, users=["u3", "u40"], seen="only"),
}


def outcome(way: Callable[..., Any], models: Sequence[Any]) -> Any:
    """The answer, or the refusal: its kind and its words, whatever a file is called. Faults are not caught."""
    try:
        return way(*models)
    except VisrecError as error:
        words = error.what
        for file in (model for model in models if isinstance(model, str)):
            words = words.replace(file, "the table")
        return type(error).__name__, words, error.fix


def in_memory(way: Callable[..., Any], *served: LoadedModel) -> Any:
    """What models answer as they are in memory, never written."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(serving_context, "open_models", lambda sources: list(served))
        return outcome(way, ["memory"] * len(served))


def assert_alike(before: Any, after: Any) -> None:
    """Every item, score, reason and column equal, to the last bit; or the same refusal."""
    if not (isinstance(before, pa.Table) and isinstance(after, pa.Table)):
        assert after == before
        return
    assert after.schema.equals(before.schema)
    for name in before.column_names:
        assert after[name].to_pylist() == before[name].to_pylist(), name
