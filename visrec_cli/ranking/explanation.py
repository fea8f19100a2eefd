"""Explanation of a recommendation in a few words: ``picture 0.71 · text 0.18 · both: jersey``."""

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
_SURE = 0.2  # labels with a lower score are guesses, which explain nothing


def shares(
    space: Space | None, query: npt.NDArray[np.float32], vectors: npt.NDArray[np.float32]
) -> list[tuple[str, npt.NDArray[np.float32]]]:
    """Split cosines into the contributions of the modalities.

    A space made by concatenation keeps its modalities side by side, so that the sum over a block of coordinates is
    exactly the contribution of that modality. Other spaces have a single share.

    Parameters
    ----------
    space : Space | None
        Embedding space of the vectors; None if not known.
    query : npt.NDArray[np.float32]
        (d,) float32, of length 1.
    vectors : npt.NDArray[np.float32]
        (m, d) float32, rows of length 1.

    Returns
    -------
    list[tuple[str, npt.NDArray[np.float32]]]
        Name and (m,) contributions of each modality; the contributions to an item add up to its score.
    """
    blocks = modalities(space)
    bounds = np.cumsum([0] + [width for _, width in blocks])
    if bounds[-1] != len(query):
        return [("similarity", vectors @ query)]
    parts = [slice(a, b) for a, b in pairwise(bounds)]
    return [(name, vectors[:, part] @ query[part]) for (name, _), part in zip(blocks, parts, strict=True)]


def modalities(space: Space | None) -> list[tuple[str, int]]:
    """Name and width of each block of a vector, in order; empty if the space does not say."""
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
    """Find labels that both items have with a score of at least 0.2; labels without a score count as certain.

    Parameters
    ----------
    first_labels : list[dict[str, Any]] | None
        Labels and scores of one item; None if it has none.
    second_labels : list[dict[str, Any]] | None
        Labels and scores of the other item; None if it has none.

    Returns
    -------
    list[str]
        At most two labels, ordered by the lower of the two scores, highest first.
    """
    first, second = _sure(first_labels), _sure(second_labels)
    shared = [(min(first[label], second[label]), label) for label in first if label in second]
    return [label for _, label in sorted(shared, key=lambda pair: (-pair[0], pair[1]))[:_MOST_LABELS]]


def _sure(labels: list[dict[str, Any]] | None) -> dict[str, float]:
    scores = {one["label"]: 1.0 if one["score"] is None else one["score"] for one in labels or []}
    return {label: score for label, score in scores.items() if score >= _SURE}


def are_labels(kind: pa.DataType) -> bool:
    """Whether a column has the type that ``embed-images --labels`` writes, and is not another column of that name."""
    if not (pa.types.is_list(kind) and pa.types.is_struct(kind.value_type)):
        return False
    return {"label", "score"} <= {field.name for field in kind.value_type}


def sentence(parts: list[tuple[str, float]], labels: list[str], because: str = "") -> str:
    """Put an explanation into words; contributions that round to 0 are left out.

    Parameters
    ----------
    parts : list[tuple[str, float]]
        Name and contribution of each modality.
    labels : list[str]
        Labels that both items have.
    because : str, default=""
        Words to begin with.

    Returns
    -------
    str
        The explanation, such as ``picture 0.71 · text 0.18 · both: jersey``.
    """
    words = [f"{name} {value:.2f}" for name, value in parts if abs(value) >= 0.005]
    words = [because, *words] if because else words or [f"similarity {0:.2f}"]
    return " · ".join([*words, f"both: {', '.join(labels)}"] if labels else words)
