"""What people carry, step into or put on a table, as outlines. ``rng`` varies the shape."""

from random import Random

from visrec_cli.demo.outlines import OutlinePart, box, curve, ellipse, mirrored


def sneaker(rng: Random) -> list[OutlinePart]:
    """Seen from the side, with laces and a pale sole."""
    collar, toe = rng.uniform(0.36, 0.43), rng.uniform(0.56, 0.60)
    upper = [
        (0.13, collar - 0.02),
        *curve((0.13, collar - 0.02), (0.24, collar + 0.10), (0.36, collar)),
        *curve((0.36, collar), (0.52, 0.50), (0.66, toe - 0.04)),
        *curve((0.66, toe - 0.04), (0.90, toe - 0.02), (0.91, 0.68)),
        (0.11, 0.68),
        *curve((0.11, 0.68), (0.09, 0.55), (0.13, collar - 0.02)),
    ]
    laces = [
        OutlinePart("cream", [(0.40 + i * 0.055, 0.445 + i * 0.030), (0.345 + i * 0.055, 0.515 + i * 0.024)], 0.014)
        for i in range(5)
    ]
    return [
        OutlinePart(
            "cream",
            [
                (0.09, 0.66),
                (0.92, 0.66),
                *curve((0.93, 0.70), (0.92, 0.745), (0.86, 0.745)),
                (0.12, 0.745),
                (0.09, 0.72),
            ],
        ),
        OutlinePart("cloth", upper),
        OutlinePart(
            "trim",
            [*curve((0.72, 0.68), (0.70, 0.57), (0.78, 0.555)), *curve((0.80, 0.56), (0.90, 0.58), (0.91, 0.68))],
        ),
        OutlinePart("trim", curve((0.20, 0.66), (0.38, 0.66), (0.50, 0.52)), 0.03),
        *laces,
        OutlinePart("deep", [(0.09, 0.725), (0.90, 0.725)], 0.008),
    ]


def boot(rng: Random) -> list[OutlinePart]:
    """Ankle-high to knee-high, with a heel."""
    top, heel = rng.uniform(0.14, 0.38), rng.uniform(0.80, 0.86)
    leg = [
        (0.30, top),
        (0.57, top),
        *curve((0.57, top), (0.54, 0.50), (0.58, 0.60)),
        *curve((0.58, 0.60), (0.86, 0.62), (0.85, 0.77)),
        (0.27, 0.77),
        *curve((0.27, 0.77), (0.33, 0.55), (0.30, top)),
    ]
    return [
        OutlinePart("brown", [(0.265, 0.755), (0.855, 0.755), (0.86, 0.79), (0.47, 0.79), (0.43, heel), (0.27, heel)]),
        OutlinePart("cloth", leg),
        OutlinePart("deep", curve((0.33, 0.62), (0.46, 0.66), (0.58, 0.60)), 0.007),
        OutlinePart("trim", [(0.297, top + 0.02), (0.572, top + 0.02)], 0.03),
        OutlinePart(
            "grey", box(0.41, 0.615, 0.47, 0.665) if rng.random() < 0.5 else ellipse(0.36, top + 0.10, 0.010, 0.010)
        ),
    ]


