"""What people wear, as outlines. Each function draws one kind; ``rng`` varies its cut."""

from random import Random

from visrec_cli.demo.outlines import OutlinePart, curve, ellipse, mirrored


def t_shirt(rng: Random) -> list[OutlinePart]:
    """Short sleeves, round or V neck."""
    hem, sleeve = rng.uniform(0.80, 0.86), rng.uniform(-0.02, 0.05)
    neck = (0.5, 0.34) if rng.random() < 0.35 else (0.57, 0.30)
    front = curve((0.5, 0.30 if neck[0] > 0.5 else 0.34), neck, (0.60, 0.20))
    body = [
        *front,
        (0.76, 0.26),
        (0.91, 0.42 + sleeve),
        (0.80, 0.49 + sleeve),
        *curve((0.715, 0.40), (0.70, 0.6), (0.725, hem)),
        *curve((0.725, hem), (0.62, hem + 0.02), (0.5, hem + 0.02)),
    ]
    return [
        OutlinePart("deep", mirrored([(0.5, 0.205), (0.60, 0.195), (0.58, 0.30), (0.5, 0.33)])),
        OutlinePart("cloth", mirrored(body)),
        OutlinePart("trim", front, 0.012),
        OutlinePart("trim", [(1 - x, y) for x, y in front], 0.012),
        OutlinePart("deep", [(0.87, 0.40 + sleeve), (0.775, 0.465 + sleeve)], 0.004),
        OutlinePart("deep", [(0.13, 0.40 + sleeve), (0.225, 0.465 + sleeve)], 0.004),
    ]


def shirt(rng: Random) -> list[OutlinePart]:
    """Long sleeves, a collar and a row of buttons."""
    hem = rng.uniform(0.82, 0.88)
    body = [
        (0.5, 0.27),
        (0.58, 0.19),
        *curve((0.70, 0.23), (0.78, 0.25), (0.81, 0.36)),
        (0.90, 0.74),
        (0.81, 0.765),
        (0.69, 0.42),
        *curve((0.69, 0.42), (0.675, 0.6), (0.69, hem - 0.03)),
        *curve((0.69, hem - 0.03), (0.62, hem + 0.03), (0.5, hem)),
    ]
    collar = [(0.5, 0.275), (0.575, 0.165), (0.615, 0.20), (0.575, 0.305)]
    buttons = [OutlinePart("cream", ellipse(0.5, 0.35 + i * (hem - 0.42) / 5, 0.009, 0.009)) for i in range(6)]
    return [
        OutlinePart("deep", mirrored([(0.5, 0.175), (0.58, 0.17), (0.56, 0.26), (0.5, 0.29)])),
        OutlinePart("cloth", mirrored(body)),
        OutlinePart("deep", [(0.5, 0.29), (0.5, hem - 0.01)], 0.006),
        OutlinePart("deep", [(0.883, 0.70), (0.797, 0.725)], 0.005),
        OutlinePart("deep", [(0.117, 0.70), (0.203, 0.725)], 0.005),
        OutlinePart("trim", collar),
        OutlinePart("trim", [(1 - x, y) for x, y in collar]),
        *buttons,
    ]


def jacket(rng: Random) -> list[OutlinePart]:
    """A padded or plain jacket with a zip and pockets."""
    hem, padded = rng.uniform(0.78, 0.86), rng.random() < 0.5
    body = [
        (0.5, 0.18),
        (0.60, 0.17),
        *curve((0.72, 0.22), (0.84, 0.26), (0.87, 0.42)),
        (0.93, 0.72),
        (0.81, 0.75),
        (0.755, 0.46),
        (0.755, hem),
        (0.5, hem + 0.015),
    ]
    rows = [0.36 + i * 0.09 for i in range(int((hem - 0.38) / 0.09) + 1)] if padded else []
    seams = [OutlinePart("deep", curve((0.255, y), (0.5, y + 0.03), (0.745, y)), 0.007) for y in rows]
    pockets = (
        []
        if padded
        else [OutlinePart("deep", [(x, 0.60), (x + dx, 0.70)], 0.012) for x, dx in ((0.34, -0.03), (0.66, 0.03))]
    )
    return [
        OutlinePart("cloth", mirrored(body)),
        *seams,
        *pockets,
        OutlinePart("deep", mirrored([(0.5, 0.27), (0.60, 0.165), (0.64, 0.20), (0.59, 0.30), (0.5, 0.34)])),
        OutlinePart("grey", [(0.5, 0.20), (0.5, hem + 0.01)], 0.011),
        OutlinePart("deep", [(0.245, hem - 0.025), (0.755, hem - 0.025)], 0.02),
        OutlinePart("deep", [(0.918, 0.68), (0.803, 0.71)], 0.018),
        OutlinePart("deep", [(0.082, 0.68), (0.197, 0.71)], 0.018),
    ]


