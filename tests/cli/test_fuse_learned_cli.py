"""Pictures and texts in one space, as processes in a pipe."""

import json
from pathlib import Path

from tests.conftest import Run


def test_words_find_pictures_that_have_no_text(shop: Path, shell) -> None:
    """Half of the items have no title; a sentence finds their pictures all the same, by the colour it names."""
    lines = (shop / "items.csv").read_text().splitlines()
    untitled = [line.replace(line.split(",")[1], "") if line.split(",")[0].endswith("1") else line for line in lines]
    copies = [f"{n}x{line}" for line in untitled[1:] for n in range(4)]
    header = "item_id,title,price,image"
    rows = [f"{copy},imgs/{copy.split(',')[0][2:]}.png" for copy in copies]
    (shop / "many.csv").write_text("\n".join([header, *rows]) + "\n")
    done = shell(
        "visrec embed-images many.csv -e colour | visrec embed-text --columns title "
        "| visrec fuse --method two-tower --dim 8 --set epochs=40,batch_size=16 -o joint.arrow && "
        "visrec recommend joint.arrow --text 'red square' -k 4 --where \"title is null or title = ''\" "
        "--keep-duplicates --format ndjson"
    )
    assert done.returncode == 0, done.stderr.decode()
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == 4
    assert all("red" in row["item_id"] and not row["title"] for row in found)
    assert b"learned from pairs" in done.stderr


def test_the_methods_are_listed(visrec: Run) -> None:
    done = visrec("fuse", "--methods")
    assert done.returncode == 0
    assert b"two-tower: pictures and texts in one space" in done.stdout
    assert b"score=additive" in done.stdout
