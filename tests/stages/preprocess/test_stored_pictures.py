"""Pictures stored in the table: later stages need no folder, and the page shows them."""

import shutil
from pathlib import Path

from tests.conftest import Run


def test_after_store_the_folder_may_go(shop: Path, visrec: Run, shell) -> None:
    made = shell("visrec preprocess imgs --items items.csv --store jpeg --resize 64 -o items.arrow")
    assert made.returncode == 0, made.stderr.decode()
    shutil.rmtree(shop / "imgs")
    line = (
        "visrec embed-images items.arrow -e colour+hog | visrec fuse -o all.arrow && "
        "visrec recommend all.arrow --item disc-red-0 --item square-blue-1 -k 3 -o recs.arrow && "
        "visrec show recs.arrow --html page.html"
    )
    done = shell(line)
    assert done.returncode == 0, done.stderr.decode()
    page = (shop / "page.html").read_text()
    assert page.count("data:image/") == 8  # two queries, six answers
    assert b"none of" not in done.stderr
