"""What earlier runs have left: a cache is never the truth, and nobody falls over one that was changed."""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np

import visrec_cli as visrec
from tests.conftest import COLOURS, draw
from tests.robustness.mutations import changed_bytes, changed_document, rng, rounds, whole_way
from tests.runtime.embedding_cache.planted import LONG_AGO, opened
from visrec_cli.indexes.index_cache import keep_index, kept_index, recipe
from visrec_cli.runtime.embedding_cache.file_stamps import Stamp, stamp_of
from visrec_cli.runtime.report import Report


def test_an_index_whose_manifest_changed_is_built_again(tmp_path: Path) -> None:
    vectors = np.eye(4, dtype=np.float32)
    wanted = recipe(vectors, library="annoy", version="1", metric="cosine", settings={"trees": 3})
    keep_index(wanted, lambda path: Path(path).write_bytes(b"an index" * 40), Report())
    file = kept_index(wanted, Report())
    assert file is not None
    for part in (file.with_suffix(".json"), file):
        whole = part.read_bytes()
        for number in rounds(2):
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


Kept = tuple[str, dict[bytes, bytes], list[tuple[Stamp, bytes]]]


def content_of(file: Path, pictures: list[Path]) -> Kept:
    """The kind, the payloads by digest, and the stamps of the pictures with their digests, as they lie in a cache."""
    with closing(sqlite3.connect(file)) as connection:
        query = "SELECT digest, bytes FROM payloads JOIN (SELECT digest, payload FROM entries) ON number = payload"
        [(kind,)] = connection.execute("SELECT name FROM kinds")
        digests = dict(connection.execute("SELECT path, digest FROM files"))
        stamps = [stamp_of(picture) for picture in pictures]
        return kind, dict(connection.execute(query)), [(one, digests[one.path]) for one in stamps]


def test_kept_vectors_that_changed_are_computed_again(tmp_path: Path, unsynced: Path) -> None:
    folder, cache = tmp_path / "imgs", unsynced / "cache"
    folder.mkdir()
    for number, (name, colour) in enumerate(COLOURS.items()):
        draw("disc", colour, seed=number).save(folder / f"{name}.png")
        os.utime(folder / f"{name}.png", (LONG_AGO, LONG_AGO))  # else nobody would know it without reading it
    expected = visrec.embed_images(folder, encoder="colour", cache=cache).read_all()
    [file] = cache.glob("*.sqlite")
    whole, (kind, kept, files) = file.read_bytes(), content_of(file, sorted(folder.iterdir()))
    assert len(kept) == len(files) == len(COLOURS)
    noticed = kept_again = 0

    def looked_up() -> tuple[bool, bool]:
        """Nothing wrong is found; whether anything was said, and whether what was missing was kept."""
        report = Report()
        with opened(cache, report) as found:
            known = found.known([stamp for stamp, _ in files])
            assert all(one in (None, digest) for one, (_, digest) in zip(known, files, strict=True))
            assert found.find(kind, list(kept)).items() <= kept.items()
            found.keep(kind, list(kept.items()), files)
            again = found.find(kind, list(kept))
            assert again.items() <= kept.items()
        return bool(report.warnings), again == kept

    for number in rounds():
        for left in cache.iterdir():
            left.unlink()
        file.write_bytes(changed_bytes(whole, rng("sqlite", number)))
        if whole_way(number):
            again = visrec.embed_images(folder, encoder="colour", cache=cache).read_all()
            assert again.equals(expected), f"round {number}"
        else:
            said, whole_again = looked_up()
            noticed, kept_again = noticed + said, kept_again + whole_again
    assert noticed > 0.3 * len(rounds())
    assert kept_again > 0.9 * len(rounds())  # a fault may show only later; ten of eleven rounds get here
