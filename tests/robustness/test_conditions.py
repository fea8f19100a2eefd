"""Conditions that are composed of what is allowed and of what is hostile, by the door for them and by the app's own.

Each ends with a result or a refusal (0, 2, or 65 where nothing passes), calls nobody, opens no file but the table, and
makes none.
"""

import resource
import sys
import time
from collections import Counter
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from tests.ranking.conditions.hostile import Listener, Watch, places_of, secrets_in
from tests.robustness.composer import Composer
from tests.robustness.mutations import MANY, rng, rounds, whole_way
from tests.tables.tables import embedded
from visrec_cli.app import run
from visrec_cli.errors import VisrecError
from visrec_cli.ranking.filters import rows_where
from visrec_cli.tables.output import write_table

ROWS = 200
MOST = 1 << 20  # kB of memory that all of it may take more than before


def items() -> pa.Table:
    """A catalogue with a column of each kind."""
    whole = embedded(ROWS)
    for name, values in {
        "price": [None if k % 7 == 0 else k / 3 for k in range(ROWS)],
        "n": list(range(ROWS)),
        "ok": [k % 3 == 0 for k in range(ROWS)],
        "day": pa.array([10**12 + k for k in range(ROWS)], pa.timestamp("ms", "UTC")),
        "tags": [["a", "b"]] * ROWS,
        "list price": ["12"] * ROWS,
    }.items():
        whole = whole.append_column(name, values if isinstance(values, pa.Array) else pa.array(values))
    return whole


@pytest.mark.skipif(sys.platform != "linux", reason="files are watched with inotify")
def test_composed_conditions_reach_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    secrets, place = tmp_path / "secrets", tmp_path / "place"
    secrets.mkdir()
    place.mkdir()
    secrets_in(secrets)
    whole = items()
    write_table(whole, place / "items.arrow")
    line = ["recommend", str(place / "items.arrow"), "--item", "1", "-k", "3", "-o", str(place / "o.csv")]

    def wrong(text: str, number: int) -> str:
        """What is wrong with how it ends; empty where nothing is."""
        if whole_way(number):
            codes[code := run([*line, f"--where={text}"])] += 1
            said = capfd.readouterr()
            usual = code in (0, 2) or (code == 65 and ("passes" in said.err or "answered" in said.err))
            return "" if usual and not said.out else f"{code}: {said.err[:200]!r}"
        try:
            codes[0 if rows_where(whole, text).any() else 65] += 1
        except VisrecError as error:
            codes[code := error.exit_code] += 1
            return "" if code == 2 or (code == 65 and "answered" in str(error)) else f"{code}: {error}"
        except (Exception, pl.exceptions.PanicException) as error:  # which is no Exception
            return f"{type(error).__name__}: {str(error)[:200]}"
        return ""

    listener, watch = Listener(), Watch(secrets)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    codes: Counter[int] = Counter()
    failures, slowest = [], (0.0, "")
    for number in rounds():
        text = Composer(rng("condition", number), places_of(listener.port, secrets)).condition()
        begun = time.process_time()
        trouble = wrong(text, number)
        slowest = max(slowest, (time.process_time() - begun, text[:80]))
        if trouble:
            failures.append(f"round {number}: {trouble}, of {text[:200]!r}")
    said = "".join(capfd.readouterr())
    listener.close()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"{dict(codes)}, slowest {slowest[0]:.2f} s of {slowest[1]!r}, {grown / 1024:.0f} MB more")
    assert not failures, "\n".join(failures[:20])
    assert codes[0] > 0.02 * sum(codes.values()) < codes[2], f"{codes}: one of the two is hardly tried"
    assert said == ""
    assert listener.calls == 0
    assert not watch.events()
    assert {one.name for one in place.iterdir()} <= {"items.arrow", "o.csv"}
    assert grown < MOST, f"{grown} kB, at {MANY} times the rounds"
