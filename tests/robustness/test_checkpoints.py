"""A training that was kept half-way: resumed from a file that is another."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import visrec_cli as visrec
from tests.robustness.changed_arrays import changed_array
from tests.robustness.mutations import changed_bytes, changed_document, rng, rounds, whole_way
from tests.robustness.outcomes import survey
from visrec_cli.errors import InputError
from visrec_cli.runtime.report import Report
from visrec_cli.stages.train_cf.training_run import TrainingRun

KINDS: dict[str, dict[str, Any]] = {
    "als": {"epochs": 3},
    "bpr": {"epochs": 3},
    "sgd-mf": {"epochs": 3},
    "two-tower": {"epochs": 3},
    "gru": {"epochs": 3, "hidden_size": 8},
}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    chance = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("log") / "log.csv"
    rows = {(int(u), int(i)) for u, i in zip(chance.integers(0, 12, 90), chance.integers(0, 10, 90), strict=True)}
    lines = [f"u{u},i{i},{1 + (u * i) % 5},{1_600_000_000 + 100 * n}" for n, (u, i) in enumerate(sorted(rows))]
    path.write_text("\n".join(["user_id,item_id,weight,timestamp", *lines]) + "\n")
    return path


def train(log: Path, name: str, **options: Any) -> Any:
    settings = {"embedding_size": 4, **KINDS[name]}
    return visrec.train_cf(log, model=name, settings=settings, device="cpu", validation=0.2, **options)


def resumed(log: Path, name: str) -> Callable[[Path], object]:
    """What train-cf does with a checkpoint, on a log that is read here and not in every round."""
    begun: list[Any] = []

    def begin(*given: Any, **more: Any) -> TrainingRun:
        begun.append((given, more))
        return TrainingRun(*given, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("visrec_cli.stages.train_cf.TrainingRun", begin)
        train(log, name)
    [((plan, learned, content, held, _), more)] = begun
    return lambda path: TrainingRun(plan, learned, content, held, Report(), **{**more, "resume": path}).run()


def kept(log: Path, name: str, folder: Path) -> tuple[Any, dict[str, Any], bytes]:
    """The words and arrays of a checkpoint, and its bytes."""
    path = folder / "whole.npz"
    train(log, name, save_checkpoint=str(path))
    with np.load(path) as file:
        arrays = {key: file[key] for key in file.files}
    return json.loads(str(arrays.pop("words"))), arrays, path.read_bytes()


def packed(words: str | None, arrays: dict[str, Any]) -> bytes:
    raw = io.BytesIO()
    if words is None:
        np.savez(raw, allow_pickle=False, **arrays)
        return raw.getvalue()
    encoded = words.encode("utf-8", "replace").decode()  # NumPy has no place for half a character
    np.savez(raw, allow_pickle=True, words=np.array(encoded), **arrays)
    return raw.getvalue()


def versions(name: str, words: Any, arrays: dict[str, Any], whole: bytes) -> Iterator[tuple[str, bytes]]:
    for number in rounds(len(KINDS)):
        chance = rng(name, number)
        if number % 3 == 0:
            yield f"bytes, round {number}", changed_bytes(whole, chance)
        elif number % 3 == 1:
            yield f"words, round {number}", packed(changed_document(words, chance), arrays)
        elif number % 50 == 2:
            yield f"no words, round {number}", packed(None, arrays)
        else:
            key = chance.choice([*arrays])
            others = {one: array for one, array in arrays.items() if one != key}
            changed = changed_array(arrays[key], chance)
            more = {} if changed is None else {chance.choice((key, key, key, f"{key}x")): changed}
            yield f"{key}, round {number}", packed(json.dumps(words), {**others, **more})


@pytest.mark.parametrize("name", KINDS)
def test_a_checkpoint_that_is_another(log: Path, tmp_path: Path, name: str) -> None:
    path, go_on = tmp_path / "other.npz", resumed(log, name)

    def use(content: bytes, number: int) -> None:
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        if whole_way(number):
            train(log, name, resume=str(path))
        else:
            go_on(path)

    cases = enumerate(versions(name, *kept(log, name, tmp_path)))
    survey(((what, partial(use, content, number)) for number, (what, content) in cases), refused=0.5)


def test_a_checkpoint_takes_no_more_memory_than_its_file(log: Path, tmp_path: Path) -> None:
    """An archive of 64 KB that unpacks to gigabytes is refused before it is unpacked."""
    path = tmp_path / "bomb.npz"
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (1 << 24,)})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("state.users.npy", header.getvalue() + bytes(4 << 24))
    assert path.stat().st_size < 100_000
    with pytest.raises(InputError, match="compressed"):
        train(log, "als", resume=str(path))
    header.seek(0)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("state.users.npy", header.getvalue())
    with pytest.raises(InputError, match="0 bytes for an array"):
        train(log, "als", resume=str(path))
