"""A model gives the same bytes in the process that compiles it, and in those that find it compiled."""

import io
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.encoders.models import BERT_WORDS, save_timm, save_tiny_bert

Run = Callable[..., CompletedProcess[bytes]]


@pytest.fixture
def lines(shop: Path, tmp_path: Path) -> dict[str, tuple[object, ...]]:
    """What to run for pictures and for texts, each with a model that nobody has compiled yet."""
    weights = save_timm("test_resnet", tmp_path / "weights.safetensors", num_classes=5)
    sentences = io.StringIO()
    sentences.write("item_id,title\n")
    sentences.write("".join(f"{n},{' '.join(BERT_WORDS[n % 5 : n])}\n" for n in range(1, 13)))
    (tmp_path / "words.csv").write_text(sentences.getvalue())
    return {
        "pictures": ("embed-images", "imgs", "--encoder", f"file:{weights}?arch=test_resnet"),
        "texts": ("embed-text", "words.csv", "--columns", "title", "--encoder", f"st:{save_tiny_bert(tmp_path)}"),
    }


@pytest.mark.parametrize("what", ["pictures", "texts"])
@pytest.mark.parametrize("engine", ["onnx", "openvino"])
def test_compiled_in_the_run_or_kept_the_bytes_are_the_same(
    what: str, engine: str, lines: dict[str, tuple[object, ...]], tmp_path: Path, visrec: Run
) -> None:
    if engine == "openvino":
        pytest.importorskip("openvino")
    found = []
    for number, cache in enumerate(("one", "one", "two")):  # compiled, kept, and compiled again elsewhere
        models = tmp_path / cache / "models"
        assert len(list(models.glob("*/model.onnx"))) == (number == 1)
        done = visrec(
            *lines[what], "--engine", engine, "--no-cache", "-o", "out.arrow",
            env={"VISREC_CACHE_DIR": str(tmp_path / cache)},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        assert len(list(models.glob("*/model.onnx"))) == 1
        found.append((tmp_path / "out.arrow").read_bytes())
    assert found[0] == found[1] == found[2]
