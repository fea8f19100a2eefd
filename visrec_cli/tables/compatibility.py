"""Whether vectors of two spaces may be compared, and which of two versions of preprocessing a space has.

The first release passed over the colour profiles of pictures. Since they are converted to sRGB, the preprocessing of a
picture space says so. What the first release embedded says nothing, and remains a space of its own.
"""

from dataclasses import asdict, replace

from visrec_cli.errors import SpaceMismatchError
from visrec_cli.tables.spaces import Space

_KEY, _SRGB = "colour", "sRGB"


def follows_profiles(space: Space) -> bool:
    """Whether the pictures behind vectors of this space were converted from their colour profiles to sRGB."""
    return _KEY in space.preprocessing


def with_profiles(space: Space, *, followed: bool = True) -> Space:
    """The same space of pictures, with colour profiles followed or passed over."""
    preprocessing = {name: value for name, value in space.preprocessing.items() if name != _KEY}
    return replace(space, preprocessing={**preprocessing, _KEY: _SRGB} if followed else preprocessing)


def require_same_space(a: Space | None, b: Space | None, what_a: str, what_b: str) -> None:
    """Raise SpaceMismatchError, naming both sides, unless the spaces are equal. An unknown space (None) passes."""
    require_same_version(a, b, what_a, what_b)
    if a is None or b is None or a == b:
        return
    differing = [name for name in asdict(a) if getattr(a, name) != getattr(b, name)]
    raise SpaceMismatchError(
        f"{what_a} is in the space [{a.describe()}; {a.fingerprint}], {what_b} in [{b.describe()}; {b.fingerprint}]: "
        f"they differ in {', '.join(differing)} and cannot be compared",
        fix="embed both with the same encoder and settings",
    )


def require_same_version(a: Space | None, b: Space | None, what_a: str, what_b: str) -> None:
    """Raise SpaceMismatchError for two spaces that differ in nothing but whether colour profiles were followed."""
    if a is None or b is None or a == b or _unprofiled(a) != _unprofiled(b):
        return
    older, newer = (what_a, what_b) if _followed(a) < _followed(b) else (what_b, what_a)
    raise SpaceMismatchError(
        f"{older} was embedded with colour profiles passed over, as the first release did, and {newer} with colours "
        "converted to sRGB: they cannot be compared",
        fix="embed the older pictures again: visrec embed-images; or the newer ones as the first release did: "
        "visrec embed-images --ignore-profiles",
    )


def _unprofiled(space: Space) -> Space:
    sources = tuple(replace(one, space=_unprofiled(one.space) if one.space else None) for one in space.sources)
    return replace(with_profiles(space, followed=False), sources=sources)


def _followed(space: Space) -> int:
    """How many of the spaces in it follow profiles."""
    return follows_profiles(space) + sum(_followed(one.space) for one in space.sources if one.space)
