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
from tests.robustness.mutations import changed_bytes, changed_document, rng, rounds
from tests.robustness.outcomes import survey
from tests.stages.learning.catalogues import tiny_backbone
from visrec_cli.encoders.compiled.cards import CARD, MODEL, Card, keep_card, kept_card
from visrec_cli.encoders.compiled.exported import KEY
from visrec_cli.encoders.framing import Framing
from visrec_cli.encoders.opening import open_image_encoder
from visrec_cli.stages.export_encoder import export_encoder
from visrec_cli.tables.spaces import Space

PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (80, 70, 3), dtype=np.uint8))
FRAMING = Framing("centre", 64, 64, 72)
METADATA = {
    "arch": "test_resnet",
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


def test_a_checkpoint_that_says_something_else(tmp_path: Path) -> None:
    whole = save_timm("test_resnet", tmp_path / "whole.safetensors", metadata=METADATA, num_classes=3).read_bytes()
    length = int.from_bytes(whole[:8], "little")
    header, tensors = json.loads(whole[8 : 8 + length]), whole[8 + length :]
    path = tmp_path / "other.safetensors"

    def versions() -> Iterator[tuple[str, bytes]]:
        for number in rounds(60, long=1700):
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
        path.write_bytes(content)
        embed(f"file:{path}", engine="torch")

    survey(((what, partial(use, content)) for what, content in versions()), refused=0.3)


def test_an_exported_model_that_says_something_else(tmp_path: Path) -> None:
    whole = tmp_path / "whole.onnx"
    export_encoder(tiny_backbone(tmp_path), whole)
    path = tmp_path / "other.onnx"
    model = onnx.load(whole)
    [place] = [place for place, one in enumerate(model.metadata_props) if one.key == KEY]
    card = json.loads(model.metadata_props[place].value)

    def versions() -> Iterator[tuple[str, bytes]]:
        for number in rounds(75, long=1700):
            chance = rng("onnx", number)
            if number % 3 == 0:
                yield f"bytes, round {number}", changed_bytes(whole.read_bytes(), chance)
            else:
                text = changed_document(card, chance).encode("utf-8", "replace").decode()
                model.metadata_props[place].value = text
                yield f"card, round {number}", model.SerializeToString()

    def use(content: bytes) -> None:
        path.write_bytes(content)
        embed(f"onnx:{path}")

    survey(((what, partial(use, content)) for what, content in versions()), refused=0.3)


@pytest.mark.parametrize("part", [CARD, MODEL, "tokenizer.json"])
def test_a_kept_model_that_was_changed_is_compiled_again(part: str) -> None:
    """A cache is never the truth: what is changed in it is not used, and nobody is told a wrong space."""

    def write(folder: Path) -> None:
        for name in (MODEL, "tokenizer.json"):
            (folder / name).write_bytes(name.encode() * 20)

    space = Space("file:x", 4, True, "abc", {"size": 3})
    card = keep_card("image", Card("file:x", space, [], FRAMING.to_dict(), ["a"], drift={"worst": 1.0}), write)
    file = Path(card.folder) / part
    whole = file.read_bytes()
    change: Callable[[Any], bytes] = partial(changed_bytes, whole)
    for number in rounds(200, long=570):
        chance = rng(part, number)
        if part == CARD and number % 2:
            content = changed_document(json.loads(whole), chance).encode("utf-8", "surrogatepass")
        else:
            content = change(chance)
        file.write_bytes(content)
        found = kept_card("image", "file:x")
        same = content == whole
        assert found is None or found == card, f"round {number}: {content[:80]!r}"
        assert found is not None or not same or part != CARD
        if part != CARD:
            from visrec_cli.encoders.compiled.cards import whole as checked

            assert checked(card, lambda: None) is (card if same else None)
