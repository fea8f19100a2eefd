"""The gallery in a real browser: what people see and press."""

import io
import json

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from tests.browser.conftest import CATALOGUE
from visrec_cli.stages.show.gallery import gallery

pytestmark = pytest.mark.browser
ESCAPE, ENTER = "\ue00c", "\ue007"  # as WebDriver spells them
LEFT, UP, RIGHT, DOWN = "\ue012", "\ue013", "\ue014", "\ue015"


def items_page(folder, **changes) -> str:
    rows = [
        {**row, "image_path": str(folder / f"{row['item_id']}.png") if row is not CATALOGUE[-1] else None, **changes}
        for row in CATALOGUE
    ]
    return gallery([pa.Table.from_pylist(rows)])


def results_page(folder, **changes) -> str:
    asked = [("item", "Red dress"), ("text", "something blue"), ("image", "IMG_1.jpg")]
    rows = [
        {
            "query_id": label, "query_kind": kind, "query_label": label,
            "query_image_path": str(folder / "i00.png") if kind != "text" else None,
            **CATALOGUE[q * 8 + r], "rank": r + 1, "score": 0.9 - r / 10, "why": "picture 0.5",
            "image_path": str(folder / f"{CATALOGUE[q * 8 + r]['item_id']}.png"), **changes,
        }
        for q, (kind, label) in enumerate(asked)
        for r in range(7)
    ]  # fmt: skip
    return gallery([pa.Table.from_pylist(rows)])


def users_page(folder, **changes) -> str:
    liked = [
        {"item_id": row["item_id"], "title": row["title"], "image_path": str(folder / f"{row['item_id']}.png")}
        for row in CATALOGUE[8:18]
    ]
    rows = [
        {
            "user_id": user, "source": source, **CATALOGUE[r], "rank": r + 1, "score": 0.09 - r / 100,
            "why": "because of red mug · behaviour 0.80", "image_path": str(folder / f"{CATALOGUE[r]['item_id']}.png"),
            "history": liked if r == 0 and user == "u1" else None, **changes,
        }
        for user, source in (("u1", "als"), ("u2", "fallback: recent popularity"))
        for r in range(5)
    ]  # fmt: skip
    return gallery([pa.Table.from_pylist(rows)])


def shown(driver) -> list[str]:
    """Titles of the cards that can be seen, in order."""
    return driver.execute_script(
        "return [...document.querySelectorAll('.entry')].filter(e => e.checkVisibility()).map(e => e.dataset.title)"
    )


def press(driver, *keys: str) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    for key in keys:
        ActionChains(driver).send_keys(key).perform()


def focused(driver) -> str:
    return driver.execute_script("const e = document.activeElement.closest('.entry'); return e ? e.dataset.title : ''")


def colour_of(driver, selector: str, name: str) -> list[float]:
    """Red, green, blue (0-255) of a computed colour."""
    value = driver.execute_script(
        "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]", selector, name
    )
    return [float(part) for part in value.split("(")[1].rstrip(")").split(",")[:3]]


def contrast(one: list[float], two: list[float]) -> float:
    """Contrast ratio of two colours. Source: WCAG 2.2, relative luminance."""

    def luminance(colour: list[float]) -> float:
        parts = [c / 255 for c in colour]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(two)))
    return (light + 0.05) / (dark + 0.05)


def test_every_item_has_a_card_and_nothing_is_requested(look, pictures):
    page = look(items_page(pictures))
    assert len(shown(page)) == len(CATALOGUE)
    loaded = page.execute_script("return [...document.images].map(i => i.complete && i.naturalWidth)")
    assert loaded == [60] * (len(CATALOGUE) - 1)
    assert all(page.execute_script("return [...document.images].map(i => i.alt)"))
    log = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    asked = [e["params"]["request"]["url"] for e in log if e["method"] == "Network.requestWillBeSent"]
    assert asked
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert page.get_log("browser") == []


def test_typing_filters_and_escape_shows_everything(look, pictures):
    page = look(items_page(pictures))
    press(page, "/")
    press(page, *"red")
    assert shown(page) == [row["title"] for row in CATALOGUE if row["colour"] == "red"]
    press(page, *" MUG")
    assert shown(page) == ["red mug"]
    assert page.execute_script("return document.getElementById('count').textContent") == "1 of 24"
    press(page, ESCAPE)
    assert len(shown(page)) == len(CATALOGUE)
    press(page, "/", *"zeppelin")
    assert shown(page) == []
    assert page.execute_script("return document.getElementById('nothing').checkVisibility()")


