"""What the encoders are worth on real photos of clothes."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv

from visrec_cli.stages.embed_images import embed_images
from visrec_cli.stages.embed_text import embed_text
from visrec_cli.tables.vectors import matrix_of

pytestmark = pytest.mark.realdata


def same_kind(vectors: np.ndarray, kinds: list[str], k: int = 10) -> float:
    """Leave one out: the share of each item's ``k`` nearest that are of its kind."""
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -2)
    nearest = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    names = np.array(kinds)
    return float((names[nearest] == names[:, None]).mean())


def matrix(table: pa.Table, name: str) -> np.ndarray:
    vectors, valid = matrix_of(table[name])
    assert valid.all()
    return vectors


def test_learned_features_beat_hand_made_ones_on_free_photos(shared_data: Path) -> None:
    source = shared_data / "clothing-cc0" / "items.csv"
    tables = [embed_images(source, encoder=spec, device="cpu").read_all() for spec in ("lite0", "colour+hog")]
    learned, hand = (same_kind(matrix(t, "image_embedding"), t["category"].to_pylist()) for t in tables)
    assert learned > 0.58
    assert learned > hand + 0.25


def test_picture_and_title_together_beat_either(shared_data: Path) -> None:
    folder = shared_data / "fashion-dev"
    items = csv.read_csv(folder / "items.csv").slice(0, 600)
    paths = [str(folder / image) for image in items["image"].to_pylist()]
    items = items.append_column("image_path", pa.array(paths))
    seen = embed_images(items, encoder="lite0", device="cpu")
    table = embed_text(seen, columns=["title"], device="cpu").read_all()
    kinds = table["category"].to_pylist()
    picture, title = matrix(table, "image_embedding"), matrix(table, "text_embedding")
    both = np.concatenate([picture, title], axis=1) / np.sqrt(2)
    assert same_kind(both, kinds) > max(same_kind(picture, kinds), same_kind(title, kinds)) + 0.03
