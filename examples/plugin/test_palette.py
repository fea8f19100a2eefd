"""The three members by hand, and by the contract suites of a checkout of visrec (PYTHONPATH=/path/to/visrec-cli)."""

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from PIL import Image
from visrec_palette.encoder import Palette
from visrec_palette.metric import FirstHit
from visrec_palette.recommender import AfterThat

from tests.contracts.encoder_suite import ImageEncoderSuite
from tests.contracts.metric_suite import MetricSuite, lists_of, truth_of, world
from tests.contracts.recommender_suite import RecommenderSuite
from visrec_cli.encoders.factory import open_image_encoder
from visrec_cli.recommenders.data import Log


class TestPalette(ImageEncoderSuite):
    @classmethod
    def make(cls, **options: Any) -> Palette:
        return open_image_encoder("palette", **options)  # as visrec opens it, by its entry point


class TestAfterThat(RecommenderSuite):
    name = "after-that"


class TestFirstHit(MetricSuite):
    name = "first-hit"


def test_a_picture_of_one_colour_has_one_number() -> None:
    encoder = Palette("")
    vectors = encoder.encode([encoder.prepare(Image.new("RGB", (30, 20), (255, 0, 64)))])
    assert np.flatnonzero(vectors[0]).tolist() == [(3 * 4 + 0) * 4 + 1]


def test_the_rule_by_hand() -> None:
    # a and b have two users in common, a has three: 2 / (3 + 1)
    clicks = sp.csr_matrix(np.array([[1, 1, 0], [1, 1, 0], [1, 0, 1]], np.float32))
    model = AfterThat(shrink=1).fit(Log(("u", "v", "w"), ("a", "b", "c"), clicks))
    np.testing.assert_allclose(model.items.neighbours.toarray(), [[0, 2 / 4, 1 / 4], [2 / 3, 0, 0], [1 / 2, 0, 0]])


def test_the_first_hit_by_hand() -> None:
    lists = lists_of([7, 8, 9, 2, 3, 1], [3, 1], [5], truth=truth_of({1: 1.0}, {3: 1.0}, {2: 1.0}))
    assert FirstHit.each(lists, 6, world()).tolist() == pytest.approx([1 / 2, 1, 0])
    assert FirstHit.each(lists, 5, world()).tolist() == pytest.approx([0, 1, 0])
