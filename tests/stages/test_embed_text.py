from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest

from visrec_cli.encoders.base import TextEncoder, Vectors
from visrec_cli.errors import DeviceMemoryError, InputError, UsageError
from visrec_cli.runtime.report import Report
from visrec_cli.stages.embed_text import embed_text
from visrec_cli.tables.spaces import Space, space_of
from visrec_cli.tables.vectors import matrix_of


class Recorder(TextEncoder):
    """Vectors of (length, number of words); remembers what it was given. Reads ten words. ``holds``: batch limit."""

    spec, space, token_limit = "recorder", Space("recorder", 2, False, kind="text"), 10

    def __init__(self, holds: int = 10**9) -> None:
        self.texts, self.holds, self.sizes = list[str](), holds, list[int]()

    def encode(self, texts: Sequence[str], *, batch_size: int = 32) -> Vectors:
        self.sizes.append(batch_size)
        if batch_size > self.holds:
            raise DeviceMemoryError("full")
        self.texts += texts
        return self.finish(np.array([[len(text), len(text.split())] for text in texts]))

    def cut(self, texts: Sequence[str]) -> list[bool]:
        return [len(text.split()) > self.token_limit for text in texts]


ITEMS = pa.table(
    {
        "id": ["1", "2", "3", "4"],
        "title": ["Red dress", None, "  ", "Blue coat."],
        "description": ["for summer", "warm", None, ""],
        "price": [10.5, 20.0, None, 40.0],
        "tags": [["a", "b"], [], None, ["c"]],
    }
)


def texts_of(table: pa.Table = ITEMS, **options: object) -> list[str]:
    recorder = Recorder()
    embed_text(table, encoder=recorder, **options).read_all()  # type: ignore[arg-type]
    return recorder.texts


def test_columns_are_joined_and_missing_ones_left_out() -> None:
    assert texts_of(columns=["title", "description"]) == ["Red dress. for summer", "warm", "Blue coat"]
    assert texts_of(columns=["description", "title"])[0] == "for summer. Red dress"
    assert texts_of(columns=["title", "tags", "price"])[0] == "Red dress. a, b. 10.5"


def test_missing_text_is_null_on_its_own_row_and_counted() -> None:
    report = Report()
    result = embed_text(ITEMS, columns=["title"], encoder=Recorder(), report=report).read_all()
    vectors, valid = matrix_of(result["text_embedding"])
    assert valid.tolist() == [True, False, False, True]
    assert vectors[:, 0].tolist() == [9, 0, 0, 9]
    assert (report.counts["texts"], report.counts["items without text"]) == (2, 2)
    assert result.column_names == ["item_id", *ITEMS.column_names[1:], "text_embedding"]


def test_usual_columns_are_found_and_said() -> None:
    report = Report()
    embed_text(ITEMS, encoder=Recorder(), report=report).read_all()
    assert report.warnings == ["text from title, tags, description: choose with --columns"]
    quiet = Report()
    embed_text(ITEMS, columns=["title"], encoder=Recorder(), report=quiet).read_all()
    assert quiet.warnings == []


def test_template() -> None:
    assert texts_of(template="{title} ({price})") == ["Red dress (10.5)", "(20)", "Blue coat. (40)"]
    assert texts_of(template="{{x}} {title}")[0] == "{x} Red dress"


@pytest.mark.parametrize(
    "template", ["no column", "{title!r}", "{title:>9}", "{title.__class__}", "{tags[0]}", "{}", "{title", "{0}"]
)
def test_templates_that_are_more_or_less_than_names(template: str) -> None:
    with pytest.raises(UsageError):
        texts_of(template=template)


def test_a_template_never_reaches_into_a_value() -> None:
    with pytest.raises(UsageError, match="more in its braces"):
        texts_of(pa.table({"id": ["1"], "a": ["x"], "a.upper": ["y"]}), template="{a.upper}")


def test_prefix_comes_before_texts_not_instead_of_them() -> None:
    assert texts_of(columns=["title"], prefix="passage: ") == ["passage: Red dress", "passage: Blue coat"]


def test_unknown_column_shows_the_nearest() -> None:
    with pytest.raises(UsageError, match="'descripton'") as caught:
        texts_of(columns=["title", "descripton"])
    assert "description" in str(caught.value.fix)


def test_columns_and_template_contradict_each_other() -> None:
    with pytest.raises(UsageError, match="not both"):
        texts_of(columns=["title"], template="{title}")


def test_a_column_that_is_no_text() -> None:
    table = ITEMS.append_column("image", pa.array([b"x"] * 4))
    with pytest.raises(UsageError, match="'image' is binary"):
        texts_of(table, columns=["image"])


def test_no_usual_column_and_no_text_at_all() -> None:
    with pytest.raises(InputError, match="usual name for text"):
        texts_of(ITEMS.select(["id", "price"]))
    with pytest.raises(InputError, match="none of the 2 items has any text"):
        texts_of(pa.table({"id": ["1", "2"], "title": ["", None]}))


def test_an_empty_table_stays_empty() -> None:
    result = embed_text(ITEMS.slice(0, 0), columns=["title"], encoder=Recorder()).read_all()
    assert result.num_rows == 0
    assert space_of(result.schema.field("text_embedding")) == Recorder.space


def test_long_texts_are_counted_as_cut() -> None:
    table = pa.table({"id": ["1", "2"], "title": ["word " * 11, "word " * 10]})
    report = Report()
    embed_text(table, columns=["title"], encoder=Recorder(), report=report).read_all()
    assert report.counts["texts cut at 10 tokens"] == 1


def test_rows_keep_their_vectors_across_windows() -> None:
    titles = ["x" * (1 + n * 7 % 50) if n % 5 else None for n in range(200)]
    table = pa.table({"id": [str(n) for n in range(200)], "title": titles})
    source = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=13))
    result = embed_text(source, columns=["title"], encoder=Recorder(), batch_size=2, into="words").read_all()
    assert matrix_of(result["words"])[0][:, 0].tolist() == [len(title or "") for title in titles]


def test_a_device_short_of_memory_gets_smaller_batches() -> None:
    table = pa.table({"id": [str(n) for n in range(40)], "title": [f"a{n}" for n in range(40)]})
    small = Recorder(holds=3)
    embed_text(table, columns=["title"], encoder=small, batch_size=8).read_all()
    assert small.sizes == [8, 4, 2]
    assert len(small.texts) == 40


def test_one_column_may_be_named_alone() -> None:
    assert texts_of(columns="title") == ["Red dress", "Blue coat"]


def test_nan_is_no_text_and_whole_floats_are_whole() -> None:
    table = pa.table({"id": ["1", "2", "3"], "year": [1999.0, float("nan"), 2000.5]})
    assert texts_of(table, columns=["year"]) == ["1999", "2000.5"]


def test_the_ids_are_not_overwritten() -> None:
    with pytest.raises(UsageError, match="item_id"):
        embed_text(ITEMS, columns=["title"], encoder=Recorder(), into="item_id")
