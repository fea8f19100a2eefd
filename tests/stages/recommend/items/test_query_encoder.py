from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from tests.conftest import draw
from visrec_cli.encoders.factory import open_image_encoder
from visrec_cli.errors import SpaceMismatchError, UsageError
from visrec_cli.stages.embed_text import embed_text
from visrec_cli.stages.recommend.items.query_encoder import picture_encoder, text_encoder
from visrec_cli.tables.spaces import Space, space_of
from visrec_cli.tables.vectors import matrix_of

PICTURE = draw("disc", (200, 30, 40))


def test_the_encoder_is_the_one_that_made_the_space() -> None:
    for normalise in (True, False):
        made = open_image_encoder("colour+hog", normalise=normalise)
        found = picture_encoder(made.space)
        assert (found.spec, found.space, found.engine) == (made.spec, made.space, made.engine)
        np.testing.assert_array_equal(*(one.encode([one.prepare(PICTURE)]) for one in (found, made)))


def test_a_sentence_lands_where_the_table_has_it() -> None:
    table = embed_text(pa.table({"id": ["1"], "title": ["a red dress"]}), columns=["title"], device="cpu").read_all()
    space = space_of(table.schema.field("text_embedding"))
    assert space is not None
    [query] = text_encoder(space, device="cpu").encode_query(["a red dress"])
    [[stored], _] = matrix_of(table["text_embedding"])
    np.testing.assert_allclose(query, stored, atol=1e-5)


def test_other_weights_or_preprocessing_are_another_space() -> None:
    space = open_image_encoder("lite0", device="cpu").space
    for other in (replace(space, weights="0" * 64), replace(space, preprocessing={"decoder": "opencv"})):
        with pytest.raises(SpaceMismatchError):
            picture_encoder(other, device="cpu")


def test_what_a_space_cannot_take() -> None:
    with pytest.raises(UsageError, match="lite0 cannot be compared with text") as caught:
        text_encoder(Space("lite0", 1280, True))
    assert "embed-text" in str(caught.value.fix)
    with pytest.raises(UsageError, match="minilm cannot be compared with pictures"):
        picture_encoder(Space("minilm", 384, True))
