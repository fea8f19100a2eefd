"""JSON that is nested so deeply that a parser falls over it, or takes minutes: refused with its line."""

import json
from pathlib import Path

import pytest

from visrec_cli.errors import InputError
from visrec_cli.tables import json_depth
from visrec_cli.tables.json_depth import DEEPEST, refuse_deep
from visrec_cli.tables.readers import read_all

SHALLOW = b'{"item_id": "a", "t": "[[[[{{{{"}\n'
PAIRS = {"lists": ("[", "]"), "objects": ('{"a": ', "}"), "both": ('[{"a": ', "}]")}


def nested(kind: str, levels: int) -> str:
    """A value of so many levels."""
    begin, end = PAIRS[kind]
    times = levels // (2 if kind == "both" else 1)
    return begin * times + "1" + end * times


@pytest.mark.parametrize("kind", PAIRS)
@pytest.mark.parametrize("levels", [DEEPEST + 2, 300, 900, 200_000])
def test_what_is_nested_too_deeply_is_named_by_its_line(tmp_path: Path, kind: str, levels: int) -> None:
    path = tmp_path / "t.ndjson"
    path.write_bytes(SHALLOW * 3 + f'{{"item_id": "b", "t": {nested(kind, levels)}}}\n'.encode() + SHALLOW)
    with pytest.raises(InputError, match="line 4 is nested too deeply"):
        read_all(str(path))
    path.write_text(f'[{{"item_id": "b", "t": {nested(kind, levels)}}}]')
    with pytest.raises(InputError, match="the array is nested too deeply"):
        read_all(str(path))


@pytest.mark.parametrize("kind", PAIRS)
def test_as_deep_as_may_be_is_read(tmp_path: Path, kind: str) -> None:
    value = nested(kind, DEEPEST - 2)
    (tmp_path / "t.ndjson").write_text(f'{{"item_id": "b", "t": {value}}}\n')
    (tmp_path / "t.json").write_text(f'[{{"item_id": "b", "t": {value}}}]')
    for name in ("t.ndjson", "t.json"):
        assert read_all(str(tmp_path / name))["t"][0].as_py() == json.loads(value)


@pytest.mark.parametrize("at_once", [1, 40, 1 << 24])
def test_brackets_in_texts_and_many_of_them_side_by_side_are_no_levels(
    monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(json_depth, "_AT_ONCE", at_once)
    text = json.dumps({"item_id": "a", "t": '[[{"\\"[[' * 100, "many": [[1]] * 200, "more": [{"x": []}] * 200}).encode()
    refuse_deep((text + b"\n") * 3, "t")
    refuse_deep(b"[" + b",\n".join([text] * 3) + b"]", "t")
    deep = b'{"t": ' + b"[" * 90 + b'"]]]]]]]]"' + b"]" * 90 + b"}"
    for lines, number in (
        (b'{"x": "\n\\' + deep, 2),
        (text + b"\n" + deep, 2),
        (b"}" * 100 + b"\n\n" + deep + b"\n" + text, 3),
    ):
        with pytest.raises(InputError, match=f"line {number} is nested too deeply"):
            refuse_deep(lines, "t")


def test_nothing() -> None:
    refuse_deep(b"", "t")
    refuse_deep(b"\n\n", "t")
