import threading

import pytest

from visrec_cli.images.ordered_map import ordered_map, usable_cores


def test_order_is_kept_though_later_work_ends_first():
    gate = threading.Event()

    def work(n):
        if n == 0:
            assert gate.wait(10)
        if n == 3:
            gate.set()
        return n * n

    assert list(ordered_map(work, range(10), threads=4)) == [n * n for n in range(10)]


def test_it_never_runs_further_ahead_than_asked():
    taken = []

    def items():
        for n in range(1000):
            taken.append(n)
            yield n

    results = ordered_map(lambda n: n, items(), threads=2, ahead=5)
    assert next(results) == 0
    assert len(taken) == 5
    assert [next(results) for _ in range(20)] == list(range(1, 21))
    assert len(taken) == 25
    results.close()
    assert len(taken) == 25


def test_an_exception_comes_at_its_turn():
    def work(n):
        if n == 2:
            raise ZeroDivisionError
        return n

    results = ordered_map(work, range(5), threads=2)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_nothing_gives_nothing():
    assert list(ordered_map(str, [])) == []
    assert usable_cores() >= 1