def test_filtering_keeps_the_shelf_of_a_query_that_matches(look, pictures):
    page = look(results_page(pictures))
    assert len(shown(page)) == 21
    press(page, "/", *"something")
    assert len(shown(page)) == 7
    press(page, ESCAPE)
    press(page, "/", *"green lamp")
    assert set(shown(page)) == {"green lamp"}
    shelves = "return [...document.querySelectorAll('.shelf')].filter(s => s.checkVisibility()).length"
    assert page.execute_script(shelves) == 1


def test_sorting(look, pictures):
    page = look(items_page(pictures))
    choose = "const s = document.getElementById('sort'); s.value = arguments[0]; s.dispatchEvent(new Event('change'))"
    prices = {row["title"]: row["price"] for row in CATALOGUE}
    page.execute_script(choose, "price")
    assert [prices[title] for title in shown(page)] == sorted(prices.values())
    page.execute_script(choose, "-price")
    assert [prices[title] for title in shown(page)] == sorted(prices.values(), reverse=True)
    page.execute_script(choose, "title")
    assert shown(page) == sorted(prices)
    page.execute_script(choose, "")
    assert shown(page) == [row["title"] for row in CATALOGUE]


def test_arrow_keys_move_between_cards(look, pictures):
    page = look(items_page(pictures))
    titles = [row["title"] for row in CATALOGUE]
    press(page, RIGHT)
    assert focused(page) == titles[0]
    press(page, RIGHT, RIGHT)
    assert focused(page) == titles[2]
    press(page, LEFT)
    assert focused(page) == titles[1]
    tops = page.execute_script(
        "return [...document.querySelectorAll('.entry')].map(e => e.getBoundingClientRect().top)"
    )
    columns = sum(top == tops[0] for top in tops)
    press(page, DOWN)
    assert focused(page) == titles[1 + columns]
    press(page, UP)
    assert focused(page) == titles[1]
    outline = page.execute_script("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    assert len(page.execute_script("return [...document.querySelectorAll('.card[tabindex=\"0\"]')]")) == 1


@pytest.mark.parametrize("width", [360, 1200])
def test_the_focused_card_is_ringed_and_not_under_the_tools(look, pictures, width):
    page = look(results_page(pictures), width=width)
    press(page, *([DOWN] * 5))
    ring = colour_of(page, ".card:focus", "outlineColor")
    box = page.execute_script(
        "const b = document.activeElement.getBoundingClientRect(); return [b.left, b.top, b.right]"
    )
    left, top, right = box
    tools = page.execute_script("return document.querySelector('.tools').getBoundingClientRect().bottom")
    assert top - 5 >= tools
    pixels = np.asarray(Image.open(io.BytesIO(page.get_screenshot_as_png())).convert("RGB"), float)
    row = pixels[round(top) - 5 : round(top), round(left) + 15 : round(right) - 15]
    assert (np.abs(row - ring).max(axis=2) < 30).any(axis=0).all()  # an unbroken line above the card


def test_the_detail_of_a_phone_begins_with_the_picture(look, pictures):
    page = look(items_page(pictures, **{f"more_{i}": "words" for i in range(30)}), width=360, height=640)
    page.find_elements("css selector", ".card")[3].click()
    assert page.execute_script("return document.getElementById('detail').scrollTop") == 0
    picture = page.execute_script("return document.getElementById('detail-picture').getBoundingClientRect().top")
    assert 0 <= picture < 100
    close = page.execute_script("return document.getElementById('close').getBoundingClientRect().bottom")
    assert close <= 640


def test_enter_opens_the_detail_and_escape_closes_it(look, pictures):
    page = look(results_page(pictures))
    press(page, RIGHT, RIGHT, ENTER)
    text = "const d = document.getElementById('detail'); return d.open ? d.innerText : ''"
    said = page.execute_script(text)
    assert CATALOGUE[1]["title"] in said
    assert "rank 2, score 0.80" in said
    assert "i01" in said
    press(page, RIGHT)
    assert CATALOGUE[2]["title"] in page.execute_script(text)
    press(page, ESCAPE)
    assert page.execute_script(text) == ""
    assert focused(page) == CATALOGUE[2]["title"]
    press(page, "?")
    assert page.execute_script("return document.getElementById('keys').open")


def test_a_click_opens_the_detail(look, pictures):
    page = look(items_page(pictures))
    page.find_elements("css selector", ".card")[4].click()
    assert page.execute_script("return document.getElementById('detail-title').textContent") == CATALOGUE[4]["title"]
    page.find_element("id", "close").click()
    assert not page.execute_script("return document.getElementById('detail').open")


@pytest.mark.parametrize("dark", [False, True])
def test_light_and_dark_follow_the_system_and_the_button(look, pictures, dark):
    page = look(results_page(pictures), dark=dark)
    paper = colour_of(page, "body", "backgroundColor")
    assert (sum(paper) < 150) is dark
    for selector in ("h1", ".meta", ".asked", ".title", ".why", ".score"):
        assert contrast(colour_of(page, selector, "color"), paper) >= 4.5, selector
    page.find_element("id", "theme").click()
    assert (sum(colour_of(page, "body", "backgroundColor")) < 150) is not dark
    press(page, "t")
    assert colour_of(page, "body", "backgroundColor") == paper


@pytest.mark.parametrize("width", [320, 360, 414, 768, 1600])
@pytest.mark.parametrize("draw", [items_page, results_page, users_page])
def test_nothing_sticks_out_sideways(look, pictures, draw, width):
    page = look(draw(pictures, title="Donaudampfschifffahrtsgesellschaftskapitaen" * 3), width=width)
    assert page.execute_script("return document.scrollingElement.scrollWidth") <= width
    page.find_elements("css selector", ".card")[0].click()
    wide = page.execute_script("const d = document.getElementById('detail'); return [d.scrollWidth, d.clientWidth]")
    assert wide[0] <= wide[1]


def test_a_hostile_title_is_only_text(look, pictures):
    title = "</script><script>window.hit=1</script><img src=x onerror='window.hit=1'>\"' {{7*7}}"
    for draw in (items_page, results_page):
        page = look(draw(pictures, title=title, why=title, colour=title))
        assert set(shown(page)) == {title}
        page.find_elements("css selector", ".card")[0].click()
        assert page.execute_script("return document.getElementById('detail-title').textContent") == title
        assert page.execute_script("return window.hit") is None
        assert page.execute_script("return document.scripts.length") == 1
        assert page.get_log("browser") == []


def test_foreign_script_in_the_page_would_not_run(look, pictures):
    """The second lock: even if escaping failed, the policy in the page stops the script."""
    page = look(items_page(pictures).replace("<main", "<script>window.hit=1</script><main"))
    assert page.execute_script("return window.hit") is None
    assert len(shown(page)) == len(CATALOGUE)


def test_without_its_script_everything_is_still_there(look, pictures):
    page = look(results_page(pictures).replace("<script>", "<script>never "))
    assert len(shown(page)) == 21


def test_print_leaves_the_tools_out(look, pictures):
    page = look(results_page(pictures))
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not page.find_element("css selector", ".tools").is_displayed()
    assert page.find_element("css selector", ".card").is_displayed()
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_screen_readers_hear_what_is_seen(look, pictures):
    page = look(results_page(pictures))
    page.execute_cdp_cmd("Accessibility.enable", {})
    nodes = page.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    names = [(n["role"]["value"], n.get("name", {}).get("value", "")) for n in nodes if not n["ignored"]]
    page.execute_cdp_cmd("Accessibility.disable", {})
    buttons = [name for role, name in names if role == "button"]
    assert all(buttons)
    card = next(name for name in buttons if CATALOGUE[0]["title"] in name)
    assert "rank 1" in card
    assert "score 0.90" in card
    headings = [name for role, name in names if role == "heading"]
    assert headings == ["Recommendations", "Red dress", "“something blue”", "IMG_1.jpg"]
    assert {"main", "search"} <= {role for role, _ in names}


@pytest.mark.parametrize("width", [360, 1200])
@pytest.mark.parametrize("dark", [False, True])
def test_what_a_user_liked_is_seen_beside_what_they_are_offered(look, pictures, width, dark):
    page = look(users_page(pictures), width=width, dark=dark)
    assert len(shown(page)) == 10
    strip = page.execute_script(
        "return [...document.querySelectorAll('.before img')].map(i => "
        "[i.alt, i.naturalWidth, i.getBoundingClientRect().width, i.getBoundingClientRect().right])"
    )
    assert [name for name, *_ in strip] == [row["title"] for row in CATALOGUE[8:18]]
    assert all(natural == 60 and 40 <= wide <= 80 and right <= width for _, natural, wide, right in strip)
    assert len(page.find_elements("css selector", ".before")) == 1
    assert page.find_element("css selector", ".note").text == "fallback: recent popularity"
    paper = colour_of(page, "body", "backgroundColor")
    for selector in (".before h3", ".note"):
        assert contrast(colour_of(page, selector, "color"), paper) >= 4.5, selector
    headings = page.execute_script("return [...document.querySelectorAll('h1,h2,h3')].map(h => h.innerText)")
    assert headings[:4] == ["Recommendations", "u1", "Liked before", "u2"]


def test_hostile_histories_are_only_text(look, pictures):
    title = "</script><img src=x onerror='window.hit=1'>"
    history = [{"item_id": title, "title": title, "image_path": None}]
    page = look(users_page(pictures, history=history, source=title))
    assert page.execute_script("return window.hit") is None
    assert page.get_log("browser") == []
