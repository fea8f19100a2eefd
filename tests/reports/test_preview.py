"""A preview shows what is there, and nothing in the data can steer it."""

import io

import pyarrow as pa
import pytest
from rich.console import Console

from visrec_cli.reports.cells import byte_size, cell, number
from visrec_cli.reports.preview import preview
from visrec_cli.runtime.display import printable


def shown(table: pa.Table, *, total: int | None = None, width: int = 80, hint: str = "") -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    preview(table, total=total, console=console, hint=hint)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_rows_and_hint_are_shown():
    text = shown(pa.table({"item_id": ["a", "b"], "price": [1.5, None]}), total=7, hint="keep it with -o x.arrow")
    assert "item_id" in text
    assert "1.500" in text
    assert "·" in text
    assert "2 of 7 rows" in text
    assert text.rstrip().endswith("keep it with -o x.arrow")


@pytest.mark.parametrize("name", ["a[/b].jpg", "[id]", "[bold red]x[/]", "\\[x]", "[link=file:///etc]y"])
def test_markup_in_names_and_values_is_shown_as_it_is(name):
    text = shown(pa.table({name: [name]}))
    assert text.count(name) == 2


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("photo\u202egpj.exe", "photo\\u202egpj.exe"),
        ("two\nlines", "two\\nlines"),
        ("\u2066x", "\\u2066x"),
        ("a\x9bb", "a\\x9bb"),
    ],
)
def test_controls_are_written_out(text, escaped):
    assert printable(text) == escaped
    assert escaped in shown(pa.table({"title": [text]}))


def test_letters_of_any_script_stay():
    for text in ("Kleid, grün", "赤いドレス", "فستان أحمر", "👩\u200d🚀"):
        assert printable(text) == text


def test_columns_that_do_not_fit_are_named():
    text = shown(pa.table({f"column_{i}": ["some words here"] for i in range(9)}), width=40)
    assert "not shown: column_2, column_3" in text
    assert all(len(line) <= 40 for line in text.splitlines() if "not shown" not in line)


@pytest.mark.parametrize("width", range(20, 60))
def test_what_is_shown_is_shown_whole(width):
    table = pa.table({f"name_{i}": ["x" * (5 + i)] for i in range(8)})
    text = shown(table, width=width)
    named = text.split("not shown: ")[1].split(", ") if "not shown" in text else []
    assert text.splitlines()[0].split() == [name for name in table.column_names if name not in "".join(named)]
    assert "…" not in text


def test_wide_characters_count_twice():
    table = pa.table({"title": ["赤" * 12], "next": ["x" * 20]})  # 24 + 2 + 20 cells
    assert "not shown: next" in shown(table, width=45)
    assert "not shown" not in shown(table, width=46)


def test_embeddings_pictures_and_labels_are_short():
    vectors = pa.array([[0.25, -0.5, 1.0]], pa.list_(pa.float32(), 3))
    labels = pa.array([[{"label": "mug", "score": 0.5}]])
    text = shown(pa.table({"embedding": vectors, "image": [b"x" * 2000], "labels": labels}), width=120)
    assert "[0.250, -0.500, … 3]" in text
    assert "<2.0 kB>" in text
    assert "mug 0.500" in text


def test_an_empty_table_says_so():
    assert "0 rows" in shown(pa.table({"item_id": pa.array([], pa.string())}), total=0)


@pytest.mark.parametrize(
    ("value", "text"), [(0.5, "0.500"), (12.0, "12.0"), (1234.5, "1234"), (1e-7, "1e-07"), (float("nan"), "nan")]
)
def test_numbers_are_short(value, text):
    assert number(value) == text


def test_null_and_sizes():
    assert cell(pa.scalar(None, pa.string())) == "·"
    assert cell(pa.scalar(True)) == "yes"
    assert [byte_size(n) for n in (812, 18_200_000)] == ["812 B", "18.2 MB"]


def test_lists_of_bytes_and_pixels_are_no_numbers() -> None:
    pairs = pa.array([[b"ab", b"c"], None], pa.list_(pa.binary(), 2))
    assert [cell(one) for one in pairs] == ["<2 B>, <1 B>", "·"]
    storage = pa.array([[0] * 12], pa.list_(pa.uint8(), 12))
    pixels = pa.ExtensionArray.from_storage(pa.fixed_shape_tensor(pa.uint8(), [2, 2, 3]), storage)
    assert cell(pixels[0]) == "<2 x 2 x 3 pixels>"
