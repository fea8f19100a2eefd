"""The documentation says what the program does."""

import re
import shlex

import pytest

from tests.conftest import ROOT
from tests.docs import errors
from tests.docs.reference import PAGES, page
from visrec_cli.app import VERBS

MARKDOWN = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("verb", VERBS)
def test_the_reference_page_is_what_help_says(verb: str) -> None:
    assert (PAGES / f"{verb}.md").read_text() == page(verb), "run: make docs"


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
    assert errors.PAGE.read_text() == errors.page(), "run: make docs"
