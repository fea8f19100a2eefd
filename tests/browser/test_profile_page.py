"""A profile in a real browser, light and dark, wide and narrow."""

import json

import pytest
from PIL import Image

from tests.browser.test_gallery_page import colour_of, contrast
from visrec_cli.reports.profile_page import CategoryShare, Looks, Profile, ProfilePicture, profile_page
from visrec_cli.reports.thumbnails import thumbnail

pytestmark = pytest.mark.browser
HOSTILE = "</h2><script>window.hit=1</script><img src=x onerror='window.hit=1'>"


def page(words: str = "Red dress") -> str:
    shown = thumbnail(Image.new("RGB", (60, 80), (40, 90, 160)))
    pictures = (ProfilePicture(words, shown), ProfilePicture("boot", None), *[ProfilePicture("hat", shown)] * 5)
    kinds = (
        CategoryShare(words, 12, 0.5, 0.1, "5.0 ×", "more", "20% → 80%", "rose"),
        CategoryShare("boots", 1, 0.04, 0.3, "0.1 ×", "less", "", None),
    )
    latest = (ProfilePicture(words, shown, "2025-01-02"), ProfilePicture("hat", None, "2025-01-01"))
    one = Profile(
        f"User {words}", ("24 liked items",), (Looks(pictures, ("24 items", words), 17),), kinds, 3, (words,), latest,
        (f"{words}: too few",),
    )  # fmt: skip
    return profile_page([one, one], title=words, meta=("some", words))


@pytest.mark.parametrize("dark", [False, True])
def test_everything_is_told_in_light_and_dark_and_nothing_is_requested(look, dark) -> None:
    driver = look(page(), dark=dark)
    text = driver.execute_script("return document.body.innerText")
    for words in ("User Red dress", "+ 17", "5.0 ×", "20% → 80%", "2025-01-02", "and 3 more", "too few"):
        assert words in text, words
    paper = colour_of(driver, "body", "backgroundColor")
    assert (sum(paper) < 150) is dark
    for selector in ("h1", "h3", ".meta", "td", "td.more", "td.less", "td.rose", ".words li", ".key"):
        assert contrast(colour_of(driver, selector, "color"), paper) >= 4.5, selector
    log = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    asked = [e["params"]["request"]["url"] for e in log if e["method"] == "Network.requestWillBeSent"]
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert driver.get_log("browser") == []


def test_bars_are_as_long_as_the_shares(look) -> None:
    driver = look(page())
    boxes = driver.execute_script(
        "const bar = document.querySelector('.bar'); const b = (e) => e.getBoundingClientRect();"
        "return [b(bar).width, b(bar.querySelector('i')).width, b(bar.querySelector('b')).left - b(bar).left]"
    )
    assert boxes[1] / boxes[0] == pytest.approx(1, abs=0.01)
    assert boxes[2] / boxes[0] == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize("width", [320, 414, 768, 1600])
def test_nothing_sticks_out_sideways(look, width) -> None:
    for words in ("Red dress", "Donaudampfschifffahrtsgesellschaftskapitaen" * 3):
        driver = look(page(words), width=width)
        assert driver.execute_script("return document.scrollingElement.scrollWidth") <= width


def test_hostile_names_are_only_text(look) -> None:
    driver = look(page(HOSTILE))
    assert driver.execute_script("return window.hit") is None
    assert driver.execute_script("return document.scripts.length") == 0
    assert "window.hit=1" in driver.execute_script("return document.body.innerText")
