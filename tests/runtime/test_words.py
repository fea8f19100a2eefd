import pytest

from visrec_cli.runtime.words import counted, printable


@pytest.mark.parametrize(
    ("n", "noun", "said"),
    [
        (0, "pictures", "0 pictures"),
        (1, "pictures", "1 picture"),
        (1, "near duplicates", "1 near duplicate"),
        (1, "queries", "1 query"),
        (1, "items without text_embeddings", "1 item without text_embeddings"),
        (12345, "items", "12,345 items"),
    ],
)
def test_counted(n: int, noun: str, said: str) -> None:
    assert counted(n, noun) == said


@pytest.mark.parametrize("hostile", ["\x1b[2J", "a\rb", "\u202egpj.exe", "\udcff", "\x07", "\x9b1m"])
def test_control_characters_are_shown_and_not_obeyed(hostile: str) -> None:
    shown = printable(hostile)
    assert shown.isprintable()
    assert "\\" in shown


def test_ordinary_names_stay_as_they_are() -> None:
    assert printable("Kleid 👗 [rot] a[/b].jpg") == "Kleid 👗 [rot] a[/b].jpg"
