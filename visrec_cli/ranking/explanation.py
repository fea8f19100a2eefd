"""Why an item was recommended, in a few words: ``picture 0.71 · text 0.18 · both: jersey``."""

from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from visrec_cli.tables.spaces import Source, Space

_WORDS = {
    "image": "picture",
    "text": "text",
    "picture": "picture",
    "behaviour": "behaviour",
}  # by the kind of the space
_MOST_LABELS = 2
_SURE = 0.2  # what a classifier gives less than this is a guess, and a guess explains nothing


def shares(
    space: Space | None, query: npt.NDArray[np.float32], vectors: npt.NDArray[np.float32]
) -> list[tuple[str, npt.NDArray[np.float32]]]:
    """What each modality adds to the cosine, as (its name, (m,) numbers); the numbers of an item sum to its score.

    A space made by concatenation keeps its modalities side by side, so the sum over a block of coordinates is exactly
    what that modality adds. Other spaces have one share. query: (d,), vectors: (m, d), both of length 1.
    """
    blocks = modalities(space)
    bounds = np.cumsum([0] + [width for _, width in blocks])
    if bounds[-1] != len(query):
        return [("similarity", vectors @ query)]
    parts = [slice(a, b) for a, b in pairwise(bounds)]
    return [(name, vectors[:, part] @ query[part]) for (name, _), part in zip(blocks, parts, strict=True)]


def modalities(space: Space | None) -> list[tuple[str, int]]:
    """The blocks of a vector as (name, width), in order; empty where the space does not tell."""
    if space is None:
        return []
    if not space.sources:
        return [(_WORDS.get(space.kind, "similarity"), space.dimension)]
    recipe = space.transform or {}
    if recipe.get("method") != "concat" or recipe.get("reduction"):
        return []
    names = [_name(source) for source in space.sources]
    many = Counter(names)
    return [
        (name if many[name] == 1 else source.column, source.dimension)
        for name, source in zip(names, space.sources, strict=True)
    ]


def _name(source: Source) -> str:
    return _WORDS.get(source.space.kind, source.column) if source.space else source.column


def common_labels(first_labels: list[dict[str, Any]] | None, second_labels: list[dict[str, Any]] | None) -> list[str]:
    """Labels that both items were surely recognised as, the surest first (by the lower of the two scores), two at most.

    A score below 0.2 is a guess and left out; labels without scores count as sure.
    """
    first, second = _sure(first_labels), _sure(second_labels)
    shared = [(min(first[label], second[label]), label) for label in first if label in second]
    return [label for _, label in sorted(shared, key=lambda pair: (-pair[0], pair[1]))[:_MOST_LABELS]]


def _sure(labels: list[dict[str, Any]] | None) -> dict[str, float]:
    scores = {one["label"]: 1.0 if one["score"] is None else one["score"] for one in labels or []}
    return {label: score for label, score in scores.items() if score >= _SURE}


def are_labels(kind: pa.DataType) -> bool:
    """Whether this is what embed-images --labels makes, and not somebody's own column of that name."""
    if not (pa.types.is_list(kind) and pa.types.is_struct(kind.value_type)):
        return False
    return {"label", "score"} <= {field.name for field in kind.value_type}


def sentence(parts: list[tuple[str, float]], labels: list[str], because: str = "") -> str:
    """Put a reason into words; shares that round to nothing are left out. because: words to begin with."""
    words = [f"{name} {value:.2f}" for name, value in parts if abs(value) >= 0.005]
    words = [because, *words] if because else words or [f"similarity {0:.2f}"]
    return " · ".join([*words, f"both: {', '.join(labels)}"] if labels else words)
