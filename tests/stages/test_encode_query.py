from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from tests.conftest import draw
from visrec_cli.encoders.opening import open_image_encoder
from visrec_cli.errors import SpaceMismatchError, UsageProblem
from visrec_cli.stages.embed_text import embed_text
from visrec_cli.stages.recommending.encode_query import encode_picture, encode_sentence
from visrec_cli.tables.columns import matrix_of
from visrec_cli.tables.spaces import Space, space_of

PICTURES = [draw("disc", (200, 30, 40), seed=n) for n in range(70)]


def test_a_picture_lands_where_the_table_has_it() -> None:
    encoder = open_image_encoder("colour+hog")
    expected = encoder.encode([encoder.prepare(picture) for picture in PICTURES])
    np.testing.assert_array_equal(encode_picture(encoder.space, PICTURES), expected)


def test_raw_spaces_get_raw_vectors() -> None:
    space = open_image_encoder("colour", normalise=False).space
    [vector] = encode_picture(space, PICTURES[:1])
    assert encode_picture(open_image_encoder("colour").space, PICTURES[:1]).shape == (1, len(vector))
    np.testing.assert_array_equal(vector, open_image_encoder("colour", normalise=False).encode(
        [open_image_encoder("colour").prepare(PICTURES[0])]
    )[0])  # fmt: skip


def test_a_sentence_lands_where_the_table_has_it() -> None:
    table = embed_text(pa.table({"id": ["1"], "title": ["a red dress"]}), columns=["title"], device="cpu").read_all()
    space = space_of(table.schema.field("text_embedding"))
    assert space is not None
    [query] = encode_sentence(space, ["a red dress"], device="cpu")
    [[stored], _] = matrix_of(table["text_embedding"])
    np.testing.assert_allclose(query, stored, atol=1e-5)


def test_other_weights_or_preprocessing_are_another_space() -> None:
    space = open_image_encoder("lite0", device="cpu").space
    for other in (replace(space, weights="0" * 64), replace(space, preprocessing={"decoder": "opencv"})):
        with pytest.raises(SpaceMismatchError):
            encode_picture(other, PICTURES[:1], device="cpu")


def test_what_a_space_cannot_take() -> None:
    with pytest.raises(UsageProblem, match="lite0 cannot be compared with text") as caught:
        encode_sentence(Space("lite0", 1280, True), ["red"])
    assert "embed-text" in str(caught.value.fix)
    with pytest.raises(UsageProblem, match="minilm cannot be compared with pictures"):
        encode_picture(Space("minilm", 384, True), PICTURES[:1])


def test_no_queries_give_no_vectors() -> None:
    assert encode_picture(open_image_encoder("colour").space, []).shape[0] == 0
