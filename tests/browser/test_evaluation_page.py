"""The report of an evaluation in a real browser, light and dark, wide and narrow."""

import json

import pytest
from PIL import Image

from tests.browser.test_gallery_page import colour_of, contrast
from tests.reports.evaluations import HOSTILE, told
from visrec_cli.reports.evaluation_page import Tile, WorstUser, evaluation_page
from visrec_cli.reports.thumbnails import thumbnail

pytestmark = pytest.mark.browser
WIDE_WORD = "Donaudampfschifffahrtsgesellschaftskapitaen" * 3


def page(words: str = "als beats popularity", **changes: object) -> str:
    picture = thumbnail(Image.new("RGB", (60, 80), (40, 90, 160)))
    liked = (Tile(words, picture, True), Tile("red dress", None, False))
    worst = (
        WorstUser("user 7", "0.000", liked, (Tile("blue mug", picture, False),) * 12, "and 3 more to find"),
        WorstUser(words, "0.100", liked, ()),
    )
    one = told(words=words, **changes)
    return evaluation_page(one, worst, run="als", metric="ndcg@10")


def visible(driver) -> str:
    return driver.execute_script("return document.body.innerText")


def test_everything_is_told_and_nothing_is_requested(look) -> None:
    driver = look(page())
    headings = driver.execute_script("return [...document.querySelectorAll('h1,h2')].map(h => h.innerText)")
    assert headings == [
        "Evaluation", "Gates", "Numbers", "Significant differences", "Notes on these numbers",
        "By length of the list", "By slice", "Lowest-scoring users of als", "Data and settings",
    ]  # fmt: skip
    text = visible(driver)
    for words in ("0.3050", "0.2800 – 0.3500", "items: cold", "and 3 more to find", "nothing", "90 users"):
        assert words in text, words
    loaded = driver.execute_script("return [...document.images].map(i => i.complete && i.naturalWidth)")
    assert loaded == [60] * 14
    log = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    asked = [e["params"]["request"]["url"] for e in log if e["method"] == "Network.requestWillBeSent"]
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert driver.get_log("browser") == []


@pytest.mark.parametrize("dark", [False, True])
def test_light_and_dark_follow_the_system(look, dark) -> None:
    driver = look(page(), dark=dark)
    paper = colour_of(driver, "body", "backgroundColor")
    assert (sum(paper) < 150) is dark
    for selector in ("h1", "h2", ".meta", "td", ".interval", "dt", "dd", ".words li", ".passed", ".mark", "th"):
        assert contrast(colour_of(driver, selector, "color"), paper) >= 4.5, selector
    failed = [colour_of(driver, ".failed", name) for name in ("color", "backgroundColor")]
    assert contrast(*failed) >= 4.5
    for selector in ("figure text", "figure path[style*='--s0']", "figure path[style*='--s1']"):
        name = "fill" if "text" in selector else "stroke"
        assert contrast(colour_of(driver, selector, name), paper) >= 3, selector  # the drawing follows, too


@pytest.mark.parametrize("width", [320, 414, 768, 1600])
def test_nothing_sticks_out_sideways(look, width) -> None:
    for html in (page(), page(WIDE_WORD, runs={WIDE_WORD: 0.3, "b": 0.1})):
        driver = look(html, width=width)
        assert driver.execute_script("return document.scrollingElement.scrollWidth") <= width
        driver.execute_script("document.querySelectorAll('details').forEach(d => { d.open = true })")
        assert driver.execute_script("return document.scrollingElement.scrollWidth") <= width


def test_the_interval_of_a_number_is_drawn_where_it_is(look) -> None:
    """popularity's ndcg@5 is 0.105 (0.08 to 0.15), on a scale from 0.08 to 0.35."""
    driver = look(page())
    boxes = driver.execute_script(
        "const td = document.querySelectorAll('tbody tr')[1].querySelector('td');"
        "return ['.range', '.range i', '.range b'].map(s => { const b = td.querySelector(s).getBoundingClientRect();"
        "return [b.left, b.right] })"
    )
    (left, right), (low, high), (dot_left, dot_right) = boxes
    share = [(at - left) / (right - left) for at in (low, high, (dot_left + dot_right) / 2)]
    assert share == pytest.approx([0, 0.07 / 0.27, 0.025 / 0.27], abs=0.01)


def test_what_was_found_is_ringed(look) -> None:
    driver = look(page())
    styles = driver.execute_script(
        "return [...document.querySelectorAll('.user')[0].querySelectorAll('li .frame')]"
        ".map(f => getComputedStyle(f).outlineStyle)"
    )
    assert styles[:3] == ["solid", "none", "none"]


def test_hostile_names_are_only_text(look) -> None:
    driver = look(page(HOSTILE, runs={HOSTILE: 0.3, "b": 0.1}))
    assert driver.execute_script("return window.hit") is None
    assert driver.execute_script("return document.scripts.length") == 0
    assert "window.hit=1" in visible(driver)
    assert driver.get_log("browser") == []


def test_foreign_script_in_the_page_would_not_run(look) -> None:
    driver = look(page().replace("<main", "<script>window.hit=1</script><main"))
    assert driver.execute_script("return window.hit") is None


def test_the_tables_can_be_read_aloud(look) -> None:
    driver = look(page())
    driver.execute_cdp_cmd("Accessibility.enable", {})
    nodes = driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    driver.execute_cdp_cmd("Accessibility.disable", {})
    names = [(n["role"]["value"], n.get("name", {}).get("value", "")) for n in nodes if not n["ignored"]]
    assert ("rowheader", "als") in names
    assert ("columnheader", "ndcg@10") in names
    assert any(role == "image" and "of 2 runs" in name for role, name in names)
    assert any("(best)" in name for _, name in names)


def test_the_name_of_a_row_stays_when_the_numbers_are_scrolled(look) -> None:
    driver = look(page(), width=320)
    left = (
        "document.querySelector('.scroll').scrollLeft = arguments[0];"
        "return document.querySelector('tbody th').getBoundingClientRect().left"
    )
    assert driver.execute_script(left, 200) == pytest.approx(driver.execute_script(left, 0), abs=4)
