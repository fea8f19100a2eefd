"""Fusions that learn what counts."""

from typing import Any

import numpy as np
import pytest

from tests.contracts.fuser_suite import ROWS, MixingSuite, fused, planted, table
from visrec_cli.errors import UsageError
from visrec_cli.registry import find
from visrec_cli.stages.fuse import fuse
from visrec_cli.tables.vectors import unit_rows

QUICK: dict[str, Any] = {"epochs": 30, "batch_size": 128}


class TestWeightedSoftmax(MixingSuite):
    method = "weighted-softmax"
    settings: dict[str, Any] = {"epochs": 40, "batch_size": 128}  # noqa: RUF012
    dim = None

    def test_the_weight_goes_where_the_label_is(self) -> None:
        pictures, _, labels = planted()
        texts = unit_rows(np.random.default_rng(1).normal(size=(ROWS, 16)).astype(np.float32))
        _, _, space = fused(table(pictures, texts, labels), **self.options())
        weights = space.transform["weights"]
        assert weights["image_embedding"] ** 2 > 0.7
        np.testing.assert_allclose(sum(w**2 for w in weights.values()), 1, atol=1e-4)

    def test_the_result_is_a_concatenation(self) -> None:
        pictures, texts, labels = planted()
        got, _, space = fused(table(pictures, texts, labels), **self.options())
        assert (space.encoder, space.transform["method"]) == ("weighted-softmax", "concat")
        same, _, _ = fused(table(pictures, texts, labels), weights=space.transform["weights"])
        np.testing.assert_allclose(got, same, atol=1e-6)


class TestAttention(MixingSuite):
    method = "attention"
    settings = QUICK


class TestMultiplicativeAttention(MixingSuite):
    method = "attention"
    settings: dict[str, Any] = {**QUICK, "score": "multiplicative"}  # noqa: RUF012


class TestGated(MixingSuite):
    method = "gated"
    settings = QUICK


class TestCrossAttention(MixingSuite):
    method = "cross-attention"
    settings = QUICK
    dim = 16

    def test_the_width_must_be_cut_into_tokens(self) -> None:
        with pytest.raises(UsageError, match="--dim 10 cannot be split into 4 tokens") as refused:
            fuse(table(*planted()), **self.options(dim=10)).read_all()
        assert refused.value.fix == "use --dim 8"


@pytest.mark.parametrize("method", ["attention", "gated", "cross-attention"])
def test_numpy_and_torch_read_the_same_formula(method: str) -> None:
    import torch

    kind, rng = find("fuser", method), np.random.default_rng(0)
    how = {name: knob.default for name, knob in kind.settings.items()}
    weights = {f"head:{m}": rng.normal(size=(width, 8)) for m, width in enumerate((5, 6, 7))}
    weights |= {f"bias:{m}": rng.normal(size=8) for m in range(3)} | kind.mixer(rng, 3, 8, how)
    blocks = [rng.normal(size=(9, width)) for width in (5, 6, 7)]
    present = (rng.random((9, 3)) < 0.6).astype(float)
    ours = kind.mixed(np, weights, blocks, present, how)
    tensors = {name: torch.tensor(array, dtype=torch.float64) for name, array in weights.items()}
    theirs = kind.mixed(torch, tensors, [torch.tensor(b) for b in blocks], torch.tensor(present), how)
    np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-9)


@pytest.mark.parametrize("method", ["attention", "gated", "cross-attention"])
def test_what_is_missing_has_no_say(method: str) -> None:
    """Whatever stands in the place of a missing part, the result is the same."""
    kind, rng = find("fuser", method), np.random.default_rng(0)
    how = {name: knob.default for name, knob in kind.settings.items()}
    weights = {f"head:{m}": rng.normal(size=(5, 8)) for m in range(2)}
    weights |= {f"bias:{m}": rng.normal(size=8) for m in range(2)} | kind.mixer(rng, 2, 8, how)
    picture, present = rng.normal(size=(4, 5)), np.tile([1.0, 0.0], (4, 1))
    results = [kind.mixed(np, weights, [picture, junk * np.ones((4, 5))], present, how) for junk in (0, 7)]
    np.testing.assert_allclose(*results, atol=1e-9)
