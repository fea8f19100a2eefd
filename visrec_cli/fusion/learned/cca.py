"""Canonical correlation analysis: directions in which picture and text agree most."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from visrec_cli.errors import InputError
from visrec_cli.fusion.learned.base import FuserTrainingData
from visrec_cli.fusion.learned.joint import Joint
from visrec_cli.fusion.learned.retrieval_scores import mean_reciprocal_rank
from visrec_cli.runtime.settings import Setting
from visrec_cli.tables.vectors import Matrix

_RIDGES = (0.01, 0.1, 1.0, 10.0)
Wide = npt.NDArray[np.float64]


class Cca(Joint):
    """Directions of the two modalities whose coordinates correlate most over the catalogue's own pairs.

        A, ρ, B = the singular value decomposition of  C_xx^-1/2 C_xy C_yy^-1/2
        W_x = C_xx^-1/2 A ρ^power,   W_y = C_yy^-1/2 B ρ^power
        C + ridge · mean variance on the diagonals

    A closed form: no iterations, no randomness. Without the ridge, and with as many numbers per vector as there are
    items, any two modalities correlate perfectly and nothing is learned; its size is chosen on held-back pairs.
    scikit-learn's CCA has no ridge.

    References
    ----------
    Hotelling 1936; ridge: Vinod 1976; weighting by the correlations: Gong et al. 2014, section 4.1.
    """

    name: ClassVar[str] = "cca"
    summary: ClassVar[str] = "pictures and texts in one space, in closed form; learned from the items' own pairs"
    targets: ClassVar[tuple[str, ...]] = ("pairs",)
    defaults: ClassVar[bool] = True
    sides: ClassVar[tuple[int, int | None]] = (2, 2)
    settings: ClassVar[dict[str, Setting]] = {
        "ridge": Setting(
            0.0, "added to the variances, as a multiple of their mean; 0: chosen on held-back pairs", least=0
        ),
        "power": Setting(1.0, "how strongly directions are weighted by their correlation; 0: all equally", least=0),
    }

    @classmethod
    def fit(cls, examples: FuserTrainingData, settings: Mapping[str, Any]) -> Self:
        """Solve once for each candidate ridge, and once more with all pairs.

        Parameters
        ----------
        examples : FuserTrainingData
            The training data.
        settings : Mapping[str, Any]
            All settings of the class.

        Returns
        -------
        Self
            The trained fusion.

        Raises
        ------
        InputError
            If there are too few pairs, none to choose the ridge with, or the modalities are not correlated.
        """
        learned, held = examples.parts(least=2)
        every = np.sort(np.concatenate([learned, held]))
        blocks = [np.asarray(block, np.float64) for block in examples.blocks]
        tried: dict[float, float] = {}
        if settings["ridge"]:
            ridge = settings["ridge"]
        else:
            if not len(held):
                raise InputError(
                    "cca chooses its ridge on held-back pairs, and there are none",
                    fix="use --set ridge=1, or --validation 0.1",
                )
            examples.report.expect(len(_RIDGES) + 1, "solutions")
            solve = _Solver([block[learned] for block in blocks])
            for each in _RIDGES:
                arrays = solve(each, settings["power"], examples.dim)
                sides = cls(arrays, settings, {}).sides_of([block[held] for block in examples.blocks])
                tried[each] = mean_reciprocal_rank(sides)
                examples.report.advance()
            ridge = max(tried, key=lambda each: tried[each])
        arrays = _Solver([block[every] for block in blocks])(ridge, settings["power"], examples.dim)
        facts: dict[str, Any] = {
            "target": examples.target.name,
            "seed": examples.seed,
            "pairs": len(every),
            "ridge": ridge,
        }
        if tried:
            facts |= {"metric": "mrr", "validation": round(tried[ridge], 4)}
        return cls(arrays, settings, facts)


class _Solver:
    """Solver that keeps the eigenvectors of both covariances for every ridge. blocks: two (n, d) float64 matrices."""

    def __init__(self, blocks: list[Wide]) -> None:
        self._means = [block.mean(axis=0) for block in blocks]
        x, y = (block - mean for block, mean in zip(blocks, self._means, strict=True))
        self._roots = [np.linalg.eigh(block.T @ block / len(block)) for block in (x, y)]
        self._cross = x.T @ y / len(x)

    def __call__(self, ridge: float, power: float, dim: int) -> dict[str, Matrix]:
        """``head:m`` and ``bias:m`` of at most ``dim`` directions."""
        halves = [_inverse_root(values, vectors, ridge) for values, vectors in self._roots]
        left, correlation, right = np.linalg.svd(halves[0] @ self._cross @ halves[1], full_matrices=False)
        keep = np.flatnonzero(correlation > 1e-6)[:dim]
        if not len(keep):
            raise InputError("the two modalities are not correlated", fix="use --method concat")
        signs = np.sign(left[np.abs(left[:, keep]).argmax(axis=0), keep])  # signs are arbitrary: fix them
        scale = signs * correlation[keep] ** power
        maps = [halves[0] @ left[:, keep] * scale, halves[1] @ right[keep].T * scale]
        arrays: dict[str, Matrix] = {}
        for m, (matrix, mean) in enumerate(zip(maps, self._means, strict=True)):
            arrays[f"head:{m}"] = matrix.astype(np.float32)
            arrays[f"bias:{m}"] = -(mean @ matrix).astype(np.float32)
        return arrays


def _inverse_root(values: Wide, vectors: Wide, ridge: float) -> Wide:
    values = np.maximum(values, 0)
    kept = values + ridge * max(float(values.mean()), 1e-12)
    return np.asarray((vectors / np.sqrt(kept)) @ vectors.T)