def dress(rng: Random) -> list[OutlinePart]:
    """Fitted above the waist, wide below; straps or short sleeves."""
    hem, flare, sleeves = rng.uniform(0.80, 0.94), rng.uniform(0.72, 0.82), rng.random() < 0.5
    shoulder = [(0.66, 0.155), (0.745, 0.29), (0.675, 0.325)] if sleeves else [(0.625, 0.135), (0.64, 0.24)]
    body = [
        *curve((0.5, 0.25), (0.575, 0.24), (0.585, 0.125)),
        *shoulder,
        *curve((0.655, 0.31), (0.62, 0.40), (0.60, 0.45)),
        *curve((0.60, 0.45), (0.66, 0.58), (flare, hem)),
        *curve((flare, hem), (0.62, hem + 0.03), (0.5, hem + 0.03)),
    ]
    folds = [OutlinePart("deep", [(0.5 + x * 0.3, 0.49), (0.5 + x, hem)], 0.003) for x in (-0.17, -0.06, 0.05, 0.16)]
    back = (
        [] if not sleeves else [OutlinePart("deep", mirrored([(0.5, 0.15), (0.58, 0.13), (0.56, 0.22), (0.5, 0.26)]))]
    )
    return [
        *back,
        OutlinePart("cloth", mirrored(body)),
        *folds,
        OutlinePart("trim", curve((0.395, 0.45), (0.5, 0.475), (0.605, 0.45)), 0.026),
    ]


def skirt(rng: Random) -> list[OutlinePart]:
    """A waistband and pleats."""
    hem, flare = rng.uniform(0.66, 0.86), rng.uniform(0.74, 0.86)
    body = [(0.5, 0.24), (0.635, 0.24), *curve((0.635, 0.24), (0.69, 0.38), (flare, hem)), (0.5, hem + 0.04)]
    pleats = [
        OutlinePart("deep", [(0.5 + x * 0.42, 0.32), (0.5 + x, hem + 0.025)], 0.004)
        for x in (-0.24, -0.12, 0, 0.12, 0.24)
    ]
    return [
        OutlinePart("cloth", mirrored(body)),
        *(pleats if rng.random() < 0.7 else []),
        OutlinePart("trim", mirrored([(0.5, 0.225), (0.638, 0.225), (0.645, 0.285), (0.5, 0.29)])),
    ]


def trousers(rng: Random) -> list[OutlinePart]:
    """Narrow or wide legs, a belt loop or two."""
    ankle, width = rng.uniform(0.88, 0.94), rng.uniform(0.10, 0.17)
    body = [
        (0.5, 0.10),
        (0.635, 0.10),
        *curve((0.635, 0.10), (0.69, 0.26), (0.685, 0.40)),
        (0.60 + width, ankle),
        (0.60, ankle + 0.01),
        *curve((0.555, 0.60), (0.53, 0.45), (0.5, 0.36)),
    ]
    return [
        OutlinePart("cloth", mirrored(body)),
        OutlinePart("deep", [(0.5, 0.15), (0.5, 0.36)], 0.006),
        OutlinePart("deep", curve((0.60, 0.155), (0.62, 0.23), (0.675, 0.245)), 0.006),
        OutlinePart("deep", curve((0.40, 0.155), (0.38, 0.23), (0.325, 0.245)), 0.006),
        OutlinePart("trim", mirrored([(0.5, 0.09), (0.64, 0.09), (0.645, 0.14), (0.5, 0.145)])),
        OutlinePart("cream", ellipse(0.5, 0.117, 0.011, 0.011)),
    ]
