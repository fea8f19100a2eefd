"""Many queries in words: one per line, or a table, in every form that tables have."""

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.stages.recommend.items.test_queries import Understood, items
from visrec_cli.errors import InputError, MissingInputError, UsageError
from visrec_cli.runtime.report import Report
from visrec_cli.stages.recommend.items import query_texts, recommend
from visrec_cli.tables.output import write_table
from visrec_cli.tables.spaces import Space


@pytest.fixture(autouse=True)
def _fake_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_texts, "text_encoder", Understood)


def table() -> pa.Table:
    return items(space=Space("minilm", 3, True, kind="text"), name="text_embedding")


def asked(listed: Any, **options: Any) -> list[tuple[str, str, str]]:
    """(id, label, first letter of the answer) of each query."""
    found = recommend(table(), listed_texts=listed, k=1, **options).read_all().to_pydict()
    assert set(found["query_kind"]) == {"text"}
    return [
        (name, label, item[0])
        for name, label, item in zip(found["query_id"], found["query_label"], found["item_id"], strict=True)
    ]


BY_LINE = [("red dress, long", "red dress, long", "r"), ("blue coat", "blue coat", "b")]
BY_ID = [("q1", "red dress", "r"), ("q2", "blue coat", "b"), ("q3", "red dress", "r")]


@pytest.mark.parametrize("name", ["asked.txt", "asked", "asked.list"])
def test_a_line_is_a_query(tmp_path: Path, name: str) -> None:
    file, report = tmp_path / name, Report()
    file.write_bytes(b"\xef\xbb\xbfred dress, long\r\n\n  blue coat \n \nred dress, long\n")
    assert asked(str(file), report=report) == BY_LINE
    assert report.counts["empty lines"] == 2
    assert report.counts["texts asked again"] == 1
    assert report.counts["queries"] == 2


@pytest.mark.parametrize("name", ["q.csv", "q.tsv", "q.ndjson", "q.parquet", "q.arrow", "q.arrows"])
def test_a_table_names_its_queries(tmp_path: Path, name: str) -> None:
    listed = pa.table({"query_id": ["q1", "q2", "q3", "q4"], "text": ["red dress", "blue coat", "red dress", None]})
    write_table(listed.to_reader(), tmp_path / name)
    report = Report()
    assert asked(tmp_path / name, report=report) == BY_ID
    assert report.counts["rows without a text"] == 1
    assert not report.counts["texts asked again"]


def test_a_table_at_hand_and_a_table_without_ids() -> None:
    listed = pa.table({"Query": ["red dress", "blue coat", "red dress"], "price": [1, 2, 3]})
    assert asked(listed) == [("red dress", "red dress", "r"), ("blue coat", "blue coat", "b")]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"red dress, long\n\nblue coat\n", BY_LINE),
        (b"id;text\nq1;red dress\nq2;blue coat\nq3;red dress\n", BY_ID),
        (
            b'{"id": "q1", "text": "red dress"}\n{"id": "q2", "text": "blue coat"}\n{"id":"q3","text":"red dress"}',
            BY_ID,
        ),
    ],
)
def test_from_stdin(content: bytes, expected: list[tuple[str, str, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    raw: Any = io.BytesIO(content)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(raw)))
    assert asked("-") == expected


def test_a_stream_of_another_verb_on_stdin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = pa.table({"id": ["q1", "q2", "q3"], "text": ["red dress", "blue coat", "red dress"]})
    write_table(listed.to_reader(), tmp_path / "q.arrows")
    raw: Any = io.BytesIO((tmp_path / "q.arrows").read_bytes())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(raw)))
    assert asked("-") == BY_ID


def test_words_on_the_line_come_first(tmp_path: Path) -> None:
    (tmp_path / "asked.txt").write_text("red dress, long\nblue coat\n")
    found = asked(tmp_path / "asked.txt", texts=["green hat", "blue coat"])
    assert [name for name, _, _ in found] == ["green hat", "blue coat", "red dress, long"]


@pytest.mark.parametrize(
    ("name", "content", "kind", "said"),
    [
        ("q.txt", "", InputError, "has no texts"),
        ("q.txt", "\n \n", InputError, "has no texts"),
        ("q.csv", "query_id,text\nq1,\n", InputError, "has no texts"),
        ("q.csv", "colour,size\nred,3\n", InputError, "has no column of texts (its columns: colour, size)"),
        ("q.csv", "id,text\n,red dress\n", InputError, "column 'id' is empty in 1 row"),
        ("q.csv", "id,text\nq1,red\nq1,blue\n", InputError, "the id 'q1' stands for two texts, 'red' and 'blue'"),
        ("q.txt", b"red\xff\xff dress\n", InputError, "is not UTF-8"),
        ("gone.txt", None, MissingInputError, "cannot be read"),
    ],
)
def test_what_is_refused(tmp_path: Path, name: str, content: str | bytes | None, kind: type, said: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(kind) as caught:
        asked(str(tmp_path / name))
    assert said in str(caught.value)
    assert caught.value.fix


@pytest.mark.parametrize("others", [{"images": ["-"]}, {}])
def test_stdin_is_one_thing(others: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="stdin cannot be both"):
        recommend(table() if others else "-", listed_texts="-", **others)


def test_a_space_that_is_not_normalised_still_gives_cosines(monkeypatch: pytest.MonkeyPatch) -> None:
    class Long(Understood):
        def encode(self, texts: Sequence[str], *, batch_size: int = 32) -> np.ndarray:
            return 3 * super().encode(texts)

    monkeypatch.setattr(query_texts, "text_encoder", Long)
    found = recommend(table(), texts=["red dress"], items=["r0"], k=1, keep_duplicates=True).read_all()
    assert found["score"].to_pylist()[1] == pytest.approx(1)
