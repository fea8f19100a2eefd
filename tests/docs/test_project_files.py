"""The changelog has one form, the citation and the templates can be read by those who read them."""

import re
from collections import Counter

import yaml

from tests.conftest import ROOT
from visrec_cli import __version__

KINDS = ["Added", "Changed", "Fixed", "Removed", "Security"]


def test_the_changelog_keeps_its_form() -> None:
    """Merged by union: a branch from before a rewrite brings old lines and headings back, which this finds."""
    lines = (ROOT / "CHANGELOG.md").read_text().splitlines()
    assert [line for line in lines if line.startswith("# ")] == ["# Changelog"]
    sections = re.split(r"^## ", "\n".join(lines), flags=re.MULTILINE)[1:]
    assert sections[0].startswith("Unreleased\n")
    for section in sections:
        kinds = re.findall(r"^### (.*)$", section, flags=re.MULTILINE)
        assert kinds == [kind for kind in KINDS if kind in kinds]
    assert [line for line, n in Counter(filter(None, lines)).items() if n > 1 and not line.startswith("###")] == []
    assert [line for line in lines if line and not line.startswith(("#", "- ", "  "))] == lines[2:4], (
        "lines of no entry"
    )


def test_the_citation_names_this_release() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert cited["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(cited), "what the format requires"
    assert cited["version"] == __version__
    assert cited["authors"] == [{"name": "The visrec authors"}]
    assert cited["type"] == "software"


def test_the_forms_for_issues_can_be_read() -> None:
    forms = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
    assert [path.name for path in forms] == ["bug.yml", "config.yml", "feature.yml"]
    for path in forms:
        form = yaml.safe_load(path.read_text())
        if path.name == "config.yml":
            continue
        assert {"name", "description", "body"} <= set(form)
        ids = [field["id"] for field in form["body"]]
        assert len(set(ids)) == len(ids)
        assert all(field["attributes"]["label"] for field in form["body"])


def test_only_addresses_of_the_project_that_it_has_itself() -> None:
    known = (ROOT / "pyproject.toml").read_text() + (ROOT / "visrec_cli" / "app.py").read_text()
    files = [ROOT / "SECURITY.md", ROOT / "CITATION.cff", *(ROOT / ".github").rglob("*.*")]
    for path in (path for path in files if path.is_file()):
        for address in re.findall(r"https://github.com/[^\s)>\"]+", path.read_text()):
            assert address in known, (path.name, address)
