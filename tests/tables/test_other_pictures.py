"""Pictures as other libraries keep them, through real processes: the vectors are those of the files."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import Run
from tests.tables.other_pictures import FILES, IDS, PATHS, PICTURES, REFUSED, SEVERAL, with_files

ENCODER = ("--encoder", "colour", "--no-cache")


def vectors(path: Path) -> list[list[float] | None]:
    """The vectors of a table, in its order."""
    with pa.memory_map(str(path)) as mapped:
        return pa.ipc.open_file(mapped).read_all()["image_embedding"].to_pylist()


@pytest.fixture
def expected(tmp_path: Path, visrec: Run) -> list[list[float] | None]:
    """What a table of paths gives."""
    with_files(tmp_path)
    rows = [f"{item},{path or ''}" for item, path in zip(IDS, PATHS, strict=True)]
    (tmp_path / "paths.csv").write_text("\n".join(["item_id,image_path", *rows]) + "\n")
    assert visrec("embed-images", "paths.csv", *ENCODER, "-o", "paths.arrow").returncode == 0
    return vectors(tmp_path / "paths.arrow")


@pytest.mark.parametrize("kind", PICTURES)
def test_they_are_embedded_and_preprocessed(tmp_path: Path, visrec: Run, expected: list, kind: str) -> None:
    path = PICTURES[kind](tmp_path)
    done = visrec("embed-images", path, *ENCODER, "-o", "e.arrow", "--rejects", "rejects.csv")
    assert done.returncode == 0, done.stderr.decode()
    found = vectors(tmp_path / "e.arrow")
    assert found == expected[: len(found)]
    assert "2 pictures" in done.stderr.decode()
    if len(found) == 4:  # tensors have no broken ones
        assert "broken" in (tmp_path / "rejects.csv").read_text()
    made = visrec("preprocess", path, *(["--store", "png"] if "bytes" in kind else []))
    assert made.returncode == 0, made.stderr.decode()
    assert "2 pictures" in made.stderr.decode()
    done = visrec("embed-images", *ENCODER, "-o", "e.arrow", "--rejects", "rejects.csv", stdin=made.stdout)
    assert done.returncode == 0, done.stderr.decode()
    assert "broken" not in (tmp_path / "rejects.csv").read_text()  # of what preprocess found broken, nothing is left
    assert vectors(tmp_path / "e.arrow")[:2] == expected[:2]


@pytest.mark.parametrize("kind", SEVERAL)
def test_several_pictures_of_an_item_are_their_normalised_mean(
    tmp_path: Path, visrec: Run, expected: list, kind: str
) -> None:
    path = SEVERAL[kind](tmp_path)
    mean = np.mean(np.array(expected[:2], np.float32), axis=0, dtype=np.float64)
    mean /= np.linalg.norm(mean)
    direct = visrec("embed-images", path, *ENCODER, "-o", "direct.arrow", "--rejects", "rejects.csv")
    made = visrec("preprocess", path, *(["--store", "png"] if "bytes" in kind else []))
    piped = visrec("embed-images", *ENCODER, "-o", "piped.arrow", stdin=made.stdout)
    for done, file in ((direct, "direct.arrow"), (piped, "piped.arrow")):
        assert done.returncode == 0, done.stderr.decode()
        assert "5 pictures · 2 items of several pictures" in done.stderr.decode()
        found = vectors(tmp_path / file)
        assert np.allclose([found[0], found[3]], mean, atol=1e-6)
        assert found[1:3] == [expected[1], None]
    assert "5 pictures" in made.stderr.decode()
    assert "1 reject" in made.stderr.decode()
    assert (tmp_path / "rejects.csv").read_text().count("truncated") == 1


@pytest.mark.parametrize("column", ["image_path", "photo", "bytes"])
def test_rows_of_one_id_are_the_pictures_of_one_item(tmp_path: Path, visrec: Run, expected: list, column: str) -> None:
    with_files(tmp_path)
    content = FILES if column == "bytes" else PATHS
    ids = ["a", "b", "c", "b", "a"]
    place = {"product_id": ids, column: [content[at] for at in (0, 0, 2, 1, 3)], "price": [1, 2, 3, 4, 5], "n": [7] * 5}
    pq.write_table(pa.table(place), tmp_path / "t.parquet")
    refused = visrec("embed-images", "t.parquet", *ENCODER, "-o", "e.arrow")
    assert refused.returncode == 65
    assert "--several-pictures" in refused.stderr.decode()
    named = ["--image-column", column, "--several-pictures"]
    made = visrec("preprocess", "t.parquet", *named)
    for line in (["t.parquet", *named], ["-"]):
        done = visrec("embed-images", *line, *ENCODER, "-o", "e.arrow", stdin=made.stdout)
        said = done.stderr.decode()
        assert done.returncode == 0, said
        with pa.memory_map(str(tmp_path / "e.arrow")) as mapped:
            table = pa.ipc.open_file(mapped).read_all()
        assert table.select(["item_id", "price", "n"]).to_pylist() == [
            {"item_id": one, "price": price, "n": 7} for one, price in (("a", 1), ("b", 2), ("c", 3))
        ]
        mean = np.mean(np.array(expected[:2], np.float32), axis=0, dtype=np.float64)
        found = table["image_embedding"].to_pylist()
        assert found[0] == expected[0]
        assert np.allclose(found[1], mean / np.linalg.norm(mean), atol=1e-6)
        assert found[2] is None
    assert "2 items with several rows, the first gives all columns but" in made.stderr.decode()
    assert "rows differ in price" in made.stderr.decode()
    assert "1 item of several pictures" in said


@pytest.mark.parametrize("kind", ["Hugging Face: bytes", "pyarrow: tensor", "pandas: bytes"])
def test_other_verbs_pass_them_on_or_leave_them_out(tmp_path: Path, visrec: Run, kind: str) -> None:
    path = PICTURES[kind](tmp_path)
    for line in (
        ["embed-text", path, "--columns", "title", "-o", "t.arrow"],
        ["show", path, "-o", "t.csv"],
        ["show", path, "-o", "t.ndjson"],
        ["show", path, "-o", "copy.parquet"],
        ["show", path, "--html", "t.html"],
        ["show", path],
        ["check", path],
    ):
        done = visrec(*line)
        assert done.returncode == 0, (line, done.stderr.decode())
    assert "PNG" not in (tmp_path / "t.ndjson").read_text()
    assert (tmp_path / "t.csv").read_text().splitlines()[0] == "item_id,title"
    assert (tmp_path / "t.html").read_text().count("data:image") >= 2
    assert visrec("embed-images", "copy.parquet", *ENCODER, "-o", "e.arrow").returncode == 0
    done = visrec("recommend", path, "--item", "red")
    assert done.returncode == 65
    assert "the table has no embedding column" in done.stderr.decode()


@pytest.mark.parametrize("kind", REFUSED)
def test_arrays_that_are_no_pictures_are_refused_in_these_words(tmp_path: Path, visrec: Run, kind: str) -> None:
    array, words = REFUSED[kind]
    np.save(tmp_path / "t.npy", array)
    done = visrec("embed-images", "t.npy", "--row-ids", *ENCODER, "-o", "e.arrow")
    assert done.returncode == 65
    assert words in done.stderr.decode()


def test_a_table_without_ids_is_numbered_where_that_is_asked_for(tmp_path: Path, visrec: Run) -> None:
    path = PICTURES["Hugging Face: bytes"](tmp_path)
    pq.write_table(pq.read_table(path).drop_columns(["item_id"]), tmp_path / "bare.parquet")
    done = visrec("embed-images", "bare.parquet", *ENCODER, "-o", "e.arrow")
    assert done.returncode == 65
    assert "or number the rows: --row-ids" in done.stderr.decode()
    for verb in (["embed-images", *ENCODER], ["preprocess"]):
        done = visrec(verb[0], "bare.parquet", "--row-ids", *verb[1:], "-o", "e.arrow")
        assert done.returncode == 0, done.stderr.decode()
        with pa.memory_map(str(tmp_path / "e.arrow")) as mapped:
            assert pa.ipc.open_file(mapped).read_all()["item_id"].to_pylist() == ["0", "1", "2", "3"]
    done = visrec("embed-images", path, "--row-ids", *ENCODER, "-o", "e.arrow")
    assert done.returncode == 2
    assert "has the column 'item_id'" in done.stderr.decode()


def test_an_array_comes_through_a_pipe(tmp_path: Path, visrec: Run, expected: list) -> None:
    content = PICTURES["numpy: N x H x W x 3"](tmp_path).read_bytes()
    made = visrec("preprocess", "-", "--ids", "t.ids.txt", stdin=content)
    done = visrec("embed-images", *ENCODER, "-o", "e.arrow", stdin=made.stdout)
    assert done.returncode == 0, done.stderr.decode()
    assert vectors(tmp_path / "e.arrow") == expected[:2]


@pytest.mark.parametrize("kind", ["Hugging Face: bytes", "pyarrow: tensor, permuted", "numpy: N x H x W x 3"])
def test_tables_that_have_them_are_joined(tmp_path: Path, visrec: Run, kind: str) -> None:
    path = PICTURES[kind](tmp_path)
    assert visrec("embed-images", path, *ENCODER, "-o", "whole.arrow").returncode == 0
    with pa.memory_map(str(tmp_path / "whole.arrow")) as mapped:
        whole = pa.ipc.open_file(mapped).read_all()
        for name, start in (("a", 0), ("b", 1)):
            with pa.ipc.new_file(str(tmp_path / f"{name}.arrow"), whole.schema) as writer:
                writer.write_table(whole.slice(start, 1))
    done = visrec("fuse", "a.arrow", "b.arrow", "-o", "both.arrow")
    assert done.returncode == 0, done.stderr.decode()
    with pa.memory_map(str(tmp_path / "both.arrow")) as mapped:
        both = pa.ipc.open_file(mapped).read_all()
        assert both["image"].null_count == 0
    (tmp_path / "log.csv").write_text("user_id,item_id\n1,red\n1,blue\n2,red\n3,blue\n")
    done = visrec("train-cf", "log.csv", "--model", "content-knn", "--items", "both.arrow", "-o", "m.arrow")
    assert done.returncode == 0, done.stderr.decode()
    with pa.memory_map(str(tmp_path / "m.arrow")) as mapped:
        assert "image" not in pa.ipc.open_file(mapped).schema.names
