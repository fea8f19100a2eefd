"""What earlier runs have left: a cache is never the truth, and nobody falls over one that was changed."""

import json
from pathlib import Path

import numpy as np

import visrec_cli as visrec
from tests.conftest import COLOURS, draw
from tests.robustness.mutations import changed_bytes, changed_document, rng, rounds
from visrec_cli.indexes.cache import keep_index, kept_index, recipe
from visrec_cli.runtime.reporting import Report


def test_an_index_whose_manifest_changed_is_built_again(tmp_path: Path) -> None:
    vectors = np.eye(4, dtype=np.float32)
    wanted = recipe(vectors, library="annoy", version="1", metric="cosine", settings={"trees": 3})
    keep_index(wanted, lambda path: Path(path).write_bytes(b"an index" * 40), Report())
    file = kept_index(wanted, Report())
    assert file is not None
    for part in (file.with_suffix(".json"), file):
        whole = part.read_bytes()
        for number in rounds(150, long=850):
            chance = rng(part.suffix, number)
            content = changed_bytes(whole, chance)
            if part != file and number % 2:
                content = changed_document(json.loads(whole), chance).encode("utf-8", "surrogatepass")
            part.write_bytes(content)
            report = Report()
            same = kept_index(wanted, report)
            assert (same is None) == bool(report.warnings)
            assert same is None or content == whole or json.loads(content) == json.loads(whole)
        part.write_bytes(whole)


def test_kept_vectors_that_changed_are_computed_again(tmp_path: Path) -> None:
    folder, cache = tmp_path / "imgs", tmp_path / "cache"
    folder.mkdir()
    for number, (name, colour) in enumerate(COLOURS.items()):
        draw("disc", colour, seed=number).save(folder / f"{name}.png")
    expected = visrec.embed_images(folder, encoder="colour", cache=cache).read_all()
    [file] = cache.glob("*.sqlite")
    whole = file.read_bytes()
    for number in rounds(40, long=1700):
        for left in cache.iterdir():
            left.unlink()
        file.write_bytes(changed_bytes(whole, rng("sqlite", number)))
        found = visrec.embed_images(folder, encoder="colour", cache=cache).read_all()
        assert found.equals(expected), f"round {number}"
