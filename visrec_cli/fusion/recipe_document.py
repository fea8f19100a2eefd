"""A recipe as JSON, in the space of a fused column; validated against the vectors that it makes."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from visrec_cli import registry
from visrec_cli.errors import UnavailableError
from visrec_cli.fusion.learned.base import Fuser
from visrec_cli.fusion.reductions import Pca
from visrec_cli.tables.documents import Origin, Positive
from visrec_cli.tables.spaces import Space
from visrec_cli.tables.vectors import Matrix

PATH = "transform"


class LearnedBy(msgspec.Struct, forbid_unknown_fields=True):
    """The fuser that learned the weights of a combiner.

    Attributes
    ----------
    name : str
        Its name.
    settings : dict[str, Any]
        Its settings.
    facts : dict[str, Any]
        Metadata of the training.
    """

    name: str
    settings: dict[str, Any]
    facts: dict[str, Any]


class RecipeDocument(msgspec.Struct, forbid_unknown_fields=True):
    """A Recipe as JSON.

    Attributes
    ----------
    method : str
        A combiner, or a fuser that learns.
    weights : dict[str, Positive]
        Weight of each column.
    normalise : Literal["l2", "none"]
        Whether vectors have length 1.
    missing : Literal["zero", "mean", "drop", "fail"]
        What to do with items without one of the parts.
    fills : dict[str, Any]
        Packed mean of each part, by column.
    reduction : dict[str, Any] | None
        See ``Pca.pack``.
    learned : dict[str, Any] | None, default=None
        See ``Fuser.pack``.
    learned_by : LearnedBy | None, default=None
        The fuser that learned the weights of a combiner.
    """

    method: str
    weights: dict[str, Positive]
    normalise: Literal["l2", "none"]
    missing: Literal["zero", "mean", "drop", "fail"]
    fills: dict[str, Any]
    reduction: dict[str, Any] | None
    learned: dict[str, Any] | None = None
    learned_by: LearnedBy | None = None


def recipe_parts(space: Space) -> dict[str, Any]:
    """Read the fields of the recipe in a fused space.

    Parameters
    ----------
    space : Space
        The space.

    Returns
    -------
    dict[str, Any]
        All fields of the recipe, except its sources.

    Raises
    ------
    InputError
        If they do not fit together.
    UnavailableError
        If the fuser is a plug-in that is not installed.
    """
    origin = Origin(f"the recipe of the space [{space.describe()}] cannot be read", fix="fuse the columns again")
    document: RecipeDocument = origin.typed(space.transform, RecipeDocument, PATH)
    widths = {source.column: source.dimension for source in space.sources}
    if not widths or len(widths) < len(space.sources):
        raise origin.wrong("sources", "they do not name each column exactly once")
    if set(document.weights) != set(widths):
        raise origin.wrong(f"{PATH}.weights", f"they are for {', '.join(document.weights)}, not {', '.join(widths)}")
    if document.fills and set(document.fills) != set(widths):
        raise origin.wrong(f"{PATH}.fills", f"they are for {', '.join(document.fills)}, not {', '.join(widths)}")
    learned = _learned(document, space, origin)
    made = space.dimension if learned else _combined(document.method, list(widths.values()), origin)
    reduction = _reduction(document, (made, space.dimension), origin)
    if reduction is None and made != space.dimension:
        raise origin.wrong(PATH, f"it makes {made} numbers, but the space has {space.dimension}")
    return {
        "method": document.method,
        "weights": document.weights,
        "normalise": document.normalise,
        "missing": document.missing,
        "fills": _fills(document, widths, origin),
        "reduction": reduction,
        "learned": learned,
        "learned_by": None if document.learned_by is None else msgspec.structs.asdict(document.learned_by),
    }


def _fills(document: RecipeDocument, widths: Mapping[str, int], origin: Origin) -> dict[str, Matrix]:
    shapes = {name: (width,) for name, width in widths.items()} if document.fills else {}
    return origin.arrays(document.fills, f"{PATH}.fills", shapes)


def _learned(document: RecipeDocument, space: Space, origin: Origin) -> Fuser | None:
    raw = document.learned
    if raw is None:
        return None
    name = raw.get("name")
    if name == document.method and not registry.has("fuser", name):
        raise UnavailableError(
            f"the space [{space.describe()}] was fused by '{name}', a method that is not installed here",
            fix="install the plug-in that has it, or fuse the columns again",
        )
    if name != document.method:
        raise origin.wrong(f"{PATH}.learned.name", f"it is {name!r}, but the columns were fused by {document.method!r}")
    kind: type[Fuser] = registry.find("fuser", name)
    least, most = kind.sides
    if not least <= len(space.sources) <= (most or len(space.sources)):
        raise origin.wrong("sources", f"{name} does not fuse {len(space.sources)} columns")
    if kind.weights is not Fuser.weights or document.reduction is not None:
        raise origin.wrong(f"{PATH}.learned", f"{name} does not store this, or not together with a reduction")
    widths = [source.dimension for source in space.sources]
    return kind.unpack(raw, origin, f"{PATH}.learned", widths, space.dimension)


def _combined(method: str, widths: list[int], origin: Origin) -> int:
    """Width of the vectors that a combiner makes."""
    if method not in registry.names("combiner"):
        raise origin.wrong(f"{PATH}.method", f"{method!r} is not a combiner")
    if method == "mean" and len(set(widths)) > 1:
        raise origin.wrong("sources", f"a mean needs equal widths, not {widths}")
    return widths[0] if method == "mean" else sum(widths)


def _reduction(document: RecipeDocument, widths: tuple[int, int], origin: Origin) -> Pca | None:
    if document.reduction is None:
        return None
    name = document.reduction.get("name")
    if name not in registry.names("reduction"):
        raise origin.wrong(f"{PATH}.reduction.name", f"there is no reduction {name!r}")
    kind: type[Pca] = registry.find("reduction", name)
    return kind.unpack(document.reduction, origin, f"{PATH}.reduction", widths)
