import numpy as np
import pytest

from tests.contracts.index_suite import unit
from visrec_cli.ranking.explanation import common_labels, sentence, shares
from visrec_cli.tables.spaces import Source, Space

PICTURE = Space("lite0", 2, True)
TEXT = Space("minilm", 3, True, kind="text")


def fused(*sources: Source, **transform: object) -> Space:
    width = sum(source.dimension for source in sources)
    return Space("concat", width, True, kind="fused", sources=sources, transform={"method": "concat", **transform})


BOTH = fused(Source("image_embedding", PICTURE, 2), Source("text_embedding", TEXT, 3))


def test_shares_are_the_blocks_and_sum_to_the_cosine() -> None:
    query, *items = unit(np.random.default_rng(0).normal(size=(5, 5)))
    found = shares(BOTH, query, np.array(items))
    assert [name for name, _ in found] == ["picture", "text"]
    np.testing.assert_allclose(found[0][1], [item[:2] @ query[:2] for item in items], rtol=1e-5)
    np.testing.assert_allclose(sum(values for _, values in found), np.array(items) @ query, rtol=1e-5)


@pytest.mark.parametrize(
    ("space", "names"),
    [
        (None, ["similarity"]),
        (Space("lite0", 5, True), ["picture"]),
        (Space("minilm", 5, True, kind="text"), ["text"]),
        (Space("st:clip", 5, True, kind="joint"), ["similarity"]),
        (fused(*BOTH.sources, reduction={"name": "pca"}), ["similarity"]),
        (Space("lite0", 7, True), ["similarity"]),  # a space that does not fit the column explains nothing
        (fused(Source("front", PICTURE, 2), Source("back", PICTURE, 3)), ["front", "back"]),
        (fused(Source("image_embedding", PICTURE, 2), Source("mystery", None, 3)), ["picture", "mystery"]),
    ],
)
def test_names(space: Space | None, names: list[str]) -> None:
    vectors = unit(np.random.default_rng(1).normal(size=(3, 5)))
    found = shares(space, vectors[0], vectors)
    assert [name for name, _ in found] == names
    np.testing.assert_allclose(sum(values for _, values in found), vectors @ vectors[0], rtol=1e-5)


def test_common_labels_surest_first_at_most_two() -> None:
    mine = [{"label": label, "score": score} for label, score in [("jersey", 0.9), ("bag", 0.8), ("hat", 0.7)]]
    theirs = [
        {"label": label, "score": score} for label, score in [("hat", 0.6), ("jersey", 0.5), ("bag", 0.4), ("x", 1.0)]
    ]
    assert common_labels(mine, theirs) == ["hat", "jersey"]
    assert common_labels([{"label": "guess", "score": 0.1}], [{"label": "guess", "score": 0.9}]) == []
    assert common_labels(None, theirs) == common_labels(mine, []) == []
    assert common_labels([{"label": "a", "score": None}], [{"label": "a", "score": 1.0}]) == ["a"]


def test_sentences() -> None:
    assert sentence([("picture", 0.712), ("text", 0.18)], ["jersey"]) == "picture 0.71 · text 0.18 · both: jersey"
    assert sentence([("picture", 0.0), ("text", 0.5)], []) == "text 0.50"
    assert sentence([("picture", 0.001)], []) == "similarity 0.00"
