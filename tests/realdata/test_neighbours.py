"""Anchors: recall@20 on the benchmarks' own splits, all items ranked, training items left out."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp

from visrec_cli.metrics.accuracy import Recall
from visrec_cli.metrics.base import ItemStats, Lists
from visrec_cli.recommenders.data import Log
from visrec_cli.recommenders.top_k import tie_order, top_k
from visrec_cli.registry import find

SIZES = {"amazon-baby": (19_445, 7_050), "tiktok-mm": (9_308, 6_710)}


def recall_at_20(folder: Path, data: str, recommender: str) -> float:
    table = pl.read_csv(folder / data / "interactions.csv")
    n, m = SIZES[data]
    parts = {}
    for name in ("train", "test"):
        some = table.filter(pl.col("split") == name)
        pairs = some["user"].to_numpy(), some["item"].to_numpy()
        parts[name] = sp.csr_matrix((np.ones(len(some), np.float32), pairs), shape=(n, m))
    users, items = tuple(f"u{u}" for u in range(n)), tuple(f"i{i}" for i in range(m))
    model = find("recommender", recommender)().fit(Log(users, items, parts["train"]))
    asked = np.flatnonzero(np.diff(parts["test"].indptr))
    draw, found = tie_order(items), []
    for block in np.array_split(asked, 10):
        top, _ = top_k(model.scores(model.users.take(block)), 20, tie_order=draw, exclude=parts["train"][block])
        truth = parts["test"][block]
        found.append(Recall.each(Lists(top, truth), 20, ItemStats(truth.shape[1])))
    return float(np.concatenate(found).mean())


@pytest.mark.realdata
@pytest.mark.parametrize(("data", "published"), [("amazon-baby", 0.0463), ("tiktok-mm", 0.0597)])
def test_popularity_is_where_others_found_it(shared_data: Path, data: str, published: float) -> None:
    assert recall_at_20(shared_data, data, "popularity") == pytest.approx(published, abs=5e-4)


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("recommender", "data", "at_least"),
    [("item-knn", "amazon-baby", 0.0698), ("item-knn", "tiktok-mm", 0.0957)],
)
def test_neighbours_as_they_come_beat_published_networks(
    shared_data: Path, recommender: str, data: str, at_least: float
) -> None:
    """LightGCN on amazon-baby, BM3 on tiktok-mm; the defaults were chosen on the validation parts of both."""
    assert recall_at_20(shared_data, data, recommender) > at_least
