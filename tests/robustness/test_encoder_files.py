"""What is said beside the weights of an encoder: of a checkpoint, an exported model, a compiled one in the cache."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from PIL import Image

from tests.encoders.models import save_timm
from tests.robustness.mutations import changed_bytes, changed_document, rng, rounds, whole_way
from tests.robustness.outcomes import survey
from tests.stages.train_encoder.catalogues import tiny_backbone
from visrec_cli.encoders.compiled.exported import KEY, manifest_for
from visrec_cli.encoders.compiled.manifest import MANIFEST, MODEL, ModelManifest, keep_manifest, kept_manifest
from visrec_cli.encoders.factory import open_image_encoder
from visrec_cli.encoders.frame import Framing
from visrec_cli.errors import InputError
from visrec_cli.stages.export_encoder import export_encoder
from visrec_cli.tables.spaces import Space

PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (80, 70, 3), dtype=np.uint8))
FRAMING = Framing("centre", 64, 64, 72)
METADATA = {
    "arch": "test_efficientnet",
    "mean": "[0.5, 0.5, 0.5]",
    "std": "[0.2, 0.2, 0.2]",
    "input_size": "[3, 64, 64]",
    "framing": json.dumps(FRAMING.to_dict()),
    "classes": json.dumps(["a", "b", "c"]),
    "trained": json.dumps({"from": "timm:test_resnet", "epochs": 3}),
}


def embed(spec: str, **options: Any) -> None:
    encoder = open_image_encoder(spec, device="cpu", **options)
    prepared = [encoder.prepare(PICTURE)]
    assert encoder.encode(prepared).shape == (1, encoder.dimension)
    if encoder.classes:
        encoder.recognise(prepared, 2)


def safetensors(header: str, tensors: bytes) -> bytes:
    raw = header.encode("utf-8", "surrogatepass")
    return len(raw).to_bytes(8, "little") + raw + tensors


def test_a_checkpoint_that_says_something_else(tmp_path: Path, one_torch_thread: None) -> None:
    whole = save_timm(METADATA["arch"], tmp_path / "w.safetensors", metadata=METADATA, num_classes=3).read_bytes()
    length = int.from_bytes(whole[:8], "little")
    header, tensors = json.loads(whole[8 : 8 + length]), whole[8 + length :]
    path = tmp_path / "other.safetensors"

    def versions() -> Iterator[tuple[str, bytes]]:
        for number in rounds():
            chance, said = rng("safetensors", number), dict(header["__metadata__"])
            if number % 4 == 0:
                yield f"bytes, round {number}", changed_bytes(whole[: 9 + length], chance) + tensors
            elif number % 4 == 1:
                yield f"header, round {number}", safetensors(changed_document(header, chance), tensors)
            else:
                key = chance.choice(sorted({*said} - {"arch", "format"}))
                said[key] = changed_document(json.loads(said[key]), chance)
                yield f"{key}, round {number}", safetensors(json.dumps({**header, "__metadata__": said}), tensors)

    def use(content: bytes) -> None:
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        embed(f"file:{path}", engine="torch")

    survey(((what, partial(use, content)) for what, content in versions()), refused=0.3)


def smallest() -> onnx.ModelProto:
    """What export-encoder could have written: means of colours, mixed. It is opened in no time, and hardly weighs."""
    make, number, byte = onnx.helper, onnx.TensorProto.FLOAT, onnx.TensorProto.UINT8
    mixing = onnx.numpy_helper.from_array(np.arange(12, dtype=np.float32).reshape(3, 4), "mixing")
    nodes = [
        make.make_node("Cast", ["pixels"], ["numbers"], to=number),
        make.make_node("ReduceMean", ["numbers"], ["means"], axes=[1, 2], keepdims=0),
        make.make_node("MatMul", ["means", "mixing"], ["vectors"]),
        make.make_node("Softmax", ["means"], ["classes"], axis=1),
    ]
    taken = [make.make_tensor_value_info("pixels", byte, ["n", 64, 64, 3])]
    given = [make.make_tensor_value_info(name, number, ["n", size]) for name, size in (("vectors", 4), ("classes", 3))]
    graph = make.make_graph(nodes, "small", taken, given, [mixing])
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=8)
    space = Space("file:x", 4, True, "abc", {"decoder": "pillow", "scaled_to": 72})
    make.set_model_props(model, manifest_for(space, FRAMING, ["a", "b", "c"], "float32"))
    return model


def test_an_exported_model_that_says_something_else(tmp_path: Path, one_torch_thread: None) -> None:
    """One that was exported, and mostly a small one in its form."""
    path, small = tmp_path / "other.onnx", smallest()
    export_encoder(tiny_backbone(tmp_path), path)
    exported = onnx.load(path)

    def content(number: int) -> bytes:
        chance, model = rng("onnx", number), exported if whole_way(number) else small
        if number % 3 == 0:
            return changed_bytes(model.SerializeToString(), chance)
        [manifest] = [one for one in model.metadata_props if one.key == KEY]
        whole = manifest.value
        manifest.value = changed_document(json.loads(whole), chance).encode("utf-8", "replace").decode()
        changed, manifest.value = model.SerializeToString(), whole
        return changed

    def use(content: bytes) -> None:
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        embed(f"onnx:{path}")

    use(small.SerializeToString())
    survey(((f"round {number}", partial(use, content(number))) for number in rounds()), refused=0.3)


def test_what_the_engine_says_of_a_broken_model_is_not_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Stdout is for data."""
    path = tmp_path / "other.onnx"
    path.write_bytes(smallest().SerializeToString().replace(b"MatMul", b"Mat\xfful"))
    with pytest.raises(InputError, match="not a model that onnxruntime can run"):
        embed(f"onnx:{path}")
    assert "".join(capsys.readouterr()) == ""


@pytest.mark.parametrize("part", [MANIFEST, MODEL, "tokenizer.json"])
def test_a_kept_model_that_was_changed_is_compiled_again(part: str) -> None:
    """A cache is never the truth: what is changed in it is not used, and nobody is told a wrong space."""

    def write(folder: Path) -> None:
        for name in (MODEL, "tokenizer.json"):
            (folder / name).write_bytes(name.encode() * 20)

    space = Space("file:x", 4, True, "abc", {"size": 3})
    manifest = keep_manifest(
        "image", ModelManifest("file:x", space, [], FRAMING.to_dict(), ["a"], drift={"worst": 1.0}), write
    )
    file = Path(manifest.folder) / part
    whole = file.read_bytes()
    change: Callable[[Any], bytes] = partial(changed_bytes, whole)
    for number in rounds(3):
        chance = rng(part, number)
        if part == MANIFEST and number % 2:
            content = changed_document(json.loads(whole), chance).encode("utf-8", "surrogatepass")
        else:
            content = change(chance)
        file.write_bytes(content)
        found = kept_manifest("image", "file:x")
        same = content == whole
        assert found is None or found == manifest, f"round {number}: {content[:80]!r}"
        assert found is not None or not same or part != MANIFEST
        if part != MANIFEST:
            from visrec_cli.encoders.compiled.manifest import whole as checked

            assert checked(manifest, lambda: None) is (manifest if same else None)
