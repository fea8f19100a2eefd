"""Files that are wrong: bytes that changed, and documents that say something else than what was written.

All by a seed, so that a round that failed can be repeated: ``rng(name, number)``.
"""

import base64
import copy
import json
import math
import os
import random
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.robustness.changed_arrays import changed_array

MANY = float(os.environ.get("VISREC_MUTATIONS", "1"))
"""How many times as many rounds as in the tests of every day; ``make robustness`` asks for more."""

EACH = 2_000
"""Rounds of every reader, every day."""

_DEEP, _TWICE = "@@deep@@", "@@twice@@"
_ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 7, -(1 << 63), 1 << 31, 1 << 63, 10**400, 0.5, -0.0, 1e-300, 1e300, 1e999,
    float("nan"), -float("inf"), "", "x", "0", "\ud800", "é" * 300, [], {}, [0], [[]], [None], {"x": 1}, _DEEP,
)  # fmt: skip


def rounds(parts: int = 1) -> range:
    """Numbers of the rounds of one of ``parts`` tests, which share those of a reader evenly.

    So no reader has less than another, and whoever tries one in one more way takes the rounds from the others.
    """
    return range(max(1, math.ceil(EACH * MANY / parts)))


def whole_way(number: int) -> bool:
    """Whether this round goes all the way of a verb. The others, ten of eleven, go only where the file is used.

    What a verb does before and after is the same in every round, and takes longer; some faults show only there. Eleven,
    so that no kind of change that comes every second, third or fourth round is left out.
    """
    return number % 11 == 0


def rng(name: str, number: int) -> random.Random:
    """The chance of one round."""
    return random.Random(f"{name} {number}")


def changed_bytes(data: bytes, chance: random.Random) -> bytes:
    """The bytes with one thing wrong: some flipped, cut, left out, put in, doubled, or set to zero."""
    at = chance.randrange(len(data))
    size = min(chance.choice((1, 1, 2, 4, 8, 64, 1000)), len(data) - at)
    ways: list[Callable[[], bytes]] = [
        lambda: data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :],
        lambda: data[:at] + bytes(chance.randrange(256) for _ in range(size)) + data[at + size :],
        lambda: data[:at],
        lambda: data[:at] + data[at + size :],
        lambda: data[:at] + bytes(chance.randrange(256) for _ in range(size)) + data[at:],
        lambda: data[: at + size] + data[at:],
        lambda: data[:at] + bytes(size) + data[at + size :],
        lambda: data[:at] + b"\xff" * size + data[at + size :],
    ]
    return chance.choice(ways)()


def changed_document(document: Any, chance: random.Random) -> str:
    """JSON of the document with one thing wrong, or two."""
    whole = [copy.deepcopy(document)]
    for _ in range(chance.choice((1, 1, 1, 2))):
        _change(whole, chance)
    text = json.dumps(whole[0])
    text = text.replace(json.dumps(_DEEP), "[" * 3000 + "]" * 3000)
    return text.replace(json.dumps(_TWICE) + ":", '"format":') if _TWICE in text else text


def _change(whole: list[Any], chance: random.Random) -> None:
    holder, key = chance.choice(list(_places(whole)))
    value = holder[key]
    ways = [_swapped, _swapped, _removed, _tuned]
    if isinstance(value, dict | list):
        ways += [_resized] * 2
    if is_packed(value):
        ways += [_packed] * 8
    chance.choice(ways)(holder, key, chance)


def _places(node: Any) -> list[tuple[Any, Any]]:
    """Every (holder, key) below a node: holder[key] is a value of the document."""
    keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    found = []
    for key in keys:
        found.append((node, key))
        found += _places(node[key])
    return found


def _swapped(holder: Any, key: Any, chance: random.Random) -> None:
    holder[key] = copy.deepcopy(chance.choice(_ODD))


def _removed(holder: Any, key: Any, chance: random.Random) -> None:
    del holder[key]
    if not holder and isinstance(holder, list):
        holder.append({})


def _tuned(holder: Any, key: Any, chance: random.Random) -> None:
    """A number a little other than it was, a text with one character more or less, true for false."""
    value = holder[key]
    if isinstance(value, bool):
        holder[key] = not value
    elif isinstance(value, int | float):
        other = float(value) if abs(value) < 1 << 63 else 0.0
        holder[key] = chance.choice((value + 1, value - 1, -value, value * 2, value * 1000, str(value)[:400], other))
    elif isinstance(value, str):
        at = chance.randrange(len(value) + 1)
        holder[key] = chance.choice((value[:at], value + "=", value[:at] + "A" + value[at:], value.upper()))
    else:
        _swapped(holder, key, chance)


def _resized(holder: Any, key: Any, chance: random.Random) -> None:
    """A list or an object with something more, less, or twice."""
    value = holder[key]
    if isinstance(value, dict):
        name = chance.choice([*value, "unknown"])
        other = chance.choice([f"{name}2", _TWICE, "\udfff", ""])
        value[other] = copy.deepcopy(value.get(name))
        if chance.random() < 0.5:
            value.pop(name, None)
    else:
        at = chance.randrange(len(value) + 1)
        holder[key] = chance.choice((value[:at], value + value, [*value[:at], 0, *value[at:]], value[::-1], value * 50))


def is_packed(value: Any) -> bool:
    """Whether this is an array as tables.spaces.pack_array writes it."""
    return isinstance(value, dict) and "shape" in value and any(kind in value for kind in ("f32", "i64"))


def _packed(holder: Any, key: Any, chance: random.Random) -> None:
    """An array that is whole in itself, and not what was there."""
    value = holder[key]
    kind = "i64" if "i64" in value else "f32"
    try:
        numbers = np.frombuffer(base64.b64decode(value[kind]), "<i8" if kind == "i64" else "<f4")
        array = numbers.reshape(value["shape"]).copy()
    except (ValueError, TypeError):  # wrong already
        return
    found = changed_array(array, chance)
    if found is None or found.dtype != array.dtype:
        del holder[key]
        return
    data = np.ascontiguousarray(found)
    holder[key] = {"shape": list(found.shape), kind: base64.b64encode(data.tobytes()).decode()}
