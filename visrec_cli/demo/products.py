"""The shop's items: what each is called, what it costs, and how to draw it."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from PIL import Image

from visrec_cli.demo import accessories, garments
from visrec_cli.demo.colours import COLOURS, PATTERNS, cloth
from visrec_cli.demo.outlines import OutlinePart
from visrec_cli.demo.renderer import draw


@dataclass(frozen=True)
class ProductKind:
    """One sort of thing that the shop sells."""

    category: str
    outline: Callable[[Random], list[OutlinePart]]
    nouns: tuple[str, ...]
    materials: tuple[str, ...]
    price: tuple[int, int]  # lowest and highest
    uses: tuple[str, ...]


KINDS = (
    ProductKind(
        "t-shirts", garments.t_shirt, ("t-shirt", "tee"), ("cotton", "jersey"), (9, 35), ("every day", "warm days")
    ),
    ProductKind(
        "shirts",
        garments.shirt,
        ("shirt", "button-down shirt"),
        ("cotton", "linen"),
        (25, 80),
        ("the office", "a dinner"),
    ),
    ProductKind(
        "jackets", garments.jacket, ("jacket", "bomber jacket"), ("nylon", "wool"), (60, 190), ("autumn", "windy days")
    ),
    ProductKind(
        "dresses", garments.dress, ("dress", "summer dress"), ("viscose", "cotton"), (35, 140), ("a party", "summer")
    ),
    ProductKind(
        "skirts", garments.skirt, ("skirt", "pleated skirt"), ("cotton", "wool"), (20, 75), ("the office", "a walk")
    ),
    ProductKind(
        "trousers",
        garments.trousers,
        ("trousers", "chinos"),
        ("cotton", "corduroy"),
        (30, 110),
        ("every day", "a trip"),
    ),
    ProductKind(
        "sneakers",
        accessories.sneaker,
        ("sneakers", "running shoes"),
        ("canvas", "mesh"),
        (40, 130),
        ("the city", "a run"),
    ),
    ProductKind(
        "boots", accessories.boot, ("boots", "ankle boots"), ("leather", "suede"), (70, 220), ("rain", "winter")
    ),
    ProductKind(
        "bags", accessories.bag, ("handbag", "bag"), ("leather", "canvas"), (30, 180), ("the market", "an evening")
    ),
    ProductKind("hats", accessories.hat, ("hat", "sun hat"), ("felt", "straw"), (15, 70), ("the beach", "the garden")),
    ProductKind("mugs", accessories.mug, ("mug", "coffee mug"), ("stoneware", "porcelain"), (7, 24), ("coffee", "tea")),
    ProductKind(
        "lamps", accessories.lamp, ("table lamp", "lamp"), ("linen", "paper"), (35, 160), ("the bedside", "a desk")
    ),
)
EACH = 20


@dataclass(frozen=True)
class Item:
    """One thing for sale. ``price`` in whole cents."""

    item_id: str
    title: str
    description: str
    category: str
    colour: str
    pattern: str
    price: int


def items(seed: int = 0) -> list[Item]:
    """EACH items of every kind, always the same for a seed; half of them without a pattern."""
    made = []
    for kind in KINDS:
        colours = list(COLOURS)
        Random(f"{seed} colours {kind.category}").shuffle(colours)
        for i in range(EACH):
            item_id = f"{kind.category.rstrip('s')}-{i + 1:03d}".replace("dresse-", "dress-")
            made.append(_item(item_id, kind, colours[i % len(colours)], Random(f"{seed} item {item_id}")))
    return made


def _item(item_id: str, kind: ProductKind, colour: str, rng: Random) -> Item:
    pattern = rng.choice(("plain", "plain", *PATTERNS[1:]))
    noun, material, use = rng.choice(kind.nouns), rng.choice(kind.materials), rng.choice(kind.uses)
    look = f"{colour} {pattern}" if pattern != "plain" else colour
    price = rng.randint(*kind.price) * 100 + rng.choice((0, 50, 90, 95))
    plain = "in one colour" if pattern == "plain" else f"{pattern} in two colours"
    verb = "Made" if noun.endswith("s") else "A piece"
    description = f"{verb} of {material}, {plain}, for {use}."
    return Item(item_id, f"{look} {noun}".capitalize(), description, kind.category, colour, pattern, price)


def picture(item: Item, seed: int = 0) -> Image.Image:
    """The photo of an item, always the same for a seed."""
    rng = Random(f"{seed} picture {item.item_id}")
    kind = next(kind for kind in KINDS if kind.category == item.category)
    return draw(kind.outline(rng), cloth(item.colour, item.pattern, rng), rng)