def bag(rng: Random) -> list[OutlinePart]:
    """A handbag with one handle, or a tote with two."""
    top, wide, tote = rng.uniform(0.42, 0.48), rng.uniform(0.28, 0.34), rng.random() < 0.4
    body = [
        (0.5, top),
        (0.5 + wide - 0.04, top),
        *curve((0.5 + wide, top + 0.2), (0.5 + wide + 0.02, 0.84), (0.5 + wide - 0.04, 0.85)),
        (0.5, 0.86),
    ]
    handle = ellipse(0.5, top + 0.02, wide * 0.58, 0.25 if tote else 0.19, 180, 360)
    flap = [
        (0.5, top - 0.01),
        (0.5 + wide - 0.035, top - 0.01),
        *curve((0.5 + wide - 0.02, top + 0.1), (0.5 + wide - 0.08, 0.65), (0.5, 0.65)),
    ]
    closed = [OutlinePart("deep", mirrored(flap)), OutlinePart("mustard", ellipse(0.5, 0.635, 0.028, 0.024))]
    open_top = [OutlinePart("deep", [(0.5 - wide + 0.05, top + 0.045), (0.5 + wide - 0.05, top + 0.045)], 0.006)]
    return [
        OutlinePart("brown", handle, 0.026),
        OutlinePart("cloth", mirrored(body)),
        *(open_top if tote else closed),
        *([OutlinePart("brown", handle[:4], 0.03), OutlinePart("brown", handle[-4:], 0.03)] if tote else []),
    ]


def hat(rng: Random) -> list[OutlinePart]:
    """A brimmed hat with a band."""
    crown, brim = rng.uniform(0.26, 0.34), rng.uniform(0.38, 0.45)
    dome = [
        *curve((0.5, crown + 0.02), (0.57, crown - 0.04), (0.64, crown + 0.02)),
        *curve((0.69, crown + 0.10), (0.72, 0.5), (0.73, 0.62)),
        (0.5, 0.66),
    ]
    return [
        OutlinePart("deep", ellipse(0.5, 0.635, brim, 0.105)),
        OutlinePart("cloth", ellipse(0.5, 0.62, brim, 0.10)),
        OutlinePart("cloth", mirrored(dome)),
        OutlinePart(
            "trim",
            [*curve((0.278, 0.545), (0.5, 0.60), (0.722, 0.545)), *curve((0.732, 0.625), (0.5, 0.69), (0.268, 0.625))],
        ),
    ]


def mug(rng: Random) -> list[OutlinePart]:
    """A cup with a handle on the right."""
    wide, foot = rng.uniform(0.22, 0.26), rng.uniform(0.17, 0.235)
    x = 0.45
    body = [
        (x - wide, 0.30),
        (x + wide, 0.30),
        *curve((x + foot, 0.74), (x + foot - 0.01, 0.79), (x, 0.80)),
        *curve((x, 0.80), (x - foot + 0.01, 0.79), (x - foot, 0.74)),
    ]
    return [
        OutlinePart("deep", ellipse(x + wide + 0.005, 0.51, 0.135, 0.135, -100, 110), 0.048),
        OutlinePart("cloth", body),
        OutlinePart("cream", ellipse(x, 0.30, wide, 0.055)),
        OutlinePart("brown" if rng.random() < 0.5 else "grey", ellipse(x, 0.308, wide - 0.025, 0.042)),
    ]


def lamp(rng: Random) -> list[OutlinePart]:
    """A table lamp: shade, stem and foot."""
    top, low, foot = rng.uniform(0.10, 0.17), rng.uniform(0.23, 0.30), rng.uniform(0.13, 0.18)
    shade = [
        (0.5, 0.14),
        (0.5 + top, 0.14),
        (0.5 + low, 0.50),
        *curve((0.5 + low, 0.50), (0.5 + low / 2, 0.53), (0.5, 0.53)),
    ]
    stem = (
        [(0.5, 0.50), (0.515, 0.50), (0.515, 0.86), (0.5, 0.86)]
        if rng.random() < 0.5
        else [(0.5, 0.50), *curve((0.52, 0.52), (0.66, 0.70), (0.54, 0.85)), (0.5, 0.86)]
    )
    return [
        OutlinePart("trim", mirrored(stem)),
        OutlinePart("deep", ellipse(0.5, 0.865, foot, 0.03)),
        OutlinePart("trim", ellipse(0.5, 0.855, foot, 0.028)),
        OutlinePart("cloth", mirrored(shade)),
        OutlinePart("deep", curve((0.5 - low, 0.50), (0.5, 0.555), (0.5 + low, 0.50)), 0.006),
    ]
