"""From real ratings and posters to a page of what people are offered, beside what they liked."""

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

pytestmark = pytest.mark.realdata


def test_films_for_people_and_why(shared_data: Path, tmp_path: Path, shell: Callable[[str], Any]) -> None:
    films = shared_data / "ml-100k-posters"
    for line in (
        f"visrec preprocess {films}/images --items {films}/items.csv -o items.arrow",
        f"visrec train-cf {films}/interactions.csv --min-weight 4 --items items.arrow --set epochs=4 -o als.arrow",
        "visrec recommend als.arrow --user 1 --user 50 --user 9999 -k 6 --explain --show-history 12 > recs.arrows",
        "visrec show recs.arrows --html page.html",
    ):
        done = shell(line)
        assert done.returncode == 0, done.stderr.decode()
    rows = pa.ipc.open_stream(tmp_path / "recs.arrows").read_all().to_pylist()
    assert [row["user_id"] for row in rows] == [user for user in ("1", "50", "9999") for _ in range(6)]
    told = {row["user_id"]: row["history"] for row in rows if row["history"] is not None}
    assert {user: len(steps) for user, steps in told.items()} == {"1": 12, "50": 12, "9999": 0}
    assert all(row["why"].startswith("because of ") for row in rows[:12])
    assert {row["source"] for row in rows[12:]} == {"fallback: recent popularity"}
    rated = [line.split(",")[:2] for line in (films / "interactions.csv").read_text().splitlines()[1:]]
    assert not any([row["user_id"], row["item_id"]] in rated for row in rows)
    page = (tmp_path / "page.html").read_text()
    assert page.count("Liked before") == 2
    assert re.search(f'alt="{re.escape(html.escape(told["1"][0]["title"]))}"', page)
