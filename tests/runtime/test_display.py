import pytest

from visrec_cli.runtime.display import counted, printable, sized


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


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (99_949, "99.9 kB"),
        (99_950, "100 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (2_460_000_000, "2.5 GB"),
        (5 * 10**15, "5000 TB"),
    ],
)
def test_sized(n: int, said: str) -> None:
    assert sized(n) == said


@pytest.mark.parametrize("hostile", ["\x1b[2J", "a\rb", "\u202egpj.exe", "\udcff", "\x07", "\x9b1m"])
def test_control_characters_are_shown_and_not_obeyed(hostile: str) -> None:
    shown = printable(hostile)
    assert shown.isprintable()
    assert "\\" in shown


def test_ordinary_names_stay_as_they_are() -> None:
    assert printable("Kleid 👗 [rot] a[/b].jpg") == "Kleid 👗 [rot] a[/b].jpg"
