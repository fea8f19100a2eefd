"""export-encoder, and the encoders that it makes."""

import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from tests.contracts.encoder_suite import ImageEncoderSuite
from tests.stages.train_encoder.catalogues import stripes, tiny_backbone
from visrec_cli.encoders.base import ImageEncoder
from visrec_cli.encoders.compiled.exported import KEY
from visrec_cli.encoders.factory import open_image_encoder
from visrec_cli.errors import InputError, MissingInputError, UsageError
from visrec_cli.runtime.report import Report
from visrec_cli.stages.embed_images import embed_images
from visrec_cli.stages.export_encoder import export_encoder


class TestExported(ImageEncoderSuite):
    file: ClassVar[Path]

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def _file(cls, tmp_path_factory: pytest.TempPathFactory) -> None:
        folder = tmp_path_factory.mktemp("exported")
        cls.file = folder / "model.onnx"
        export_encoder(tiny_backbone(folder), cls.file)

    @classmethod
    def make(cls, **options: Any) -> ImageEncoder:
        return open_image_encoder(f"onnx:{cls.file}", **options)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    stripes(folder, 80)
    return folder


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> str:
    return tiny_backbone(tmp_path_factory.mktemp("parent"))


def embedded(folder: Path, spec: str) -> np.ndarray:
    table = embed_images(folder, encoder=spec, device="cpu").read_all()
    return np.array(table["image_embedding"].to_pylist())


def test_in_32_bits_it_gives_its_parents_vectors_in_a_space_of_its_own(
    pictures: Path, parent: str, tmp_path: Path
) -> None:
    out = tmp_path / "model.onnx"
    [found] = export_encoder(parent, out, calibrate=pictures)
    assert found.worst > 0.9999
    assert found.agreement > 0.99
    np.testing.assert_allclose(embedded(pictures, f"onnx:{out}"), embedded(pictures, parent), atol=1e-4)
    ours, theirs = (open_image_encoder(spec, device="cpu").space for spec in (f"onnx:{out}", parent))
    assert ours != theirs
    assert ours.preprocessing["exported"]["from"] == parent
    assert ours.preprocessing["exported"]["weights"] == theirs.weights


def test_in_8_bits_it_is_smaller_near_and_another_space(pictures: Path, parent: str, tmp_path: Path) -> None:
    wide, narrow = tmp_path / "wide.onnx", tmp_path / "narrow.onnx"
    export_encoder(parent, wide)
    first, second = export_encoder(parent, narrow, int8=True, calibrate=pictures, sample=60)
    assert (first.beside, second.beside) == ("torch", "onnx float32")
    assert narrow.stat().st_size < 0.7 * wide.stat().st_size  # much of so small a model is its graph
    cosines = (embedded(pictures, f"onnx:{wide}") * embedded(pictures, f"onnx:{narrow}")).sum(axis=1)
    assert 0.9 < cosines.mean() < 0.999999
    assert abs(second.cosine - cosines.mean()) < 0.02
    spaces = [open_image_encoder(f"onnx:{path}").space for path in (wide, narrow)]
    assert spaces[0] != spaces[1]
    assert [space.preprocessing["exported"]["arithmetic"] for space in spaces] == ["float32", "int8"]


def test_8_bits_that_find_others_are_spoken_of(
    pictures: Path, parent: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visrec_cli.stages.export_encoder._ENOUGH", 1.01)
    report = Report()
    export_encoder(parent, tmp_path / "m.onnx", int8=True, calibrate=pictures, sample=48, report=report)
    assert any("the 8-bit model differs" in line for line in report.warnings)


def test_lite0_takes_its_classes_along_and_needs_no_torch(pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "lite0.onnx"
    export_encoder("lite0", out)
    code = (
        "import sys; from visrec_cli.stages.embed_images import embed_images\n"
        "t = embed_images(sys.argv[1], encoder='onnx:' + sys.argv[2], labels=1, device='cpu', cache=False).read_all()\n"
        "print(t['labels'][0].as_py()[0]['label'], [n for n in ('torch', 'timm', 'onnx') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(pictures), str(out)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    plain = embed_images(pictures, encoder="lite0", labels=1, device="cpu").read_all()
    assert done.stdout.strip() == f"{plain['labels'][0].as_py()[0]['label']} []"


@pytest.mark.parametrize("harm", ["gone", "cut", "stranger"])
def test_files_that_are_not_ours(parent: str, tmp_path: Path, harm: str) -> None:
    out = tmp_path / "model.onnx"
    if harm != "gone":
        export_encoder(parent, out)
    if harm == "cut":
        out.write_bytes(out.read_bytes()[:5000])
    if harm == "stranger":
        out.write_bytes(out.read_bytes().replace(KEY.encode(), b"somebody.elses"))
    words = {"gone": "no model", "cut": "can run", "stranger": "not written by export-encoder"}
    with pytest.raises(MissingInputError if harm == "gone" else InputError, match=words[harm]):
        open_image_encoder(f"onnx:{out}")


def test_an_exported_model_is_what_it_is(parent: str, tmp_path: Path) -> None:
    out = tmp_path / "model.onnx"
    export_encoder(parent, out)
    for options in ({"precise": True}, {"engine": "torch"}):
        with pytest.raises(UsageError, match="is an exported model"):
            open_image_encoder(f"onnx:{out}", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"int8": True}, UsageError, "--int8 needs pictures"),
        ({"to": "tflite"}, UsageError, "unknown format"),
        ({"spec": "colour"}, UsageError, "cannot be exported"),
        ({"spec": "lite9"}, UsageError, "unknown image encoder 'lite9'"),
        ({"sample": 5, "calibrate": True}, InputError, "at least 24 are needed"),
    ],
)
def test_mistakes(
    pictures: Path, parent: str, tmp_path: Path, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    if "calibrate" in options:
        options = {**options, "calibrate": pictures}
    with pytest.raises(error, match=words):
        export_encoder(**{"spec": parent, "output": tmp_path / "m.onnx", **options})
    assert not (tmp_path / "m.onnx").exists()
