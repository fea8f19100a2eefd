"""The drawn shop: always the same, no two alike, tastes that show in the clicks, flaws where they are said to be."""

import csv
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from visrec_cli.demo.clicks import clicks, tastes
from visrec_cli.demo.colours import COLOURS, cloth
from visrec_cli.demo.folder import ALMOST_TWICE, CUT, TWICE, UNLISTED, UNSEEN, write_shop
from visrec_cli.demo.products import EACH, KINDS, items, picture


@pytest.fixture(scope="module")
def shop(tmp_path_factory, request):
    """A whole shop, of two items of each kind where the flaws need no more."""
    folder = tmp_path_factory.mktemp("shop")
    with pytest.MonkeyPatch.context() as patch:
        needed = {CUT, TWICE[0], ALMOST_TWICE[0], "lamp-001"}
        few = [item for item in items() if item.item_id in needed or item.item_id.endswith("-001")]
        patch.setattr("visrec_cli.demo.folder.items", lambda seed=0: list(few))
        write_shop(folder)
    return folder


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_ids_are_unique_and_kinds_complete():
    catalogue = items()
    assert len({item.item_id for item in catalogue}) == len(catalogue) == EACH * len(KINDS)
    assert Counter(item.category for item in catalogue) == {kind.category: EACH for kind in KINDS}


def test_the_same_seed_draws_the_same_and_another_seed_another():
    item = items()[3]
    first = np.asarray(picture(item))
    assert np.array_equal(first, np.asarray(picture(item)))
    assert not np.array_equal(first, np.asarray(picture(item, seed=1)))
    assert items() == items()
    assert items() != items(seed=1)


@pytest.mark.parametrize("category", [kind.category for kind in KINDS])
def test_the_middle_of_a_plain_thing_has_its_colour(category):
    """Cloth of the named colour covers a good part of the picture: the colour word in the title is true."""
    item = next(item for item in items() if item.category == category and item.pattern == "plain")
    pixels = np.asarray(picture(item), np.float32)
    hue = np.asarray(COLOURS[item.colour], np.float32)
    scale = (pixels @ hue) / (hue @ hue)  # light makes it darker, never another hue
    off = np.linalg.norm(pixels - scale[..., None] * hue, axis=2)
    assert ((off < 20) & (scale > 0.5) & (scale < 1.25)).mean() > 0.05


def test_patterns_differ_from_plain_cloth():
    from random import Random

    painted = {name: cloth("red", name, Random(1)).paint(64) for name in ("plain", "striped", "dotted", "checked")}
    assert painted["plain"].std(axis=(0, 1)).max() == 0
    for name in ("striped", "dotted", "checked"):
        assert painted[name].std(axis=(0, 1)).max() > 20, name


def test_people_click_what_they_like():
    catalogue = items()
    by_id = {item.item_id: item for item in catalogue}
    people = {person.user_id: person for person in tastes()}
    happened = clicks(list(people.values()), catalogue)
    liked = sum(by_id[c.item_id].category in people[c.user_id].categories for c in happened) / len(happened)
    by_chance = np.mean([len(person.categories) / len(KINDS) for person in people.values()])
    assert liked > 4 * by_chance
    assert len({(c.user_id, c.item_id) for c in happened}) == len(happened)
    assert [c.timestamp for c in happened] == sorted(c.timestamp for c in happened)


def test_the_flaws_are_there(shop):
    pictures = shop / "images"
    with Image.open(pictures / f"{CUT}.jpg") as cut, pytest.raises(OSError, match="truncated"):
        cut.load()
    assert (pictures / f"{TWICE[0]}.jpg").read_bytes() == (pictures / f"{TWICE[1]}.jpg").read_bytes()
    with Image.open(pictures / f"{ALMOST_TWICE[0]}.jpg") as one, Image.open(pictures / f"{ALMOST_TWICE[1]}.jpg") as two:
        small = [np.asarray(photo.convert("L").resize((8, 8)), np.float32) for photo in (one, two)]
    assert 0 < np.abs(small[0] - small[1]).max() < 20
    listed = {row["item_id"] for row in rows(shop / "items.csv")}
    drawn = {path.stem for path in pictures.iterdir()}
    assert listed - drawn == {UNSEEN}
    assert drawn - listed == {UNLISTED}


def test_the_lists_read_as_csv(shop):
    item = next(row for row in rows(shop / "items.csv") if row["item_id"] == "mug-001")
    assert item["category"] == "mugs"
    assert 7 <= float(item["price"]) < 25
    assert item["colour"] in item["title"].lower()
    assert set(rows(shop / "clicks.csv")[0]) == {"user_id", "item_id", "timestamp", "weight"}
    assert {row["property"] for row in rows(shop / "tastes.csv")} == {"category", "colour", "pattern"}
