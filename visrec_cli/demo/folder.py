"""The shop as files: pictures, items.csv, clicks.csv, tastes.csv, with the flaws that real folders have."""

import csv
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image

from visrec_cli.demo.clicks import clicks, tastes
from visrec_cli.demo.products import Item, items, picture

QUALITY = 90  # of the JPEG files
CUT = "hat-013"  # its file ends in the middle, as after a broken upload
TWICE = ("mug-004", "mug-021")  # the same file under a second id
ALMOST_TWICE = ("dress-006", "dress-021")  # the same photo, smaller
UNSEEN = "lamp-021"  # in the list, but nobody took its picture
UNLISTED = "IMG_2041"  # a customer's snapshot that belongs to no item
_SNAPSHOT = Item(UNLISTED, "", "", "sneakers", "red", "dotted", 0)


def write_shop(folder: Path, *, seed: int = 0, drawn: Callable[[int], None] = lambda n: None) -> int:
    """Draw everything into ``folder`` (made if need be) and return the number of items in items.csv.

    drawn is called with 1 after each picture.
    """
    pictures = folder / "images"
    pictures.mkdir(parents=True, exist_ok=True)
    shop = items(seed)
    for item in shop:
        picture(item, seed).save(pictures / f"{item.item_id}.jpg", quality=QUALITY)
        drawn(1)
    people = tastes(seed=seed)
    happened = clicks(people, shop, seed)
    shop += _flaws(pictures, {item.item_id: item for item in shop})
    _write(folder / "items.csv", _ITEM_HEADER, map(_item_row, sorted(shop, key=lambda item: item.item_id)))
    header = ("user_id", "item_id", "timestamp", "weight")
    _write(folder / "clicks.csv", header, ((c.user_id, c.item_id, c.timestamp, c.weight) for c in happened))
    liked = (
        (person.user_id, name, value)
        for person in people
        for name, values in (("category", person.categories), ("colour", person.colours), ("pattern", person.patterns))
        for value in values
    )
    _write(folder / "tastes.csv", ("user_id", "property", "liked"), liked)
    return len(shop)


_ITEM_HEADER = ("item_id", "title", "description", "category", "colour", "pattern", "price")


def _item_row(item: Item) -> tuple[str, ...]:
    price = f"{item.price // 100}.{item.price % 100:02d}"
    return (item.item_id, item.title, item.description, item.category, item.colour, item.pattern, price)


def _flaws(pictures: Path, by_id: dict[str, Item]) -> list[Item]:
    """Spoil a few pictures as real folders are spoiled; the items that come on top of the drawn ones."""
    whole = (pictures / f"{CUT}.jpg").read_bytes()
    (pictures / f"{CUT}.jpg").write_bytes(whole[: len(whole) * 2 // 5])
    shutil.copyfile(pictures / f"{TWICE[0]}.jpg", pictures / f"{TWICE[1]}.jpg")
    with Image.open(pictures / f"{ALMOST_TWICE[0]}.jpg") as photo:
        smaller = photo.resize((256, 256), Image.Resampling.LANCZOS)
    smaller.save(pictures / f"{ALMOST_TWICE[1]}.jpg", quality=75)
    picture(_SNAPSHOT).save(pictures / f"{UNLISTED}.jpg", quality=QUALITY)
    return [
        replace(by_id[TWICE[0]], item_id=TWICE[1]),
        replace(by_id[ALMOST_TWICE[0]], item_id=ALMOST_TWICE[1]),
        replace(by_id["lamp-001"], item_id=UNSEEN, title="Lamp of the next season", description="Photo to follow."),
    ]


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
