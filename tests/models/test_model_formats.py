"""What of a model a file holds, in which formats, and that files of the first release still open."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from tests.conftest import Run
from tests.models.test_models_from_files import FORMATS
from tests.models.ways import CLICKS_ON_NEW, WAYS, assert_alike, in_memory, outcome
from tests.models.worlds import BARE, SEED, SMALL, log, shop, trained
from visrec_cli.errors import InputError, UsageError
from visrec_cli.recommenders import serialization
from visrec_cli.recommenders.serialization import from_table
from visrec_cli.registry import names
from visrec_cli.runtime.report import Report
from visrec_cli.tables.output import write_table
from visrec_cli.tables.readers import open_table
from visrec_cli.tables.text_schema import KEY
from visrec_cli.tables.writers import ENDINGS


@pytest.mark.parametrize("name", names("recommender"))
def test_state_is_in_memory_what_it_is_in_files(name: str) -> None:
    model = trained(name).served.model
    again, _, space = from_table(trained(name).table)
    assert (again.settings, again.facts, again.parts, again.offset) == (
        model.settings, model.facts, model.parts, model.offset,
    )  # fmt: skip
    assert space == trained(name).served.space
    assert set(again.state) == set(model.state)
    for key, array in model.state.items():
        assert (again.state[key].dtype, again.state[key].shape) == (array.dtype, array.shape), key
        np.testing.assert_array_equal(again.state[key], array)


@pytest.mark.parametrize("ending", ENDINGS)
def test_each_format_holds_a_model_as_it_was_or_is_refused(ending: str, tmp_path: Path) -> None:
    file, table = tmp_path / f"model{ending}", trained("hybrid").table
    if ending not in FORMATS and ending not in (".feather", ".jsonl"):

        def there_and_back() -> None:
            write_table(table.to_reader(), file)
            from_table(open_table(file).read_all())

        with pytest.raises((InputError, UsageError), match=r"but a model has lists of|name the rows of the matrix"):
            there_and_back()
        return
    assert write_table(table.to_reader(), file) == (table.num_rows, [])
    again = open_table(file).read_all()
    assert again.schema.equals(table.schema, check_metadata=True)
    assert again.to_pylist() == table.to_pylist()


def _packed_by_the_first_release(array: npt.NDArray[Any]) -> dict[str, Any]:
    data = np.ascontiguousarray(array, dtype="<f4")  # a number got an axis
    return {"shape": list(data.shape), "f32": base64.b64encode(data.tobytes()).decode()}


@pytest.mark.parametrize("kind", ["knn", "kernel", "ridge", "taste"])
def test_models_of_the_first_release_answer_as_new_ones(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = trained("hybrid", (("map", kind),))
    one = model.served
    monkeypatch.setattr(serialization, "pack_array", _packed_by_the_first_release)
    write_table(
        serialization.to_table(one.model, one.about.drop_columns(["item_id"]), one.space), tmp_path / "old.arrow"
    )
    assert from_table(open_table(tmp_path / "old.arrow").read_all())[0].state["scale"].shape == (1,)
    for way in ("all at once", "new items"):
        assert_alike(in_memory(WAYS[way], one), outcome(WAYS[way], [str(tmp_path / "old.arrow")]))


def _ndjson(tmp_path: Path, **changes: Any) -> str:
    """A model of clicks as NDJSON, its first object changed; None takes a key out."""
    file = tmp_path / "model.ndjson"
    write_table(trained("item-knn").table, file)
    first, *rest = file.read_text(encoding="utf-8").splitlines()
    told = {name: value for name, value in (json.loads(first) | changes).items() if value is not None}
    file.write_text("\n".join([json.dumps(told), *rest]), encoding="utf-8")
    return str(file)


def test_a_text_without_its_note_still_scores_the_users_that_it_holds(tmp_path: Path) -> None:
    report = Report()
    expected = WAYS["a user"](trained("item-knn").table, columns=[], report=report)
    assert not report.warnings
    found = WAYS["a user"](_ndjson(tmp_path, **{KEY: None}), columns=[], report=report)
    assert found.drop_columns(["source"]).equals(expected.drop_columns(["source"]))
    assert "has lost its metadata" in report.warnings[0]


@pytest.mark.parametrize(
    ("note", "words"),
    [
        ("no base64!", "the schema in"),
        (base64.b64encode(b"no schema").decode(), "the schema in"),
        (3, "the schema in"),
    ],
)
def test_a_note_that_cannot_be_read_is_refused(tmp_path: Path, note: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        open_table(_ndjson(tmp_path, **{KEY: note}))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.set_column(1, "id", pa.array(range(t.num_rows))), "'id' is not text"),
        (lambda t: _with(t, "bias", pa.array(["x"] * t.num_rows)), "'bias' is string"),
        (lambda t: _with(t, "history", pa.array([[1]] * t.num_rows)), "'history' is list<item: int64>"),
        (lambda t: _with(t, "neighbours", pa.array([[{"id": "i3"}]] * t.num_rows)), "'neighbours' is list"),
        (lambda t: _with(t, "history", pa.array([_LATER] * t.num_rows)), "times that cannot be read"),
    ],
)
def test_columns_of_other_types_are_refused(change: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        from_table(change(trained("item-knn").table))


_LATER = [{"item_id": "i3", "weight": 1.0, "timestamp": "some day"}]


def _with(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), name, column)


def test_the_whole_line_by_processes(tmp_path: Path, visrec: Run) -> None:
    for name, table in {"log": log(), "shop": shop(), "new": BARE, "clicks": CLICKS_ON_NEW}.items():
        write_table(table, tmp_path / f"{name}.arrow")
    settings = ",".join(f"{name}={SMALL[name]}" for name in ("embedding_size", "components", "epochs", "trials"))
    train = visrec(
        "train-cf", "log.arrow", "--items", "shop.arrow", "--model", "hybrid", "--set", f"map=knn,{settings}",
        "--min-weight", 3, "--validation", 0, "--seed", SEED, "--device", "cpu", "-o", "model.ndjson",
    )  # fmt: skip
    assert train.returncode == 0, train.stderr
    piped = visrec("show", "model.ndjson", "--format", "arrow", "-o", "model.arrow")
    assert piped.returncode == 0, piped.stderr
    before = in_memory(WAYS["all at once"], trained("hybrid", (("map", "knn"),)).served)
    users = [part for user in ("u3", "u40", "new", "nobody") for part in ("--user", user)]
    for model in ("model.ndjson", "model.arrow"):
        answer = visrec(
            "recommend", model, *users, "-k", 60, "--new-items", "new.arrow", "--history", "clicks.arrow", "--explain",
            "--show-history", 3, "-o", "answer.arrow",
        )  # fmt: skip
        assert answer.returncode == 0, answer.stderr
        assert_alike(before, open_table(tmp_path / "answer.arrow").read_all())
