"""Points of shapes on the unit square (x to the right, y down), and what a garment is made of."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True)
class OutlinePart:
    """One surface (or, with ``width``, one line) of a thing, drawn in order from back to front.

    fill: ``cloth`` (the item's colour and pattern), ``deep`` (its colour, darker), ``trim`` (its second colour),
    or a colour of the palette by name. width: of a line along ``points``, as a share of the picture's side.
    """

    fill: str
    points: Sequence[Point]
    width: float = 0.0


def curve(start: Point, control: Point, end: Point, steps: int = 14) -> list[Point]:
    """A quadratic Bézier curve from ``start`` to ``end``, both included."""
    points = []
    for i in range(steps + 1):
        t = i / steps
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
        points.append((a * start[0] + b * control[0] + c * end[0], a * start[1] + b * control[1] + c * end[1]))
    return points


def ellipse(x: float, y: float, rx: float, ry: float, start: float = 0, end: float = 360) -> list[Point]:
    """Points on an ellipse around (x, y) from angle ``start`` to ``end`` in degrees, clockwise from three o'clock."""
    angles = (math.radians(start + (end - start) * i / 40) for i in range(41))
    return [(x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles]


def mirrored(right: Sequence[Point]) -> list[Point]:
    """A closed outline from its right half (top to bottom), mirrored at x = 0.5."""
    return [*right, *((1 - x, y) for x, y in reversed(right))]


def box(left: float, top: float, right: float, bottom: float) -> list[Point]:
    """The corners of a rectangle."""
    return [(left, top), (right, top), (right, bottom), (left, bottom)]
