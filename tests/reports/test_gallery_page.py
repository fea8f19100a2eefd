"""The page without a browser: what is in it, what is escaped, and that the same cards give the same bytes."""

import re

import pytest
from PIL import Image

from visrec_cli.reports.gallery_items import GalleryItem, card, result_row
from visrec_cli.reports.gallery_page import GalleryPage, items_page, recommendations_page
from visrec_cli.reports.thumbnails import SIDE, thumbnail

HOSTILE = [
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; alert(1) //",
    "{{ 7*7 }}",
    "a\u202eb",
]


def page(*cards: GalleryItem) -> str:
    return items_page(GalleryPage("Things"), cards)


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_of_the_table_never_become_markup(text):
    row = {"item_id": text, "title": text, "why": text, text: text, "labels": [text], "flags": [text], "price": 1.0}
    html = page(card(row, None, shown=[text, "price"], missing=text))
    assert html.count("<script>") == 1
    assert "<img src=x" not in html
    assert "49" not in re.sub(r"<(style|script)>.*?</\1>", "", html, flags=re.S)
    assert "\u202e" not in html
    shelves = recommendations_page(GalleryPage(text), [result_row([row | {"query_label": text}], [None], None, [])])
    assert shelves.count("<script>") == 1


def test_nothing_comes_from_outside():
    html = page(card({"item_id": "a"}, thumbnail(Image.new("RGB", (20, 20)))))
    assert "default-src 'none'" in html
    assert not re.search(r"(src|href)=\"(?!data:|#)", html)
    assert not re.search(r"@import|url\(", html)


def test_the_same_cards_give_the_same_bytes():
    def draw() -> str:
        return page(card({"item_id": "a", "title": "A"}, thumbnail(Image.radial_gradient("L").convert("RGB"))))

    assert draw() == draw()


def test_thumbnails_fit_and_keep_their_shape():
    wide = thumbnail(Image.new("RGB", (2000, 1000)))
    assert (wide.width, wide.height) == (SIDE, SIDE // 2)
    assert thumbnail(Image.new("RGB", (30, 20))).width == 30


def test_frames_follow_the_pictures():
    poster = thumbnail(Image.new("RGB", (200, 280)))
    assert "--aspect:0.71" in page(card({"item_id": "a"}, poster))
    assert "--aspect:1.000" in page(card({"item_id": "a"}, None))


def test_pictures_of_nearly_the_frames_shape_fill_it():
    square, nearly, wide = (thumbnail(Image.new("RGB", size)) for size in ((200, 200), (200, 190), (200, 150)))
    html = page(*(card({"item_id": "a"}, picture) for picture in (square, square, nearly, wide)))
    assert html.count('<img class="fill"') == 3
    assert html.count("<img") == 4


def test_a_card_says_what_the_row_says():
    row = {
        "item_id": "d1",
        "name": "Red dress",
        "price": 1234.5,
        "colour": "red",
        "labels": [{"label": "gown", "score": 0.617}, {"label": "hoopskirt", "score": 0.2}],
        "duplicate_of": "d0",
        "duplicate_kind": "exact",
        "stock": None,
        "sharpness": float("nan"),
    }
    one = card(row, None, shown=["price"])
    assert one.title == "Red dress"
    assert one.on_card == (("price", "1,234.50"),)
    assert one.label == "gown 62%"
    assert one.badges == ("same picture as d0",)
    facts = dict(one.facts)
    assert facts["recognised as"] == "gown 62%, hoopskirt 20%"
    assert "stock" not in facts
    assert card({"labels": [{"label": "spatula", "score": 0.13}]}, None).label == ""
    assert one.values == {"price": 1234.5}


def test_results_stand_by_rank_and_fill_their_bars():
    rows = [
        {"query_id": "q", "query_kind": "text", "query_label": "red dress", "item_id": i, "rank": r, "score": s}
        for i, r, s in (("b", 2, 0.5), ("a", 1, 0.75), ("c", 3, -0.1))
    ]
    one = result_row(rows, [None] * 3, None, [])
    assert [c.item_id for c in one.cards] == ["a", "b", "c"]
    assert [c.share for c in one.cards] == [0.75, 0.5, 0.0]
    assert (one.asked, one.label, one.written) == ("Matches", "red dress", True)
    large = result_row([row | {"score": row["score"] * 10} for row in rows], [None] * 3, None, [])
    assert large.cards[0].share == 1.0


def test_recommendations_for_users_are_shelves_too():
    one = result_row([{"user_id": "u7", "item_id": "a", "rank": 1}], [None], None, [])
    assert (one.asked, one.label) == ("For", "u7")
    assert one.cards[0].share is None


def test_what_a_user_liked_stands_beside_what_they_are_offered():
    rows = [{"user_id": "u7", "item_id": "a", "rank": 1, "score": 0.02, "source": "als", "history": [{"item_id": "z"}]}]
    before = [({"item_id": "z", "title": "A <b>"}, thumbnail(Image.new("RGB", (20, 20)))), ({"item_id": "y"}, None)]
    one = result_row(rows, [None], None, [], before)
    assert [(c.title, c.thumbnail is None) for c in one.before] == [("A <b>", False), ("y", True)]
    assert one.cards[0].share == 1.0  # a model's scores have no scale
    assert "history" not in dict(one.cards[0].facts)
    html = recommendations_page(GalleryPage("For you"), [one])
    assert "Liked before" in html
    assert 'alt="A &lt;b&gt;"' in html
    assert html.count("<img") == 1


def test_a_fallback_is_marked_and_a_user_without_a_picture_has_no_empty_frame():
    rows = [{"user_id": "u7", "item_id": "a", "rank": 1, "score": 9.0, "source": "fallback: recent popularity"}]
    one = result_row(rows, [None], None, [])
    assert one.note == "fallback: recent popularity"
    html = recommendations_page(GalleryPage("For you"), [one])
    assert "Liked before" not in html
    assert html.count('aria-label="u7, no picture"') == 0
    assert "fallback: recent popularity" in html
    assert result_row([rows[0] | {"source": "als"}], [None], None, []).note == ""
