import subprocess
import sys

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from visrec_cli.runtime.threads import side_by_side


def threads_of_products() -> list[int]:
    """Of numpy's and scipy's libraries: those of OpenMP (faiss brings one) count threads for each thread by itself."""
    np.ones((2, 2)) @ np.ones((2, 2))
    found = [library for library in threadpool_info() if library["user_api"] == "blas"]
    return [library["num_threads"] for library in found if library.get("threading_layer") != "openmp"]


def test_parts_come_back_in_order_and_products_stay_in_their_thread() -> None:
    before = threads_of_products()
    done = side_by_side(lambda part: (part, threads_of_products()), range(5))
    assert [part for part, _ in done] == [0, 1, 2, 3, 4]
    assert all(set(threads) == {1} for _, threads in done)
    assert threads_of_products() == before


def test_products_of_libraries_loaded_later_stay_too() -> None:
    script = (
        "import numpy\n"
        "from threadpoolctl import threadpool_info\n"
        "from visrec_cli.runtime.threads import side_by_side\n"
        "side_by_side(str, range(2))\n"
        "import scipy.linalg\n"  # brings its own OpenBLAS
        "found = side_by_side(lambda part: {one['num_threads'] for one in threadpool_info()}, range(2))\n"
        "assert found == [{1}, {1}], found\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_single_part_needs_no_thread() -> None:
    before = threads_of_products()
    assert side_by_side(lambda part: threads_of_products(), ["all"]) == [before]


def test_what_a_part_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda part: 1 / part, [1, 0])
