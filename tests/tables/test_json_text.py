"""NDJSON and JSON arrays: numbers of any length, what is not quite JSON, and what is none."""

from pathlib import Path

import pytest

from visrec_cli.errors import InputError
from visrec_cli.tables.readers import open_table


def rows(tmp_path: Path, text: str) -> list[dict[str, object]]:
    (tmp_path / "t.ndjson").write_text(text)
    return open_table(tmp_path / "t.ndjson").read_all().to_pylist()


@pytest.mark.parametrize("form", ["{}\n{}\n", "[{}, {}]"])
@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("14933243513335727983", 14933243513335727983),
        ("98765432109876543210", "98765432109876543210"),
        ("-9223372036854775809", "-9223372036854775809"),
        ("9" * 60, "9" * 60),
        ('{"deep": [98765432109876543210]}', {"deep": ["98765432109876543210"]}),
        ("NaN", None),
        ("-Infinity", None),
        ("1e400", None),
        ('"\\ud83d\\ude00"', "😀"),
    ],
)
def test_values_that_other_readers_stop_at(tmp_path: Path, form: str, value: str, read: object) -> None:
    one, other = f'{{"id": 1, "x": {value}}}', '{"id": 2, "x": null}'
    assert rows(tmp_path, form.format(one, other)) == [{"id": 1, "x": read}, {"id": 2, "x": None}]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"a": 1}\n{"a": "\\ud800"}\n', r"line 2 holds half of a character \(\\ud800\)"),
        ('{"a": 1}\n\n{"a": 2}{"a": 3}\n', "line 3 is not JSON: at character 9"),
        ('{"a": 1}\n[1, 2]\n', "line 2 is a list, not an object"),
        ('[{"a": 1}, 7]', "row 2 is a number, not an object"),
        ('[{"a": 1},\n {"a": }]', "line 2 is not JSON: at character 8"),
        ('{"a": 1}\n{"a": [1]}\n', "'a' is a number in line 1 and a list in line 2"),
        ('{"a": 1}\n{"b": {}}\n{"a": {"c": 1}}\n', "'a' is a number in line 1 and an object in line 3"),
        ('{"a": ' + "[" * 5000 + "]" * 5000 + "}", "line 1 is nested too deeply"),
        ('{\n "a": 1\n}\n', "line 1 is not JSON"),
        ("{}", "has no columns"),
        ("[]", "has no columns"),
    ],
)
def test_what_is_wrong_is_named_in_our_words(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as refused:
        rows(tmp_path, text)
    for word in ("TapeError", "Expecting", "polars", "supertype", "delimiter:"):
        assert word not in str(refused.value)


def test_lines_that_end_with_a_carriage_return_alone(tmp_path: Path) -> None:
    (tmp_path / "t.ndjson").write_bytes(b'{"item_id": "a", "n": 1}\r{"item_id": "b", "n": 2}\r')
    assert open_table(tmp_path / "t.ndjson").read_all().to_pylist() == [
        {"item_id": "a", "n": 1},
        {"item_id": "b", "n": 2},
    ]
