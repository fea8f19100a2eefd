"""train-encoder and export-encoder as processes: the round trip, exit codes, what is said."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.stages.train_encoder.catalogues import stripes, tiny_backbone
from visrec_cli.tables.output import write_table
from visrec_cli.tables.readers import read_all


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """items.arrow, its pictures in imgs, and a small model."""
    write_table(stripes(tmp_path / "imgs", 40), tmp_path / "items.arrow")
    shutil.move(tiny_backbone(tmp_path).removeprefix("file:"), tmp_path / "tiny.safetensors")
    return tmp_path


def test_trained_exported_and_embedded(desk: Path, visrec: Run) -> None:
    (desk / "imgs" / "3.png").write_bytes(b"nothing")
    done = visrec(
        "train-encoder", "items.arrow", "-t", "labels:way", "-b", "file:tiny.safetensors", "--epochs", "2",
        "--freeze", "3", "-o", "model.safetensors", "--log", "curve.svg", "--device", "cpu", "--rejects", "lost.csv",
    )  # fmt: skip
    said = done.stderr.decode().splitlines()
    assert done.returncode == 0, said
    assert done.stdout == b""
    assert said[0].startswith("visrec: validation accuracy ")
    assert all(word in said[-1] for word in ("pictures", "2 classes", "1 reject in lost.csv", "→ model.safetensors"))
    assert b"<svg" in (desk / "curve.svg").read_bytes()
    assert "3.png" in (desk / "lost.csv").read_text()
    done = visrec("export-encoder", "file:model.safetensors", "--int8", "--calibrate", "imgs", "-o", "small.onnx")
    assert done.returncode == 0, done.stderr
    table = done.stdout.decode().splitlines()
    assert [line.split("  ")[0] for line in table[1:]] == ["onnx float32", "onnx int8"]
    assert "ten nearest" in table[0]
    for spec in ("file:model.safetensors", "onnx:small.onnx"):
        done = visrec("embed-images", "imgs", "-e", spec, "--labels", "1", "--device", "cpu", "-o", "e.arrow")
        assert done.returncode == 0, done.stderr
        found = read_all(desk / "e.arrow")["labels"].to_pylist()
        assert {labels[0]["label"] for labels in found if labels} <= {"upright", "lying"}
    done = visrec("recommend", "e.arrow", "--image", "imgs/5.png", "-k", "2", "--format", "csv")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["train-encoder", "imgs", "-t", "labels:way", "-o", "m.safetensors"], 2, "item_id, image_path"),
        (["train-encoder", "items.arrow", "-t", "labels:wya", "-o", "m.safetensors"], 2, "did you mean way"),
        (["train-encoder", "items.arrow", "-t", "labels:way"], 2, "--output"),
        (["train-encoder", "items.arrow", "-t", "labels:way", "-o", "m.pth"], 2, "--output m.safetensors"),
        (["train-encoder", "nowhere", "-t", "self", "-o", "m.safetensors"], 66, "nowhere"),
        (["export-encoder", "lite0", "--int8", "-o", "m.onnx"], 2, "--calibrate"),
        (["embed-images", "imgs", "-e", "onnx:tiny.safetensors"], 65, "onnxruntime"),
        (["embed-images", "imgs", "-e", "onnx:"], 2, "onnx:model.onnx"),
    ],
)
def test_mistakes(desk: Path, visrec: Run, arguments: list[str], code: int, words: str) -> None:
    done = visrec(*arguments)
    assert done.returncode == code, done.stderr
    assert words in done.stderr.decode()
    assert not (desk / "m.safetensors").exists()
