"""A key twice in one object of JSON: refused with its line, wherever and however it is written."""

import json
import random
from pathlib import Path

import pytest

from visrec_cli.errors import InputError
from visrec_cli.tables import json_depth
from visrec_cli.tables.json_keys import refuse_double_keys
from visrec_cli.tables.readers import read_all

KEYS = ("a", "b", "item_id", 'k"x', "\\", "a:b", "", "é", "a long key that ends in A", "a long key that ends in B")
VALUES = (1, "x", "a:b", 'q"', "\\", '":"', None, 1.5, [1, {}], [], ",", '\\"')


@pytest.mark.parametrize(
    ("text", "at", "key"),
    [
        ('{"a": 1}\n{"a": 1, "b": 2, "a": 3}\n', "line 2", "a"),
        ('{"a": 1, "a": 1}\r\n{"a": 1}\n', "line 1", "a"),
        ('{"a": 1}\n\n{"b": 1,\t"b"\t:2}\n', "line 3", "b"),
        ('{"a": {"x": 1, "x": 2}}\n', "line 1", "x"),
        ('{"a": NaN, "b": 1, "b": 2}\n', "line 1", "b"),
        ('[{"a": 1}, {"a": 1, "a": 2}]', "the array", "a"),
        ('[{"a": NaN}, {"a": 1, "a": 2}]', "the array", "a"),
    ],
)
def test_a_key_that_stands_twice_is_named_by_its_line(tmp_path: Path, text: str, at: str, key: str) -> None:
    (tmp_path / "t.ndjson").write_text(text)
    with pytest.raises(InputError, match=f"{at} holds '{key}' twice"):
        read_all(str(tmp_path / "t.ndjson"))


def drawn(chance: random.Random, depth: int = 0) -> tuple[str, bool]:
    """An object, and whether it, or one in it, holds a key twice."""
    keys = [chance.choice(KEYS) for _ in range(chance.randrange(4))]
    keys = keys if chance.random() < 0.1 else list(dict.fromkeys(keys))
    twice, parts = len({*keys}) < len(keys), []
    for key in keys:
        value = json.dumps(chance.choice(VALUES))
        if depth < 2 and chance.random() < 0.2:
            value, within = drawn(chance, depth + 1)
            twice |= within
        parts.append(json.dumps(key) + chance.choice((":", " : ", ": ", "\t:")) + value)
    return "{" + ", ".join(parts) + "}", twice


@pytest.mark.parametrize("at_once", [1, 60, 1 << 24])
def test_none_is_missed_and_none_made_up(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(json_depth, "_AT_ONCE", at_once)
    for seed in range(700):
        chance = random.Random(seed)
        rows = [drawn(chance) for _ in range(chance.randrange(1, 6))]
        for text in ("\n".join(row for row, _ in rows), "[" + ", ".join(row for row, _ in rows) + "]"):
            try:
                refuse_double_keys(text.encode(), "t")
                refused = False
            except InputError:
                refused = True
            assert refused == any(twice for _, twice in rows), text
