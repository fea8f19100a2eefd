"""Compiled models against the plain ones that they were made from; the suites hold their other promises."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.contracts.encoder_suite import PICTURES, ImageEncoderSuite, cosines
from tests.encoders.models import save_timm
from tests.encoders.test_lite0 import sample
from tests.limits import HANGS
from visrec_cli.encoders.base import ImageEncoder
from visrec_cli.encoders.compiled.images import CompiledImageEncoder
from visrec_cli.encoders.compiled.manifest import MANIFEST, MODEL, kept_manifest
from visrec_cli.encoders.compiled.onnx_export import LEAST_AGREEMENT, LEAST_COSINE, Uncompilable, drift
from visrec_cli.encoders.factory import open_image_encoder
from visrec_cli.errors import UnavailableError, UsageError

PHOTOS = ("chelsea.png", "coffee.png", "china.jpg", "flower.jpg", "motorcycle_left.png")


def crops(count: int = 60) -> list[Image.Image]:
    """Parts of real photos: as alike and as different as a catalogue."""
    photos = [sample(name) for name in PHOTOS]
    rng = np.random.default_rng(0)
    found = []
    for number in range(count):
        photo = photos[number % len(photos)]
        side = int(rng.integers(120, min(photo.size)))
        left, top = (int(rng.integers(0, whole - side + 1)) for whole in photo.size)
        found.append(photo.crop((left, top, left + side, top + side)))
    return found


class TestOpenVino(ImageEncoderSuite):
    """The same model in the other engine."""

    @classmethod
    def make(cls, **options: Any) -> ImageEncoder:
        pytest.importorskip("openvino")
        return open_image_encoder("lite0", device="cpu", engine="openvino", **options)


@pytest.mark.parametrize("engine", ["onnx", "openvino"])
def test_vectors_of_photos_stay_within_the_stated_drift_of_torch(engine: str) -> None:
    if engine == "openvino":
        pytest.importorskip("openvino")
    plain = open_image_encoder("lite0", device="cpu", engine="torch")
    compiled = open_image_encoder("lite0", device="cpu", engine=engine)
    assert isinstance(compiled, CompiledImageEncoder)
    prepared = [plain.prepare(picture) for picture in crops()]
    for ours, theirs in zip((compiled.prepare(picture) for picture in crops()), prepared, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    found = drift(compiled.encode(prepared), plain.encode(prepared), neighbours=10)
    assert found.cosine > LEAST_COSINE
    assert found.agreement > LEAST_AGREEMENT
    assert compiled.space == plain.space
    assert compiled.engine != plain.engine


def test_drift_sees_a_difference() -> None:
    vectors = np.random.default_rng(0).normal(size=(40, 8)).astype(np.float32)
    assert drift(vectors, vectors).cosine == pytest.approx(1)
    assert drift(vectors, vectors).agreement == 1
    other = drift(vectors, np.roll(vectors, 1, axis=0))
    assert other.cosine < 0.5
    assert other.agreement < 0.6


def test_a_vector_does_not_depend_on_what_is_beside_it_to_the_last_bit() -> None:
    encoder = open_image_encoder("lite0", device="cpu")
    prepared = [encoder.prepare(picture) for picture in crops(12)]
    together = encoder.encode(prepared)
    with ThreadPoolExecutor(4) as pool:
        alone = np.concatenate(list(pool.map(lambda one: encoder.encode([one]), prepared)))
    assert together.tobytes() == alone.tobytes()


def test_a_large_jpeg_may_be_decoded_smaller_and_precise_wants_it_whole() -> None:
    encoder = open_image_encoder("lite0", device="cpu")
    precise = open_image_encoder("lite0", device="cpu", precise=True)
    assert encoder.scaled_to == 392
    assert precise.scaled_to is None
    assert encoder.space != precise.space
    assert "scaled_to" not in precise.space.preprocessing


def test_once_compiled_neither_torch_nor_timm_is_imported() -> None:
    open_image_encoder("lite0", device="cpu").encode([np.zeros((224, 224, 3), np.uint8)])
    code = (
        "import sys, numpy as np\n"
        "from visrec_cli.encoders.factory import open_image_encoder, open_text_encoder\n"
        "e = open_image_encoder('lite0', device='cpu')\n"
        "e.recognise([np.zeros((224, 224, 3), np.uint8)], 3)\n"
        "print([name for name in ('torch', 'timm', 'torchvision', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "[]"


@pytest.fixture
def checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("VISREC_CACHE_DIR", str(tmp_path / "cache"))
    file = save_timm("test_resnet", tmp_path / "weights.safetensors", num_classes=5)
    return f"file:{file}?arch=test_resnet"


def test_other_weights_in_the_same_file_are_compiled_again(checkpoint: str, tmp_path: Path) -> None:
    prepared = open_image_encoder(checkpoint, device="cpu").prepare(PICTURES[0])
    first = open_image_encoder(checkpoint, device="cpu").encode([prepared])
    from safetensors.torch import load_file, save_file

    file = tmp_path / "weights.safetensors"
    state = load_file(file)
    first_layer = next(name for name, tensor in state.items() if tensor.ndim == 4)
    state[first_layer] = -state[first_layer]
    save_file(state, file)
    os.utime(file, (1, 1))
    changed = open_image_encoder(checkpoint, device="cpu")
    assert isinstance(changed, CompiledImageEncoder)
    assert cosines(changed.encode([prepared]), first).min() < 0.999
    assert changed.space != open_image_encoder("lite0", device="cpu").space


@pytest.mark.parametrize("harm", ["cut", "flip", "gone", "manifest"])
def test_a_damaged_model_is_compiled_again(checkpoint: str, harm: str) -> None:
    encoder = open_image_encoder(checkpoint, device="cpu")
    prepared = [encoder.prepare(picture) for picture in PICTURES[:2]]
    before = encoder.encode(prepared)
    manifest = kept_manifest("image", checkpoint)
    assert manifest is not None
    model = manifest.model
    content = bytearray(model.read_bytes())
    if harm == "cut":
        model.write_bytes(content[: len(content) // 2])
    elif harm == "flip":
        content[len(content) // 2] ^= 64
        model.write_bytes(content)
    elif harm == "gone":
        model.unlink()
    else:
        (model.parent / MANIFEST).write_text('{"spec": "x"')
    assert open_image_encoder(checkpoint, device="cpu").encode(prepared).tobytes() == before.tobytes()
    mended = kept_manifest("image", checkpoint)
    assert mended is not None
    assert (Path(mended.folder) / MODEL).exists()


def test_a_model_that_drifts_stays_in_torch_and_says_so_once(checkpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise Uncompilable("compiled it drifts to cosine 0.5")

    monkeypatch.setattr("visrec_cli.encoders.compiled.onnx_export.checked", refuse)
    encoder = open_image_encoder(checkpoint, device="cpu")
    assert not isinstance(encoder, CompiledImageEncoder)
    assert np.isfinite(encoder.encode([encoder.prepare(PICTURES[0])])).all()
    manifest = kept_manifest("image", checkpoint)
    assert manifest is not None
    assert manifest.refused == "compiled it drifts to cosine 0.5"
    assert not manifest.model.exists()
    monkeypatch.setattr("visrec_cli.encoders.compiled.images.compile_images", lambda plain: pytest.fail("tried again"))
    assert open_image_encoder(checkpoint, device="cpu").space == encoder.space
    with pytest.raises(UsageError, match="drifts"):
        open_image_encoder(checkpoint, device="cpu", engine="onnx")


def test_a_preprocessing_that_is_not_known_stays_in_torch(checkpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visrec_cli.encoders.timm_images.framing_of", lambda config: None)
    encoder = open_image_encoder(checkpoint, device="cpu")
    assert not isinstance(encoder, CompiledImageEncoder)
    assert encoder.scaled_to is None


def test_a_cache_that_cannot_be_written_costs_only_time(checkpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("visrec_cli.encoders.compiled.images.keep_manifest", full)
    assert not isinstance(open_image_encoder(checkpoint, device="cpu"), CompiledImageEncoder)
    with pytest.raises(UsageError, match="No space left"):
        open_image_encoder(checkpoint, device="cpu", engine="onnx")


def test_several_processes_may_compile_at_once(checkpoint: str) -> None:
    code = (
        "import sys\nfrom visrec_cli.encoders.factory import open_image_encoder as o\n"
        f"e = o({checkpoint!r}, device='cpu')\n"
        "import numpy as np\nsys.stdout.write(e.encode([np.full((160, 160, 3), 90, np.uint8)]).tobytes().hex())"
    )
    both = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [process.communicate(timeout=HANGS)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert outputs[0] == outputs[1] != ""


def test_a_card_that_several_processes_keep_is_there_for_each_of_them() -> None:
    """None removes what another has just put there: that one looks for it, and would give up."""
    code = (
        "from visrec_cli.encoders.compiled.manifest import MODEL, ModelManifest, keep_manifest\n"
        "from visrec_cli.tables.spaces import Space\n"
        "for n in range(200):\n"
        "    manifest = ModelManifest(f'file:{n}', Space('x', 4, True), [])\n"
        "    for _ in range(2):\n"
        "        keep_manifest('image', manifest, lambda folder: (folder / MODEL).write_bytes(b'model'))\n"
    )
    several = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True) for _ in range(4)]
    assert [process.communicate(timeout=HANGS)[1] for process in several] == [""] * 4


def test_the_card_says_how_far_the_model_drifted(checkpoint: str) -> None:
    open_image_encoder(checkpoint, device="cpu")
    manifest = kept_manifest("image", checkpoint)
    assert manifest is not None
    raw = json.loads((Path(manifest.folder) / MANIFEST).read_text())
    assert LEAST_COSINE <= raw["drift"]["cosine"] <= 1 + 1e-6
    assert LEAST_AGREEMENT <= raw["drift"]["agreement"] <= 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"engine": "onyx"}, "unknown engine"),
        ({"engine": "onnx", "precise": True}, "--precise"),
        ({"engine": "onnx", "device": "meta"}, "CPU"),
    ],
)
def test_what_cannot_be_together(options: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visrec_cli.encoders.compiled.engines._on_cpu", lambda device: device != "meta")
    with pytest.raises(UsageError, match=words):
        open_image_encoder("lite0", **{"device": "cpu", **options})


def test_a_missing_extra_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visrec_cli.encoders.compiled.inference_sessions.version_of", lambda name: None)
    with pytest.raises(UnavailableError) as caught:
        open_image_encoder("lite0", device="cpu", engine="openvino")
    assert "visrec-cli[openvino]" in str(caught.value.fix)
