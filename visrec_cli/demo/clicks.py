"""Synthetic users with known tastes, and their clicks.

Because the tastes are known, a recommender trained on the clicks can be checked against them.
"""

from dataclasses import dataclass
from itertools import accumulate
from random import Random

from visrec_cli.demo.colours import COLOURS, PATTERNS
from visrec_cli.demo.products import KINDS, Item

FIRST_DAY = 1_735_689_600  # 2025-01-01 00:00 UTC, in Unix seconds
DAY = 86_400


@dataclass(frozen=True)
class Persona:
    """What one person likes; each liked property makes a click several times as likely."""

    user_id: str
    categories: tuple[str, ...]
    colours: tuple[str, ...]
    patterns: tuple[str, ...]

    def pull(self, item: Item) -> float:
        """How much more likely than an indifferent item this one is to be clicked (1 = indifferent)."""
        return (
            (12.0 if item.category in self.categories else 1.0)
            * (4.0 if item.colour in self.colours else 1.0)
            * (3.0 if item.pattern in self.patterns else 1.0)
        )


@dataclass(frozen=True)
class Click:
    """Somebody looked at an item (weight 1) or put it into the basket (weight 3)."""

    user_id: str
    item_id: str
    timestamp: int
    weight: int


def tastes(n: int = 300, seed: int = 0) -> list[Persona]:
    """``n`` people, each with one or two categories, one to three colours and at most one pattern of their own."""
    people = []
    for i in range(n):
        rng = Random(f"{seed} taste {i}")
        people.append(
            Persona(
                user_id=f"user-{i + 1:03d}",
                categories=tuple(sorted(rng.sample([kind.category for kind in KINDS], rng.randint(1, 2)))),
                colours=tuple(sorted(rng.sample(list(COLOURS), rng.randint(1, 3)))),
                patterns=tuple(rng.sample(PATTERNS, rng.randint(0, 1))),
            )
        )
    return people


def clicks(people: list[Persona], catalogue: list[Item], seed: int = 0) -> list[Click]:
    """Between 8 and 30 different items for each person, drawn by taste, oldest first."""
    happened = []
    for person in people:
        rng = Random(f"{seed} clicks {person.user_id}")
        weights = list(accumulate(person.pull(item) for item in catalogue))
        seen: set[str] = set()
        for _ in range(rng.randint(8, 30)):
            item = rng.choices(catalogue, cum_weights=weights)[0]
            if item.item_id in seen:
                continue
            seen.add(item.item_id)
            when = FIRST_DAY + rng.randrange(90 * DAY)
            happened.append(Click(person.user_id, item.item_id, when, 3 if rng.random() < 0.15 else 1))
    return sorted(happened, key=lambda click: (click.timestamp, click.user_id, click.item_id))
