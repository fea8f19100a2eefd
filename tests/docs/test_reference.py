"""The documentation says what the program does."""

import difflib
import re
import shlex

import pytest

from tests.conftest import ROOT
from tests.docs import errors
from tests.docs.reference import PAGES, page
from visrec_cli.app import VERBS

MARKDOWN = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def words(text: str) -> list[str]:
    """The words alone: another release of the library wraps lines and names types in its own way."""
    return re.sub(r"<[^>]*>", "", text).split()


@pytest.mark.parametrize("verb", VERBS)
def test_the_reference_page_is_what_help_says(verb: str) -> None:
    assert words((PAGES / f"{verb}.md").read_text()) == words(page(verb)), "run: make docs"


def test_every_page_has_a_verb() -> None:
    assert sorted(path.stem for path in PAGES.glob("*.md")) == sorted(VERBS)


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text()):
        if "://" not in target:
            assert (path.parent / target).exists(), target


def commands(text: str) -> list[list[str]]:
    """Every `visrec …` command line in console blocks and help examples, split at pipes."""
    lines = [line.strip().removeprefix("$ ") for line in text.splitlines() if re.match(r"\s*(\$ )?visrec [a-z]", line)]
    parts = [part.strip() for line in lines for part in re.split(r"\s\|\s|\s&&\s", line)]
    return [shlex.split(part.rstrip("\\")) for part in parts if part.startswith("visrec ")]


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_options_in_documented_commands_exist(path) -> None:
    for _, verb, *words in commands(path.read_text()):
        if verb.startswith("-") or verb not in VERBS:
            continue
        known = (PAGES / f"{verb}.md").read_text()
        for word in words:
            option = word.split("=")[0]
            if option.startswith("-") and option != "-":
                assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", known), f"{verb} has no {option}"


def test_the_page_of_messages_is_what_is_said() -> None:
    """Mistakes, commands and exit codes to the letter; messages up to what libraries put into them."""
    written, made = (text.splitlines() for text in (errors.PAGE.read_text(), errors.page()))
    assert len(written) == len(made), "run: make docs"
    for old, new in zip(written, made, strict=True):
        *facts, said = old.split(" | ")
        *facts_now, said_now = new.split(" | ")
        assert facts == facts_now, "run: make docs"
        assert difflib.SequenceMatcher(None, said, said_now).ratio() > 0.8, f"run: make docs\n{said}\n{said_now}"
