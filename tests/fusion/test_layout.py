"""Layouts: what is alike lies near, and the same vectors and seed give the same bytes."""

import sys

import numpy as np
import pytest

from visrec_cli.errors import UnavailableError, UsageError
from visrec_cli.fusion.layout import lay_out
from visrec_cli.tables.vectors import unit_rows


def three_kinds(each: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors around three far centres, and the kind of each."""
    rng = np.random.default_rng(0)
    kinds = np.repeat(np.arange(3), each)
    return unit_rows((np.eye(3, 64)[kinds] * 3 + rng.normal(0, 0.2, (3 * each, 64))).astype(np.float32)), kinds


@pytest.mark.parametrize("method", ["tsne", "umap", "pca"])
def test_kinds_lie_apart(method: str) -> None:
    if method == "umap":
        pytest.importorskip("umap")
    vectors, kinds = three_kinds()
    places = lay_out(vectors, method)
    assert places.shape == (60, 2)
    assert places.dtype == np.float32
    distances = np.linalg.norm(places[:, None] - places[None], axis=2) + np.diag(np.full(60, np.inf))
    nearest = np.argsort(distances, axis=1)[:, :5]
    assert (kinds[nearest] == kinds[:, None]).mean() > 0.99


@pytest.mark.parametrize("method", ["tsne", "pca"])
def test_the_same_vectors_and_seed_give_the_same_bytes(method: str) -> None:
    vectors, _ = three_kinds()
    assert lay_out(vectors, method, seed=7).tobytes() == lay_out(vectors, method, seed=7).tobytes()


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_a_few_items_have_places_too(n: int) -> None:
    vectors = np.eye(n, 16, dtype=np.float32)
    places = lay_out(vectors, "tsne")
    assert places.shape == (n, 2)
    assert np.isfinite(places).all()
    assert len(np.unique(places, axis=0)) == n


def test_equal_vectors_do_not_break_it() -> None:
    assert np.isfinite(lay_out(np.ones((12, 8), np.float32), "tsne")).all()
    assert not lay_out(np.ones((12, 8), np.float32), "pca").any()


def test_an_unknown_layout_names_the_near_one() -> None:
    with pytest.raises(UsageError) as refusal:
        lay_out(np.eye(4, dtype=np.float32), "tsnee")
    assert "tsne" in str(refusal.value.fix)


def test_without_umap_the_refusal_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "umap", None)
    for n in (2, 40):
        with pytest.raises(UnavailableError) as refusal:
            lay_out(np.eye(n, 64, dtype=np.float32), "umap")
        assert "visrec-cli[umap]" in str(refusal.value.fix)
