"""ICC profiles, byte by byte as ICC.1:2001 has them, so that no library decides what its own answer should be."""

import struct
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Curve = Callable[[float], float]
XY = tuple[float, float]
D50 = (0.9642, 1.0, 0.8249)
D65: XY = (0.3127, 0.3290)
SRGB: tuple[XY, XY, XY] = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
P3: tuple[XY, XY, XY] = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
ADOBE: tuple[XY, XY, XY] = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def srgb_curve(value: float) -> float:
    """From what is stored, 0 to 1, to light."""
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def stored_in_srgb(light: float) -> float:
    """The inverse of srgb_curve."""
    return light * 12.92 if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


def gamma(power: float) -> Curve:
    """The curve of a plain power."""
    return lambda value: value**power


def rgb(primaries: Sequence[XY], curve: Curve, *, points: int = 1024, name: str = "made here", steps: int = 0) -> bytes:
    """A profile for RGB with these primaries and the white of D65. steps: as many in floating point go another way."""
    matrix = to_d50(primaries)
    if steps:
        step = b"matf" + bytes(4) + struct.pack(">HH12f", 3, 3, *np.eye(3).ravel(), 0, 0, 0)
        table = struct.pack(">II", 16 + 8 * steps, len(step)) * steps
        program = b"mpet" + bytes(4) + struct.pack(">HHI", 3, 3, steps) + table + step
        plain = rgb(primaries, curve, points=points, name=name)
        return _profile(
            b"mntr", b"RGB ", b"XYZ ", name, _tags(plain) | {b"D2B0": program, b"D2B1": program}, 0x04300000
        )
    tags = {b"wtpt": _xyz(D50)} | {b"%cXYZ" % c: _xyz(matrix[:, n]) for n, c in enumerate(b"rgb")}
    return _profile(b"mntr", b"RGB ", b"XYZ ", name, tags | {b"%cTRC" % c: _curve(curve, points) for c in b"rgb"})


def grey(curve: Curve, *, points: int = 1024) -> bytes:
    """A profile for one channel of grey."""
    return _profile(b"mntr", b"GRAY", b"XYZ ", "grey", {b"wtpt": _xyz(D50), b"kTRC": _curve(curve, points)})


def cmyk(lab: Callable[[int, int, int, int], tuple[float, float, float]]) -> bytes:
    """A profile for CMYK. lab: of each mixture of inks that are there (1) or not (0); between them it is linear.

    The way back, of which only the darkest colour is ever asked, prints in black ink.
    """
    ramp = bytes(range(256))
    table = b""
    for number in range(16):
        light, a, b = lab(*((number >> shift) & 1 for shift in (3, 2, 1, 0)))
        table += bytes([round(light * 2.55), round(a) + 128, round(b) + 128])
    unit = struct.pack(">9i", *(65536 if n in (0, 4, 8) else 0 for n in range(9)))
    lut = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + unit + ramp * 4 + table + ramp * 3
    back = b"".join(bytes([0, 0, 0, 0 if number >= 4 else 255]) for number in range(8))  # the first axis is lightness
    inverse = b"mft1" + bytes(4) + bytes([3, 4, 2, 0]) + unit + ramp * 3 + back + ramp * 4
    luts = {b"A2B0": lut, b"A2B1": lut, b"B2A0": inverse, b"B2A1": inverse}
    return _profile(b"prtr", b"CMYK", b"Lab ", "inks", {b"wtpt": _xyz(D50), **luts})


def to_d50(primaries: Sequence[XY]) -> npt.NDArray[np.float64]:
    """(3, 3): light of RGB, white D65, to XYZ under D50."""
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    x, y = D65
    white = np.array([x / y, 1, (1 - x - y) / y])
    matrix = columns * np.linalg.solve(columns, white)
    gains = (_BRADFORD @ np.array(D50)) / (_BRADFORD @ white)
    return np.linalg.inv(_BRADFORD) @ np.diag(gains) @ _BRADFORD @ matrix


def expected(colour: Sequence[int], primaries: Sequence[XY], curve: Curve) -> list[int]:
    """The colour in sRGB, from the formulas alone."""
    light = np.linalg.solve(to_d50(SRGB), to_d50(primaries) @ [curve(value / 255) for value in colour])
    return [round(255 * stored_in_srgb(float(np.clip(value, 0, 1)))) for value in light]


def _tags(profile: bytes) -> dict[bytes, bytes]:
    entries = [profile[at : at + 12] for at in range(132, 132 + 12 * int.from_bytes(profile[128:132]), 12)]
    places = {entry[:4]: (int.from_bytes(entry[4:8]), int.from_bytes(entry[8:])) for entry in entries}
    return {name: profile[at : at + size] for name, (at, size) in places.items()}


def _profile(
    kind: bytes, space: bytes, connection: bytes, name: str, tags: dict[bytes, bytes], version: int = 0x02400000
) -> bytes:
    text = name.encode() + b"\0"
    said = b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(78)
    tags = {b"desc": said, b"cprt": b"text" + bytes(4) + b"none\0", **tags}
    at, table, body = 132 + 12 * len(tags), b"", b""
    for signature, data in tags.items():
        table += signature + struct.pack(">II", at + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(">I4sI4s4s4s", at + len(body), b"\0\0\0\0", version, kind, space, connection)
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", *(round(v * 65536) for v in D50))
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(float(value) * 65536) for value in values))


def _curve(curve: Curve, points: int) -> bytes:
    values = [round(65535 * curve(n / (points - 1))) for n in range(points)]
    return b"curv" + bytes(4) + struct.pack(f">I{points}H", points, *values)
