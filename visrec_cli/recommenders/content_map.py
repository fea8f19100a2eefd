"""Mapping from item content to latent factors, learned on clicked items.

A map takes the projected vectors of items, parts side by side (see content_projection.Projection), and returns the
contribution of each part to the score, block by block; ``sides`` returns the users' factors for it. ``state`` holds
everything that a map has learned, as arrays.

    ridge   factors F W with W = argmin |F W - Y|² + λ |W|²
    knn     the mean of the factors of the k most similar items, weighted by similarity
    kernel  kernel ridge: K A with A = (K + λ I)⁻¹ Y, K = exp(2 (cosine - 1)), the mean over the parts
    taste   F itself; the user's factors are solved by ALS with these item factors fixed, and the given reg

Y: ALS factors of the clicked items. Source: Gantner et al. 2010, "Learning attribute-to-feature mappings for cold-start
recommendations", sections 4.2 (kNN) and 4.3 (linear); kernel ridge: Saunders, Gammerman & Vovk 1998.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from visrec_cli.recommenders.als.model import Als
from visrec_cli.recommenders.content_projection import split_parts
from visrec_cli.recommenders.model import Items, Model
from visrec_cli.recommenders.model_requirements import number_of, state_of
from visrec_cli.runtime.adam import Arrays
from visrec_cli.tables.documents import Origin
from visrec_cli.tables.vectors import Matrix

State = Mapping[str, npt.NDArray[Any]]
Choice = tuple[str, float]
_BANK = 4_000  # most clicked items, which knn and kernel keep
_ROWS = 1_024

#: Candidates of a search: the kind of map, and its smoothness (λ of ridge and kernel, k of knn, reg of taste).
CHOICES: tuple[Choice, ...] = (
    ("knn", 100), ("knn", 30), ("knn", 300),
    ("kernel", 3.0), ("kernel", 0.3), ("kernel", 30.0),
    ("ridge", 10.0), ("ridge", 1.0), ("ridge", 100.0),
    ("taste", 0.5), ("taste", 0.05), ("taste", 5.0),
)  # fmt: skip


def learn(choice: Choice, model: Model, features: Matrix, widths: Sequence[int]) -> Arrays:
    """Learn a map on the items that an ALS model knows.

    Parameters
    ----------
    choice : Choice
        Kind and smoothness of the map.
    model : Model
        The ALS model.
    features : Matrix
        (items, sum of widths) projected vectors of the items.
    widths : Sequence[int]
        Width of each projected part.

    Returns
    -------
    Arrays
        The state of the map.
    """
    (kind, smooth), known = choice, model.items.known & features.any(axis=1)
    assert model.items.factors is not None
    if kind == "taste":
        return {"vectors": features * known[:, None], "reg": np.array(smooth)}
    clicks = np.bincount(model.users.history.indices, minlength=len(known))
    inputs, factors = features[known], model.items.factors[known]
    if kind == "ridge":
        gram = inputs.T @ inputs
        gram[np.diag_indices_from(gram)] += np.float32(smooth)
        return {"weights": np.linalg.solve(gram, inputs.T @ factors)}
    first = np.sort(np.argsort(-clicks[known], kind="stable")[:_BANK])
    bank, values = inputs[first], factors[first]
    if kind == "kernel":
        kernel = sum(_kernels(bank, bank, widths), np.zeros((len(bank), len(bank)), np.float32))
        kernel[np.diag_indices_from(kernel)] += np.float32(smooth)
        values = np.linalg.solve(kernel, values)
    return {"bank": bank, "values": values, "neighbours": np.array(smooth if kind == "knn" else 0, np.int64)}


def require_map(model: Model, origin: Origin, items: int, width: int, widths: Sequence[int]) -> tuple[int, ...]:
    """Check that the state of a model holds a map.

    Parameters
    ----------
    model : Model
        The model.
    origin : Origin
        Names the file in error messages.
    items : int
        Number of items.
    width : int
        Width of the factors of behaviour.
    widths : Sequence[int]
        Width of each projected part.

    Returns
    -------
    tuple[int, ...]
        The width of the block that each part contributes.

    Raises
    ------
    InputError
        If an array is missing, has the wrong shape, or a number is negative.
    """
    total = sum(widths)
    if "vectors" in model.state:
        state_of(model, origin, "vectors", (items, total))
        if number_of(model, origin, "reg") < 0:
            raise origin.wrong("state.reg", "it is less than 0")
        return tuple(widths)
    if "weights" in model.state:
        state_of(model, origin, "weights", (total, width))
    else:
        bank = state_of(model, origin, "bank", (None, total))
        state_of(model, origin, "values", (len(bank), width))
        if number_of(model, origin, "neighbours") < 0:
            raise origin.wrong("state.neighbours", "it is less than 0")
    return (width,) * len(widths)


def sides(state: State, model: Model, ids: Sequence[str], history: sp.csr_matrix, parts: int) -> Matrix:
    """Compute the users' factors that the blocks of cold items are multiplied with.

    Parameters
    ----------
    state : State
        State of the map.
    model : Model
        ALS model whose users are the users to score.
    ids : Sequence[str]
        Ids of the users.
    history : sp.csr_matrix
        (users, items) weights of their interactions.
    parts : int
        Number of parts.

    Returns
    -------
    Matrix
        (users, blocks) float32.
    """
    if "vectors" not in state:
        assert model.users.factors is not None
        return np.tile(model.users.factors, parts)
    vectors = state["vectors"]
    settings = {**model.settings, "embedding_size": vectors.shape[1], "reg": state["reg"].item()}
    items = Items(model.items.ids, np.asarray(vectors.any(axis=1)), vectors)
    factors = Als.fold_in(replace(model, settings=settings, items=items), ids, history).factors
    assert factors is not None
    return factors


def place(state: State, features: Matrix, widths: Sequence[int]) -> Matrix:
    """Compute the factors of cold items from their vectors.

    Parameters
    ----------
    state : State
        State of the map.
    features : Matrix
        (n, sum of widths) projected vectors of the items.
    widths : Sequence[int]
        Width of each projected part.

    Returns
    -------
    Matrix
        (n, blocks) float32: the contribution of each part, part by part.
    """
    if "vectors" in state:
        return features
    if "weights" in state:
        sides = zip(split_parts(features, widths), np.split(state["weights"], np.cumsum(widths)[:-1]), strict=True)
        return np.hstack([inputs @ weights for inputs, weights in sides])
    blocks = [_weigh(state, features[start : start + _ROWS], widths) for start in range(0, len(features), _ROWS)]
    return np.concatenate([np.zeros((0, len(widths) * state["values"].shape[1]), np.float32), *blocks])


def _weigh(state: State, features: Matrix, widths: Sequence[int]) -> Matrix:
    bank, k = state["bank"], int(state["neighbours"].item())
    if not k:
        return np.hstack([kernel @ state["values"] for kernel in _kernels(features, bank, widths)])
    near = [np.maximum(cosine, 0) / len(widths) for cosine in _cosines(features, bank, widths)]
    total = np.sum(near, axis=0)
    kept = total > 0
    if k < len(bank):
        kept &= total >= np.partition(total, len(bank) - k, axis=1)[:, len(bank) - k][:, None]
    share = kept / np.maximum((total * kept).sum(axis=1, keepdims=True), 1e-12)
    return np.hstack([(part * share).astype(np.float32) @ state["values"] for part in near])


def _kernels(features: Matrix, bank: Matrix, widths: Sequence[int]) -> list[Matrix]:
    """One (n, bank) matrix per part; 0 where either item does not have that part."""
    cosines = _cosines(features, bank, widths)
    return [np.exp(2 * (cosine - 1)) * (cosine != 0) / len(widths) for cosine in cosines]


def _cosines(features: Matrix, bank: Matrix, widths: Sequence[int]) -> list[Matrix]:
    sides = zip(split_parts(features, widths), split_parts(bank, widths), strict=True)
    return [_unit(inputs) @ _unit(others).T for inputs, others in sides]


def _unit(vectors: Matrix) -> Matrix:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
