"""Models are used from files: every recommender answers every question from a file as it did in memory.

Each model is trained by ``train-cf`` and asked twice: as it was before it became a table, and from a file that the real
writers wrote and the real readers read. Answers are equal to the last bit, and refusals to the last word.
"""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.models.ways import WAYS, asked, assert_alike, in_memory, outcome
from tests.models.worlds import BARE_SHOP, Trained, shop, trained
from visrec_cli.registry import find, names
from visrec_cli.runtime.settings import Setting
from visrec_cli.stages.profile import profile
from visrec_cli.stages.recommend.items import recommend
from visrec_cli.tables.output import write_table

RECOMMENDERS = names("recommender")
CLICKS_ALONE = [name for name in RECOMMENDERS if not find("recommender", name).needs_content]
FORMATS = (".arrow", ".arrows", ".parquet", ".ndjson")
HARD = ("all at once", "events", "a condition")  # what needs most of a file


def written(model: Trained, file: Path) -> str:
    write_table(model.table.to_reader(), file)
    return str(file)


def assert_answers_alike(model: Trained, file: str, *ways: str) -> None:
    for way in ways:
        assert_alike(in_memory(WAYS[way], model.served), outcome(WAYS[way], [file]))


def values_of(knob: Setting) -> list[Any]:
    """Each choice; of numbers the least that makes sense, and another one."""
    if knob.choices or isinstance(knob.default, bool):
        return list(knob.choices or (True, False))
    least = 1 if knob.least is None else knob.least
    if isinstance(knob.default, int):
        return [int(least), 3]
    return [least if knob.low is None else knob.low, 1.5 if knob.high is None else knob.high]


SETTINGS = [
    pytest.param(name, setting, value, id=f"{name}-{setting}={value}")
    for name in RECOMMENDERS
    for setting, knob in find("recommender", name).settings.items()
    for value in values_of(knob)
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", RECOMMENDERS)
def test_every_way_of_asking(name: str, way: str, tmp_path: Path) -> None:
    model = trained(name)
    assert_answers_alike(model, written(model, tmp_path / "model.arrow"), way)


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("name", RECOMMENDERS)
def test_every_format(name: str, ending: str, tmp_path: Path) -> None:
    model = trained(name)
    file = written(model, tmp_path / f"model{ending}")
    assert_answers_alike(model, file, *HARD)
    for way in (
        partial(recommend, items=["i12", "007"], k=4),
        partial(profile, users=["u3"]),
        partial(profile, users=["u3"], items=shop()),
        partial(profile, users=["u3"], items=BARE_SHOP),
    ):
        assert_alike(outcome(_read(way), [model.table]), outcome(_read(way), [file]))


def _read(way: Any) -> Any:
    return lambda model: way(model).read_all()


@pytest.mark.parametrize(("name", "setting", "value"), SETTINGS)
def test_every_setting(name: str, setting: str, value: Any, tmp_path: Path) -> None:
    model = trained(name, ((setting, value),))
    assert_answers_alike(model, written(model, tmp_path / "model.arrow"), "all at once", "a session with a new item")


@pytest.mark.parametrize("by", ["score", "rank"])
@pytest.mark.parametrize("name", RECOMMENDERS)
def test_every_blend(name: str, by: str, tmp_path: Path) -> None:
    other = "popularity" if name != "popularity" else "item-knn"
    models = trained(name), trained(other)
    files = [written(model, tmp_path / f"{n}.arrow") for n, model in enumerate(models)]
    way = partial(WAYS["all at once"], blend_by=by)
    assert_alike(in_memory(way, *(model.served for model in models)), outcome(way, files))


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("name", CLICKS_ALONE)
def test_models_without_items_have_no_columns(name: str, ending: str, tmp_path: Path) -> None:
    model = trained(name, items=False)
    file = written(model, tmp_path / f"model{ending}")
    assert_answers_alike(model, file, "reasons and histories", "all at once", "new items")


@pytest.mark.parametrize("ending", FORMATS)
def test_a_private_model_has_no_users(ending: str, tmp_path: Path) -> None:
    pytest.importorskip("opacus")
    model = trained("two-tower", private=True)
    file = written(model, tmp_path / f"model{ending}")
    assert_answers_alike(model, file, "all at once", "events", "sessions", "a user")


def test_the_answers_are_many_and_of_all_kinds() -> None:
    """That equal answers are not all refusals, or empty."""
    answers = {way: in_memory(WAYS[way], trained("hybrid").served) for way in WAYS}
    assert not any(isinstance(answer, tuple) for answer in answers.values())
    table = answers["all at once"]
    assert {"new", "nobody", "u3", "u40"} == set(table["user_id"].to_pylist())
    assert {f"new {group}" for group in range(4)} <= set(table["item_id"].to_pylist())
    assert table["because_item_id"].drop_null().length() > 50
    assert all(any(event["items"] for event in answers[way] if "items" in event) for way in WAYS if "events" in way)
    refused = in_memory(partial(asked, columns=["colour"]), trained("hybrid").served)
    assert refused[0] == "UsageError"
