"""Files that say something else, as a user has them: each in a process of its own, by its exit code and its words."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import visrec_cli as visrec
from tests.conftest import Run
from tests.encoders.models import save_timm
from tests.robustness.mutations import MANY, changed_document, rng
from tests.robustness.outcomes import ALLOWED
from tests.robustness.small_models import SPACE, fill, trained
from tests.robustness.test_checkpoints import packed
from tests.robustness.test_encoder_files import METADATA
from tests.tables.tables import embedded

PARAMETER = b"ARROW:extension:metadata"


class Kind:
    """document: what is said in a file that is whole. write: that file, in a folder, saying something else."""

    def __init__(self, document: Any, write: Callable[[str], None], command: list[str]) -> None:
        self.document, self.write, self.command = document, write, command


def in_a_column(table: pa.Table, column: str, file: Path, command: list[str]) -> Kind:
    at = table.schema.get_field_index(column)
    field = table.schema.field(at)

    def write(text: str) -> None:
        metadata = {**field.metadata, PARAMETER: text.encode("utf-8", "surrogatepass")}
        visrec.write_table(table.cast(table.schema.set(at, field.with_metadata(metadata))), file)

    return Kind(json.loads(field.metadata[PARAMETER]), write, command)


def model(folder: Path) -> Kind:
    table = trained(fill(folder), "hybrid taste")
    return in_a_column(
        table, "entity", folder / "x.arrow", ["recommend", "x.arrow", "--history", "later.csv", "--all-users"]
    )


def space(folder: Path) -> Kind:
    table = embedded(8, space=SPACE)
    return in_a_column(table, table.column_names[-1], folder / "x.arrow", ["recommend", "x.arrow", "--item", "1"])


def recipe(folder: Path) -> Kind:
    one = embedded(8, space=SPACE)
    table = visrec.fuse(one, reduce="pca", dim=3).read_all()
    return in_a_column(table, "embedding", folder / "x.arrow", ["recommend", "x.arrow", "--item", "1"])


def checkpoint(folder: Path) -> Kind:
    fill(folder)
    settings = {"epochs": 2, "embedding_size": 4}
    visrec.train_cf(
        folder / "log.csv", model="bpr", settings=settings, device="cpu", save_checkpoint=str(folder / "whole.npz")
    )
    with np.load(folder / "whole.npz") as file:
        arrays = {key: file[key] for key in file.files}
    words = json.loads(str(arrays.pop("words")))
    line = ["train-cf", "log.csv", "--model", "bpr", "--set", "epochs=2", "--set", "embedding_size=4"]
    line += ["--device", "cpu", "--resume", "x.npz", "-o", "y.arrow"]
    return Kind(words, lambda text: _put(folder / "x.npz", packed(text, arrays)), line)


def trailer(folder: Path) -> Kind:
    schema = embedded(8).schema.with_metadata({b"visrec.stream": b"2"})

    def write(text: str) -> None:
        raw = io.BytesIO()
        with pa.ipc.new_stream(raw, schema) as writer:
            writer.write_table(embedded(8).replace_schema_metadata(schema.metadata))
            end = {b"visrec.end": text.encode("utf-8", "surrogatepass")}
            writer.write_batch(pa.RecordBatch.from_pylist([], schema=schema), custom_metadata=end)
        _put(folder / "x.arrows", raw.getvalue())

    said = {"bytes": 100, "rows": 8, "sha256": "0" * 64, "trailer": "0" * 64}
    return Kind(said, write, ["check", "x.arrows"])


def sidecar(folder: Path) -> Kind:
    visrec.write_table(embedded(8), folder / "x.npy")
    (folder / "x.sha256").unlink()
    file = folder / "x.space.json"
    document = json.loads(file.read_text())
    return Kind(
        document, lambda text: _put(file, text.encode("utf-8", "surrogatepass")), ["fuse", "x.npy", "-o", "y.arrow"]
    )


def encoder(folder: Path) -> Kind:
    from PIL import Image

    Image.new("RGB", (70, 80), (200, 30, 40)).save(folder / "a.png")

    def write(text: str) -> None:
        said = {key: json.dumps(value) for key, value in json.loads(text).items()}
        said = {key: value.encode("utf-8", "replace").decode() for key, value in said.items()}
        save_timm("test_resnet", folder / "x.safetensors", metadata={"arch": "test_resnet", **said}, num_classes=3)

    document = {key: json.loads(text) for key, text in METADATA.items() if key != "arch"}
    line = ["embed-images", "a.png", "--encoder", "file:x.safetensors", "--engine", "torch", "-o", "y.arrow"]
    return Kind(document, write, line)


def _put(file: Path, content: bytes) -> None:
    file.unlink(missing_ok=True)
    file.write_bytes(content)


KINDS = [model, space, recipe, checkpoint, trailer, sidecar, encoder]


@pytest.mark.parametrize("make", KINDS)
def test_what_a_process_says_of_it(make: Callable[[Path], Kind], tmp_path: Path, visrec: Run) -> None:
    kind = make(tmp_path)
    for number in range(round(2 * MANY)):
        kind.write(changed_document(kind.document, rng(f"process {make.__name__}", number)))
        done = visrec(*kind.command)
        said = done.stderr.decode()
        assert done.returncode in (0, *ALLOWED), f"round {number}: {said}"
        assert done.returncode == 0 or ("visrec: error: " in said and "fix: " in said), f"round {number}: {said}"


@pytest.mark.parametrize("make", [model, space, recipe, checkpoint, sidecar])
def test_the_whole_file_is_taken(make: Callable[[Path], Kind], tmp_path: Path, visrec: Run) -> None:
    """What the rounds above change is read by the command, and right before."""
    kind = make(tmp_path)
    kind.write(json.dumps(kind.document))
    done = visrec(*kind.command)
    assert done.returncode == 0, done.stderr.decode()
    kind.write("[]")
    assert visrec(*kind.command).returncode == 65
