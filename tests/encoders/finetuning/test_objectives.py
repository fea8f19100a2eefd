import math
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from visrec_cli.encoders.finetuning.augmentations import Augmentations, kinds_of
from visrec_cli.encoders.finetuning.classification import Classification
from visrec_cli.encoders.finetuning.collaborative import CollaborativePreference
from visrec_cli.encoders.finetuning.objectives import contrast, in_parts
from visrec_cli.encoders.finetuning.similarity import MetricLearning
from visrec_cli.errors import UsageError

RNG = np.random.default_rng(0)


def test_contrast_by_hand() -> None:
    # a and b the same, c at a right angle: a sees b at 1/T and c at 0, and b sees a so; c has no positive.
    vectors = torch.tensor([[2.0, 0], [5, 0], [0, 1]])
    positives = torch.tensor([[0, 1, 0], [1, 0, 0], [0, 0, 0]], dtype=torch.bool)
    assert float(contrast(vectors, positives, 0.5)) == pytest.approx(math.log(1 + math.exp(-2)))


def test_contrast_without_any_positive_is_nothing_to_learn() -> None:
    vectors = torch.randn(3, 2, requires_grad=True)
    loss = contrast(vectors, torch.zeros(3, 3, dtype=torch.bool), 0.1)
    loss.backward()
    assert float(loss.detach()) == 0


def test_a_last_part_of_one_is_left_out() -> None:
    assert [len(part) for part in in_parts(np.arange(9), 4)] == [4, 4]
    assert [len(part) for part in in_parts(np.arange(10), 4)] == [4, 4, 2]


def groups_of(codes: list[int]) -> sp.csr_matrix:
    return sp.csr_matrix(np.eye(max(codes) + 1, dtype=np.float32)[codes])


def test_every_picture_of_a_batch_has_its_partner_there_and_strangers_are_apart() -> None:
    codes = [0, 0, 1, 1, 2, 2, 2, 3]
    objective = MetricLearning(groups_of(codes), np.arange(8), np.array([], np.int64))
    seen = set()
    for batch in objective.batches(np.random.default_rng(1), 4):
        for place, row in enumerate(batch.rows):
            expected = [codes[row] == codes[other] and row != other for other in batch.rows]
            assert batch.about[place].tolist() == expected
            assert any(expected)
        seen |= set(batch.rows.tolist())
    assert seen == set(range(7))  # number 7 is alone


def test_partners_are_never_among_those_held_back() -> None:
    objective = MetricLearning(groups_of([0, 0, 0, 1, 1, 1]), np.array([0, 1, 3, 4]), np.array([2, 5]))
    for batch in objective.batches(np.random.default_rng(0), 8):
        assert not {2, 5} & set(batch.rows.tolist())


def test_neighbours_are_judged_among_those_held_back() -> None:
    objective = MetricLearning(groups_of([0] * 14 + [1] * 14), np.array([0, 14]), np.arange(1, 28))
    apart = np.array([[1.0, 0]] * 14 + [[0, 1.0]] * 14, np.float32)
    assert objective.score(lambda rows: torch.from_numpy(apart[rows]), {}) == 1
    crossed = np.array([[1.0, 0], [0, 1.0]] * 14, np.float32)
    assert 0.3 < objective.score(lambda rows: torch.from_numpy(crossed[rows]), {}) < 0.7


def test_accuracy_is_of_the_first_column_and_pictures_without_a_label_are_left_out() -> None:
    codes = np.array([[0, 1], [1, 0], [-1, 1], [1, -1], [-1, -1]])
    objective = Classification([["a", "b"], ["x", "y"]], codes, np.arange(5), np.arange(5))
    rows = np.concatenate([batch.rows for batch in objective.batches(RNG, 2)])
    assert set(rows.tolist()) <= {0, 1, 2, 3}
    heads = {"0": lambda vectors: vectors}
    vectors = torch.tensor([[1.0, 0], [0, 1], [9, 9], [1, 0], [9, 9]])  # the fourth is wrong
    assert objective.score(lambda rows: vectors[rows], heads) == pytest.approx(2 / 3)


def test_the_loss_of_two_columns_is_their_sum() -> None:
    codes = np.array([[0, 1], [1, 0], [1, 1]])
    both = Classification([["a", "b"], ["x", "y"]], codes, np.arange(3), np.arange(3))
    heads = both.heads(4)
    vectors = torch.randn(3, 4)
    batch = next(both.batches(RNG, 3))
    single = [
        torch.nn.functional.cross_entropy(
            heads[str(place)](vectors), torch.from_numpy(codes[batch.rows, place]), label_smoothing=0.1
        )
        for place in (0, 1)
    ]
    assert both.loss(vectors, batch, heads).item() == pytest.approx((single[0] + single[1]).item(), rel=1e-5)


def test_a_liked_picture_is_set_against_one_that_was_not_taken() -> None:
    liked = sp.csr_matrix(np.array([[1, 1, 0, 0], [0, 0, 1, 0]], np.float32))
    objective = CollaborativePreference(liked, sp.csr_matrix(liked.shape, dtype=np.float32), np.arange(4), seed=0)
    assert not objective.judges
    pairs = 0
    for batch in objective.batches(np.random.default_rng(0), 4):
        n = len(batch.about)
        for user, taken, left in zip(batch.about, batch.rows[:n], batch.rows[n:], strict=True):
            assert liked[user, taken] == 1
            assert liked[user, left] == 0
        pairs += n
    assert pairs == 3


def test_auc_of_tastes_that_are_right_and_wrong() -> None:
    held = sp.csr_matrix(np.array([[1, 0], [1, 0]], np.float32))
    objective = CollaborativePreference(sp.csr_matrix(held.shape, dtype=np.float32), held, np.arange(2), seed=0)

    def heads(sign: float) -> Any:
        users = torch.nn.Embedding.from_pretrained(torch.full((2, 1), sign))
        return {"taste": lambda vectors: vectors, "users": users}

    vectors = torch.tensor([[1.0], [0.0]])
    assert [objective.score(lambda rows: vectors[rows], heads(sign)) for sign in (1.0, -1.0)] == [1, 0]


def test_views_depend_on_the_seed_alone_and_keep_the_size() -> None:
    pixels = torch.from_numpy(RNG.integers(0, 256, (3, 40, 40, 3), dtype=np.uint8))
    views = Augmentations(kinds_of("all"), 40, 40)
    first = views(pixels, 5)
    torch.manual_seed(99)
    assert torch.equal(first, views(pixels, 5))
    assert first.shape == pixels.shape
    assert not torch.equal(first, views(pixels, 6))
    assert not torch.equal(first, pixels)


def test_kinds_of_views() -> None:
    assert kinds_of("crop, flip") == ("flip", "crop")
    assert kinds_of(None) == kinds_of("none") == ()
    with pytest.raises(UsageError) as caught:
        kinds_of("flipp")
    assert "flip" in str(caught.value.fix)
