"""Groups of looks: planted tastes are found, and a shapeless heap is called one."""

import numpy as np
import pytest

from visrec_cli.stages.profile.prototypes import FEW, prototypes_of
from visrec_cli.tables.vectors import unit_rows


def around(centres: int, each: int, *, spread: float = 0.05, seed: int = 0) -> np.ndarray:
    """Unit vectors around so many axes of 64."""
    rng = np.random.default_rng(seed)
    kinds = np.repeat(np.arange(centres), each)
    return unit_rows((np.eye(centres, 64)[kinds] + rng.normal(0, spread, (centres * each, 64))).astype(np.float32))


@pytest.mark.parametrize("tastes", [2, 3, 5])
def test_so_many_tastes_are_so_many_prototypes(tastes: int) -> None:
    found = prototypes_of(around(tastes, 12))
    assert len(found.prototypes) == tastes
    assert {frozenset(row // 12 for row in one.members) for one in found.prototypes} == {
        frozenset([kind]) for kind in range(tastes)
    }
    assert found.p == pytest.approx(0.05)
    assert found.apart > 0.3


def test_a_shapeless_heap_is_no_kinds() -> None:
    ps = [prototypes_of(around(1, 40, seed=seed)).p for seed in range(5)]
    assert sum(p <= 0.05 for p in ps) <= 1  # one in twenty is chance


def test_the_first_member_is_the_item_in_the_middle() -> None:
    vectors = around(2, 10)
    vectors[3] = unit_rows(np.eye(1, 64, dtype=np.float32))[0]  # the first axis itself
    first = next(one for one in prototypes_of(vectors).prototypes if 3 in one.members)
    assert first.members[0] == 3
    near = vectors[first.members] @ vectors[first.members].mean(axis=0)
    assert (np.diff(near) <= 1e-6).all()
    assert 0 < first.alike <= 1


def test_the_largest_comes_first() -> None:
    vectors = np.concatenate([around(2, 8)[:8], around(2, 20)[20:]])
    assert [len(one.members) for one in prototypes_of(vectors).prototypes] == [20, 8]


@pytest.mark.parametrize("n", range(1, FEW))
def test_a_few_are_one_group(n: int) -> None:
    found = prototypes_of(around(n, 1))
    assert [len(one.members) for one in found.prototypes] == [n]
    assert found.apart is None


def test_equal_vectors_are_one_group() -> None:
    found = prototypes_of(unit_rows(np.ones((20, 8), np.float32)))
    assert [list(one.members) for one in found.prototypes] == [list(range(20))]
    assert found.prototypes[0].alike == pytest.approx(1)


def test_the_same_seed_finds_the_same() -> None:
    one, two = (prototypes_of(around(1, 60), seed=3) for _ in range(2))
    assert (one.apart, one.p) == (two.apart, two.p)
    assert [list(a.members) for a in one.prototypes] == [list(b.members) for b in two.prototypes]
