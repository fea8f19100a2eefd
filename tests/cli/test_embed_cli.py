"""embed-images and embed-text as processes: pipes, exit codes, what is said."""

from pathlib import Path

import pyarrow as pa
import pyarrow.ipc
import pytest
from PIL import Image

from tests.conftest import Run
from visrec_cli.tables.vectors import matrix_of


def rows(data: bytes) -> pa.Table:
    return pa.ipc.open_stream(data).read_all()


def test_a_folder_through_the_default_encoder(shop: Path, visrec: Run) -> None:
    (shop / "imgs" / "broken.jpg").write_bytes(b"nothing")
    done = visrec("embed-images", "imgs", "--device", "cpu", "--labels", "2", "--rejects", "rejects.csv")
    assert done.returncode == 0, done.stderr
    table = rows(done.stdout)
    _, valid = matrix_of(table["image_embedding"])
    assert (table.num_rows, int(valid.sum())) == (17, 16)
    assert len(table["labels"][1].as_py()) == 2
    said = done.stderr.decode().splitlines()
    assert len(said) == 1
    assert all(word in said[0] for word in ("17 items", "16 pictures", "1 reject", "rejects.csv"))
    assert "broken.jpg" in (shop / "rejects.csv").read_text()


def test_hand_made_features_through_a_pipe_and_a_file_are_the_same_bytes(shop: Path, visrec: Run, shell) -> None:
    assert visrec("embed-images", "imgs", "-e", "colour", "-o", "a.arrows").returncode == 0
    done = shell("visrec embed-images imgs -e colour | cat > b.arrows")
    assert done.returncode == 0, done.stderr
    assert (shop / "a.arrows").read_bytes() == (shop / "b.arrows").read_bytes()


def test_text_of_a_table_through_a_pipe(shop: Path, shell) -> None:
    done = shell("cat items.csv | visrec embed-text --columns title --device cpu --quiet")
    assert (done.returncode, done.stderr) == (0, b"")
    table = rows(done.stdout)
    assert table.column_names == ["item_id", "title", "price", "text_embedding"]
    assert table.schema.field("text_embedding").type == pa.list_(pa.float32(), 384)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["embed-images", "imgs", "-e", "lite1"], 2, "lite0"),
        (["embed-images", "imgs", "-e", "colour", "--labels", "3"], 2, "classifier"),
        (["embed-images", "imgs", "--device", "cuda:77"], 2, "cuda:77"),
        (["embed-images", "nowhere"], 66, "nowhere"),
        (["embed-images", "items.csv", "-e", "colour"], 65, "--image-column"),
        (["embed-images", "imgs", "-e", "file:none.pth?arch=resnet18"], 66, "none.pth"),
        (["embed-images", "imgs", "-e", "timm:test_vit"], 69, "hf download"),
        (["embed-text", "items.csv", "--columns", "titel"], 2, "title"),
        (["embed-text", "imgs"], 65, "--columns"),
        (["embed-images", "imgs", "-e", "colour", "--into", "item_id"], 2, "--into"),
        (["embed-images", "imgs", "--labels", "2", "--into", "labels"], 2, "--into"),
        (["embed-images", "imgs", "-e", "colour", "--rejects", "out.arrow"], 2, "--rejects"),
        (["embed-text", "items.csv", "-e", "st:nobody/nothing"], 69, "hf download"),
    ],
)
def test_refusals(shop: Path, visrec: Run, arguments: list[str], code: int, words: str) -> None:
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(shop / "hub")}
    done = visrec(*arguments, "-o", "out.arrow", env=offline)
    assert done.returncode == code, done.stderr
    said = done.stderr.decode()
    assert words in said
    assert len(said.splitlines()) <= 2
    assert not (shop / "out.arrow").exists()


def test_all_pictures_broken_leaves_no_file(tmp_path: Path, visrec: Run) -> None:
    (tmp_path / "imgs").mkdir()
    for n in range(3):
        (tmp_path / "imgs" / f"{n}.png").write_bytes(b"\x89PNG broken")
    done = visrec("embed-images", "imgs", "-e", "colour", "-o", "out.arrow")
    assert done.returncode == 65
    assert b"no picture could be used" in done.stderr
    assert not (tmp_path / "out.arrow").exists()


def test_strict_says_no_and_keeps_the_output(tmp_path: Path, visrec: Run) -> None:
    (tmp_path / "imgs").mkdir()
    Image.new("RGB", (9, 9)).save(tmp_path / "imgs" / "good.png")
    (tmp_path / "imgs" / "bad.png").write_bytes(b"")
    done = visrec("embed-images", "imgs", "-e", "colour", "--strict", "-o", "out.arrow")
    assert done.returncode == 1
    assert (tmp_path / "out.arrow").exists()


def test_columns_may_be_named_one_by_one(shop: Path, visrec: Run) -> None:
    for out, names in (("a.arrow", ["-c", "title,price"]), ("b.arrow", ["-c", "title", "-c", "price"])):
        assert visrec("embed-text", "items.csv", *names, "-o", out).returncode == 0
    assert (shop / "a.arrow").read_bytes() == (shop / "b.arrow").read_bytes()
