"""The main line on real posters: one pipe from pictures and titles to recommendations, and a page of them."""

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.realdata
FILMS = 150


@pytest.fixture
def films(shared_data: Path, tmp_path: Path) -> Path:
    """The first films of the catalogue, in a table whose paths count from its folder."""
    source = shared_data / "ml-100k-posters"
    lines = (source / "items.csv").read_text().splitlines()
    (tmp_path / "items.csv").write_text("\n".join(lines[: FILMS + 1]) + "\n")
    (tmp_path / "images").symlink_to(source / "images")
    return tmp_path


def test_one_pipe_from_posters_to_recommendations(films: Path, shell) -> None:
    done = shell(
        "visrec preprocess --items items.csv --rejects rejects.csv | visrec embed-images --labels 2 "
        "| visrec embed-text --columns title,description | visrec fuse -o all.arrow && "
        "visrec recommend all.arrow --item 1 -k 5 -o recs.arrow && visrec show recs.arrow --html gallery.html && "
        "visrec show recs.arrow --format ndjson"
    )
    assert done.returncode == 0, done.stderr.decode()
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["rank"] for row in rows] == [1, 2, 3, 4, 5]
    assert all(row["query_label"].startswith("Toy Story") and row["item_id"] != "1" for row in rows)
    assert any({"Animation", "Children's"} & set(row["category"].split("|")) for row in rows)
    page = (films / "gallery.html").read_text()
    assert page.count("data:image/") >= 6
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_a_poster_finds_itself_from_the_file_alone(films: Path, shell) -> None:
    done = shell(
        "visrec preprocess --items items.csv | visrec embed-images | visrec embed-text --columns title "
        "| visrec fuse --reduce pca --dim 48 -o all.arrow && "
        "visrec recommend all.arrow --image images/50.jpg -k 1 --keep-duplicates --format ndjson"
    )
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["item_id"] == "50"
