"""What every encoder promises. A test class inherits a suite and says how its encoder is made."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.conftest import COLOURS, draw
from visrec_cli.encoders.base import ImageEncoder, TextEncoder
from visrec_cli.errors import UsageError
from visrec_cli.tables.spaces import space_of

PICTURES = [draw(shape, colour, seed=i) for i, (shape, colour) in enumerate(
    (shape, colour) for shape in ("square", "disc") for colour in COLOURS.values()
)]  # fmt: skip
TEXTS = ["red dress", "a long blue coat of wool for the winter", "x", "shoes", "a red gown", "café crème, 5 €"]


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    a, b = a.astype(np.float64), b.astype(np.float64)
    return (a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))


class EncoderSuite:
    """Of pictures and of texts. Inherit one of the two below, not this."""

    @classmethod
    def make(cls, **options: Any) -> Any:
        """A new encoder; options are ``normalise`` and ``precise``."""
        raise NotImplementedError

    def vectors_of(self, encoder: Any, things: list[Any]) -> np.ndarray:
        raise NotImplementedError

    THINGS: list[Any]

    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls) -> Any:
        return cls.make()

    def test_one_finite_float_vector_for_each(self, encoder: Any) -> None:
        vectors = self.vectors_of(encoder, self.THINGS)
        assert vectors.shape == (len(self.THINGS), encoder.dimension)
        assert vectors.dtype == np.float32
        assert vectors.flags.c_contiguous
        assert np.isfinite(vectors).all()

    def test_vectors_have_length_one_unless_asked_otherwise(self, encoder: Any) -> None:
        vectors = self.vectors_of(encoder, self.THINGS)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
        raw = self.make(normalise=False)
        assert (encoder.space.normalised, raw.space.normalised) == (True, False)
        np.testing.assert_allclose(cosines(self.vectors_of(raw, self.THINGS), vectors), 1, atol=1e-5)

    def test_the_batch_does_not_matter(self, encoder: Any) -> None:
        together = self.vectors_of(encoder, self.THINGS)
        alone = np.concatenate([self.vectors_of(encoder, [thing]) for thing in self.THINGS])
        assert cosines(together, alone).min() > 1 - 1e-5

    def test_the_order_does_not_matter(self, encoder: Any) -> None:
        forwards = self.vectors_of(encoder, self.THINGS)
        backwards = self.vectors_of(encoder, self.THINGS[::-1])
        assert cosines(forwards, backwards[::-1]).min() > 1 - 1e-5

    def test_the_same_input_gives_the_same_bytes(self, encoder: Any) -> None:
        assert self.vectors_of(encoder, self.THINGS).tobytes() == self.vectors_of(encoder, self.THINGS).tobytes()

    def test_different_things_differ(self, encoder: Any) -> None:
        vectors = self.vectors_of(encoder, self.THINGS)
        assert len(np.unique(vectors.round(5), axis=0)) == len(self.THINGS)

    def test_the_space_survives_a_table_and_a_new_start(self, encoder: Any) -> None:
        assert space_of(encoder.space.field("e")) == encoder.space
        assert self.make().space == encoder.space
        assert encoder.space.encoder == encoder.spec
        assert encoder.space.dimension == encoder.dimension

    def test_raw_vectors_are_another_space(self, encoder: Any) -> None:
        assert self.make(normalise=False).space != encoder.space


class ImageEncoderSuite(EncoderSuite):
    """Inherit, and make your picture encoder."""

    THINGS = PICTURES

    def vectors_of(self, encoder: ImageEncoder, things: list[Image.Image]) -> np.ndarray:
        return encoder.encode([encoder.prepare(picture) for picture in things])

    @pytest.mark.parametrize("size", [(1, 1), (1, 300), (500, 3), (97, 131), (1500, 1100)])
    def test_pictures_of_any_size(self, encoder: ImageEncoder, size: tuple[int, int]) -> None:
        picture = PICTURES[0].resize(size)
        assert np.isfinite(self.vectors_of(encoder, [picture, PICTURES[1]])).all()
        assert picture.size == size, "prepare must leave its picture alone"

    def test_preparing_in_threads_changes_nothing(self, encoder: ImageEncoder) -> None:
        with ThreadPoolExecutor(4) as pool:
            threaded = list(pool.map(encoder.prepare, PICTURES * 3))
        for one, other in zip(threaded, [encoder.prepare(p) for p in PICTURES] * 3, strict=True):
            np.testing.assert_array_equal(one, other)

    def test_a_darker_copy_is_nearer_than_another_picture(self, encoder: ImageEncoder) -> None:
        original = PICTURES[0]
        copy, other = original.point(lambda value: int(value * 0.97)), PICTURES[7]
        a, b, c = self.vectors_of(encoder, [original, copy, other]).astype(np.float64)
        assert a @ b > a @ c

    def test_names_what_it_sees_or_says_that_it_cannot(self, encoder: ImageEncoder) -> None:
        prepared = [encoder.prepare(picture) for picture in PICTURES]
        if not encoder.classes:
            with pytest.raises(UsageError, match="no classifier"):
                encoder.recognise(prepared, 3)
            return
        vectors, found = encoder.recognise(prepared, 3)
        assert cosines(vectors, encoder.encode(prepared)).min() > 1 - 1e-6
        assert [len(labels) for labels in found] == [3] * len(PICTURES)
        for labels in found:
            scores = [one.score for one in labels]
            assert scores == sorted(scores, reverse=True)
            assert 0 < sum(scores) <= 1 + 1e-5
            assert {one.label for one in labels} <= set(encoder.classes)


class TextEncoderSuite(EncoderSuite):
    """Inherit, and make your text encoder."""

    THINGS = TEXTS

    def vectors_of(self, encoder: TextEncoder, things: list[str]) -> np.ndarray:
        return encoder.encode(things)

    def test_batches_inside_a_call_do_not_matter(self, encoder: TextEncoder) -> None:
        assert cosines(encoder.encode(TEXTS, batch_size=2), encoder.encode(TEXTS, batch_size=50)).min() > 1 - 1e-5

    def test_queries_are_in_the_same_space(self, encoder: TextEncoder) -> None:
        assert encoder.encode_query(TEXTS).shape == (len(TEXTS), encoder.dimension)

    def test_counts_what_it_cuts(self, encoder: TextEncoder) -> None:
        within, beyond = "a " * (encoder.token_limit - 2), "a " * (encoder.token_limit - 1)
        assert encoder.cut([]) == []
        assert encoder.cut([*TEXTS[:1], within]) == [False, False]
        assert encoder.cut([beyond, TEXTS[0], beyond]) == [True, False, True]
        same = encoder.encode([beyond, beyond + "and much more that is never read"])
        assert cosines(same[:1], same[1:]).min() > 1 - 1e-5, "what is beyond the limit must not matter"
