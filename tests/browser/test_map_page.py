"""The picture map in a real browser: dragging, zooming, searching, colours, a closer look."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.browser.conftest import CATALOGUE
from tests.browser.test_gallery_page import ENTER, ESCAPE, LEFT, colour_of, contrast, press
from visrec_cli.stages.show.picture_map import picture_map
from visrec_cli.tables.vectors import column_of

pytestmark = pytest.mark.browser
TITLES = [row["title"] for row in CATALOGUE]


def map_of(folder: Path, *, colour: str | None = "colour", **changes: object) -> str:
    """The catalogue on a map: four colours apart, six things each around them."""
    rows = [
        {**row, "image_path": str(folder / f"{row['item_id']}.png") if row is not CATALOGUE[-1] else None, **changes}
        for row in CATALOGUE
    ]
    rng = np.random.default_rng(0)
    vectors = np.eye(4, 16)[np.arange(24) // 6] + rng.normal(0, 0.1, (24, 16))
    table = pa.Table.from_pylist(rows).append_column("embedding", column_of(vectors.astype(np.float32)))
    return picture_map(table, layout="pca", colour=colour)


def state(page) -> dict[str, str]:
    """What the map says of itself, once all is drawn."""
    page.execute_async_script(
        "const done = arguments[0]; let still = 0, last = ''; const wait = () => {"
        "const now = JSON.stringify({...canvas.dataset}) + (hovered ?? '');"
        "still = now === last && levels.every(Boolean) ? still + 1 : 0; last = now;"
        "still > 5 ? done() : requestAnimationFrame(wait) }; wait();"
    )
    return page.execute_script("return {...document.getElementById('map').dataset}")


def at(page, number: int) -> tuple[float, float]:
    """Where an item is on the page."""
    state(page)
    return tuple(
        page.execute_script(
            "const b = canvas.getBoundingClientRect();"
            "return [b.left + screenX(arguments[0]), b.top + screenY(arguments[0])]",
            number,
        )
    )


def mouse(page, kind: str, x: float, y: float, **more: object) -> None:
    event = {"type": kind, "x": x, "y": y, "button": "none", **more}
    page.execute_cdp_cmd("Input.dispatchMouseEvent", event)


def test_every_item_is_drawn_and_nothing_is_requested(look, pictures) -> None:
    page = look(map_of(pictures))
    now = state(page)
    assert now["drawn"] == "24"
    assert now["level"] == "pictures"
    seen = page.execute_script(
        "const p = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;"
        "const is = (i, c) => c.every((v, k) => Math.abs(p[4 * i + k] - v) < 12);"
        "let found = 0; for (let i = 0; i < p.length / 4; i++) found += is(i, [80, 90, 160]); return found;"
    )
    assert seen > 500  # the third of six shades that the pictures have
    log = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    asked = [e["params"]["request"]["url"] for e in log if e["method"] == "Network.requestWillBeSent"]
    assert asked
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert page.get_log("browser") == []


def test_dragging_moves_the_map_and_the_wheel_zooms_where_one_points(look, pictures) -> None:
    page = look(map_of(pictures))
    before = at(page, 0)
    mouse(page, "mousePressed", 700, 700, button="left", buttons=1, clickCount=1)
    mouse(page, "mouseMoved", 640, 670, button="left", buttons=1)
    mouse(page, "mouseReleased", 640, 670, button="left", clickCount=1)
    after = at(page, 0)
    assert (after[0] - before[0], after[1] - before[1]) == pytest.approx((-60, -30), abs=1)
    mouse(page, "mouseWheel", *after, deltaX=0, deltaY=-400)
    assert float(state(page)["zoom"]) > 1.5
    assert at(page, 0) == pytest.approx(after, abs=1.5)
    press(page, "0")
    assert float(state(page)["zoom"]) == pytest.approx(1, abs=0.01)
    assert at(page, 0) == pytest.approx(before, abs=2)


def test_keys_and_buttons_do_the_same(look, pictures) -> None:
    page = look(map_of(pictures))
    page.find_element("id", "map").send_keys("+")
    near = float(state(page)["zoom"])
    assert near == pytest.approx(1.4, abs=0.01)
    before = at(page, 0)
    press(page, LEFT)
    assert at(page, 0)[0] - before[0] == pytest.approx(80, abs=1)
    page.find_element("id", "out").click()
    assert float(state(page)["zoom"]) == pytest.approx(near / 1.6, abs=0.01)
    page.find_element("id", "fit").click()
    page.find_element("id", "map").send_keys(ENTER)
    assert state(page)["selected"]
    assert page.find_element("id", "card").is_displayed()
    press(page, ESCAPE)
    assert not page.find_element("id", "card").is_displayed()


def test_two_fingers_zoom(look, pictures) -> None:
    page = look(map_of(pictures), width=414)
    state(page)
    for kind, apart in (("touchStart", 40), ("touchMove", 70), ("touchMove", 80), ("touchEnd", None)):
        points = [] if apart is None else [{"x": 200 - apart, "y": 500, "id": 0}, {"x": 200 + apart, "y": 500, "id": 1}]
        page.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    assert float(state(page)["zoom"]) == pytest.approx(2, rel=0.15)


def test_pointing_shows_the_item_and_a_click_everything_about_it(look, pictures) -> None:
    page = look(map_of(pictures))
    page.find_element("id", "in").click()
    page.execute_script("flyToItem(4)")
    mouse(page, "mouseMoved", *at(page, 4))
    tip = page.find_element("id", "tip")
    state(page)
    shown = page.execute_script("return hovered")
    assert tip.is_displayed()
    assert tip.text.split("\n") == [TITLES[shown], CATALOGUE[shown]["item_id"], CATALOGUE[shown]["colour"]]
    ink = "return [...document.querySelector('#tip canvas').getContext('2d').getImageData(70, 70, 1, 1).data]"
    assert page.execute_script(ink)[:3] == pytest.approx([40 * (shown % 6), 90, 160], abs=12)
    x, y = at(page, 4)
    mouse(page, "mousePressed", x, y, button="left", buttons=1, clickCount=1)
    mouse(page, "mouseReleased", x, y, button="left", clickCount=1)
    assert state(page)["selected"] == CATALOGUE[shown]["item_id"]
    said = page.find_element("id", "card").text
    for words in (TITLES[shown], "price", "colour", CATALOGUE[shown]["item_id"]):
        assert words in said


def test_searching_highlights_and_flies(look, pictures) -> None:
    page = look(map_of(pictures))
    press(page, "/", *"green")
    assert page.find_element("id", "count").text == "6 of 24"
    found = [e.text for e in page.find_elements("css selector", "#found button")]
    assert [text.split("  ")[0][: len("green")] for text in found] == ["green"] * 6
    press(page, ENTER)
    first = state(page)
    assert first["selected"] == next(row["item_id"] for row in CATALOGUE if row["colour"] == "green")
    middle = page.execute_script("return [screenX(selected) / wide, screenY(selected) / high]")
    assert middle == pytest.approx([0.5, 0.5], abs=0.02)
    press(page, ENTER)
    assert state(page)["selected"] != first["selected"]
    press(page, ESCAPE)
    assert page.find_element("id", "count").text == "24 items"
    press(page, "/", *"i07")  # an id
    assert page.find_element("id", "count").text == "1 of 24"
    press(page, ESCAPE, "/", *"zeppelin")
    assert page.find_element("id", "count").text == "0 of 24"
    assert page.find_element("id", "found").text == "Nothing here matches."


def test_colours_by_words_and_by_numbers(look, pictures) -> None:
    page = look(map_of(pictures))
    kinds = [e.text.split("\n") for e in page.find_elements("css selector", ".kind")]
    assert kinds == [["red", "6"], ["blue", "6"], ["green", "6"], ["black", "6"]]
    tones = page.execute_script("return [...Array(24).keys()].map((i) => toneFor(i))")
    assert len(set(tones)) == 4
    assert [tones.index(tone) // 6 for tone in tones] == [i // 6 for i in range(24)]
    page.find_elements("css selector", ".kind")[1].click()
    assert page.find_element("id", "count").text == "6 of 24"
    assert page.execute_script("return [...chosen]") == [0] * 6 + [1] * 6 + [0] * 12
    page.execute_script("const s = $('by'); s.value = 'price'; s.dispatchEvent(new Event('change'))")
    assert page.find_element("id", "ramp").is_displayed()
    prices = [row["price"] for row in CATALOGUE]
    assert page.find_element("id", "ends").text.split() == [f"{min(prices):.0f}", f"{max(prices):.0f}"]
    ends = [
        page.execute_script("return toneFor(arguments[0])", prices.index(end)) for end in (min(prices), max(prices))
    ]
    assert ends == ["rgb(68,1,84)", "rgb(253,231,37)"]


@pytest.mark.parametrize("dark", [False, True])
def test_light_and_dark_follow_the_system_and_the_button(look, pictures, dark) -> None:
    page = look(map_of(pictures), dark=dark)
    paper = colour_of(page, "body", "backgroundColor")
    assert (sum(paper) < 150) is dark
    for selector in ("h1", ".meta", "output"):
        assert contrast(colour_of(page, selector, "color"), paper) >= 4.5, selector
    before = page.execute_script("return tones[0]")
    press(page, "t")
    assert (sum(colour_of(page, "body", "backgroundColor")) < 150) is not dark
    assert page.execute_script("return tones[0]") != before


def test_a_hostile_title_is_only_text(look, pictures) -> None:
    title = "</script><script>window.hit=1</script><img src=x onerror='window.hit=1'>\"' {{7*7}} \u202e\x1b[31m"
    page = look(map_of(pictures, **{"title": title, title: title}))
    press(page, "/", *"window", ENTER)
    state(page)
    assert page.find_element("id", "card-title").text == (
        "</script><script>window.hit=1</script><img src=x onerror='window.hit=1'>\"' {{7*7}} \\u202e\\x1b[31m"
    )
    assert page.execute_script("return window.hit") is None
    assert page.execute_script("return document.scripts.length") == 2
    assert page.get_log("browser") == []


@pytest.mark.parametrize("width", [320, 414, 768, 1600])
def test_nothing_sticks_out_sideways(look, pictures, width) -> None:
    page = look(map_of(pictures, title="Donaudampfschifffahrtsgesellschaftskapitaen" * 3), width=width)
    page.find_element("id", "map").send_keys(ENTER)
    state(page)
    assert page.execute_script("return document.scrollingElement.scrollWidth") <= width
    assert page.find_element("id", "card").is_displayed()


def test_screen_readers_hear_what_is_there(look, pictures) -> None:
    page = look(map_of(pictures))
    page.execute_cdp_cmd("Accessibility.enable", {})
    nodes = page.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    page.execute_cdp_cmd("Accessibility.disable", {})
    names = [(n["role"]["value"], n.get("name", {}).get("value", "")) for n in nodes if not n["ignored"]]
    assert any(role == "application" and name.startswith("Map of 24 items") for role, name in names)
    assert all(name for role, name in names if role == "button")
    assert {"main", "search"} <= {role for role, _ in names}
