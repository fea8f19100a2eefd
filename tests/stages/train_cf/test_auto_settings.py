"""Settings that the log decides: said, written down, given way to, and the same after a kill."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.stages.train_cf.test_fit_on import split_log
from tests.stages.train_cf.test_train_cf import clicks, shop
from visrec_cli.errors import InputError, UsageError
from visrec_cli.logs.matrix import log_of
from visrec_cli.recommenders.als.model import Als
from visrec_cli.recommenders.data import Log
from visrec_cli.recommenders.model import Model
from visrec_cli.recommenders.serialization import from_table
from visrec_cli.registry import find, names
from visrec_cli.runtime.report import Report
from visrec_cli.stages.train_cf import train_cf
from visrec_cli.training.checkpoint import load_checkpoint, save_checkpoint

SMALL = {"embedding_size": 4, "epochs": 3, "components": 4, "trials": 1}
AUTO = [name for name in names("recommender") if any(knob.auto for knob in find("recommender", name).settings.values())]


def logged(table: pa.Table) -> Log:
    return log_of(table.append_column("weight", pa.array(np.ones(table.num_rows, np.float32))))


def trained(model: str = "als", **more: Any) -> tuple[Model, list[str]]:
    kind = find("recommender", model)
    settings = {name: value for name, value in SMALL.items() if name in kind.settings} | more.pop("settings", {})
    said: list[str] = []
    report = Report(listener=said.append)
    items = shop() if kind.uses_content else None
    table = train_cf(more.pop("log", clicks()), model=model, items=items, settings=settings, report=report, **more)
    return from_table(table.read_all())[0], said


def test_the_recommenders_whose_settings_the_log_decides() -> None:
    assert {"als", "hybrid"} <= set(AUTO)


@pytest.mark.parametrize("validation", [None, 0.0])
@pytest.mark.parametrize("model", AUTO)
def test_it_is_said_what_suits_the_log_and_it_is_what_suits_all_that_was_fitted(
    model: str, validation: float | None
) -> None:
    fitted, said = trained(model, validation=validation)
    wanted = find("recommender", model).resolved({}, logged(clicks()))
    auto = fitted.facts["auto"]
    assert auto == ["reg", "unobserved_weight"]
    assert {name: fitted.settings[name] for name in auto} == {name: wanted[name] for name in auto}
    (line,) = [one for one in said if "auto" in one]
    assert all(f"{name} {wanted[name]:g}" in line for name in auto)
    assert "--set" in line


@pytest.mark.parametrize("model", AUTO)
def test_what_is_given_is_taken_and_the_rest_goes_with_it(model: str) -> None:
    fitted, said = trained(model, settings={"unobserved_weight": "0.5"})
    assert fitted.settings["unobserved_weight"] == 0.5
    assert fitted.facts["auto"] == ["reg"]
    assert fitted.settings["reg"] == Als.resolved({"unobserved_weight": 0.5}, logged(clicks()))["reg"]
    both, said = trained(model, settings={"unobserved_weight": 0.5, "reg": 0.1})
    assert "auto" not in both.facts
    assert not any("auto" in one for one in said)
    same, _ = trained(model, settings={"unobserved_weight": "auto", "reg": "auto"})
    np.testing.assert_array_equal(same.scores(), trained(model)[0].scores())
    with pytest.raises(UsageError, match="reg=much is not a number, or auto"):
        trained(model, settings={"reg": "much"})


def test_a_search_begins_with_what_suits_the_log_and_leaves_numbers() -> None:
    fitted, said = trained(tune=3, log=split_log(), settings={"embedding_size": 4})
    learned = split_log().filter([word == "train" for word in split_log()["split"].to_pylist()])
    wanted = Als.resolved({}, logged(learned))
    assert f"reg={wanted['reg']:.4g} unobserved_weight={wanted['unobserved_weight']:.4g}" in said[0]
    assert "auto" not in fitted.facts
    assert all(isinstance(fitted.settings[name], float) for name in ("reg", "unobserved_weight"))
    left, _ = trained(tune=3, log=split_log(), settings={"embedding_size": 4, "reg": "auto"})
    assert left.facts["auto"] == ["reg"]


def test_a_checkpoint_holds_the_numbers_and_is_taken_up_with_them(tmp_path: Path) -> None:
    """Whatever would suit the log now: another version may know better, and a training is of one piece."""
    keep = tmp_path / "run.npz"
    whole, _ = trained(save_checkpoint=str(keep))
    found = load_checkpoint(keep, {})
    assert found.phase == "refit"
    assert found.about["auto"]["refit"] == {name: whole.settings[name] for name in ("reg", "unobserved_weight")}
    assert found.about["auto"]["search"] != found.about["auto"]["refit"]  # of nine tenths of the log
    resumed, _ = trained(resume=str(keep))
    assert resumed.settings == whole.settings
    np.testing.assert_array_equal(resumed.scores(), whole.scores())
    told = {"search": found.about["auto"]["search"], "refit": {"reg": 0.5, "unobserved_weight": 0.25}}
    save_checkpoint(keep, replace(found, about=found.about | {"auto": told}))
    other, _ = trained(resume=str(keep))
    assert (other.settings["reg"], other.settings["unobserved_weight"]) == (0.5, 0.25)


def test_a_checkpoint_of_the_first_release_goes_on_with_the_numbers_of_that(tmp_path: Path) -> None:
    """Its defaults were numbers; numbers that were given are still compared."""
    keep = tmp_path / "run.npz"
    first = {"reg": 0.03, "unobserved_weight": 0.01}
    whole, _ = trained(save_checkpoint=str(keep), settings=first)
    found = load_checkpoint(keep, {})
    save_checkpoint(keep, replace(found, about={name: told for name, told in found.about.items() if name != "auto"}))
    resumed, said = trained(resume=str(keep))
    assert resumed.settings == whole.settings
    np.testing.assert_array_equal(resumed.scores(), whole.scores())
    assert not any("auto" in one for one in said)
    assert "als: reg 0.03, unobserved_weight 0.01, as the checkpoint has it" in said
    with pytest.raises(InputError, match="is from another training: settings was"):
        trained(resume=str(keep), settings={"reg": 0.04})


def test_a_checkpoint_of_a_search_is_of_the_settings_that_it_found(tmp_path: Path) -> None:
    keep = tmp_path / "run.npz"
    whole, _ = trained(tune=3, save_checkpoint=str(keep), settings={"embedding_size": 4})
    resumed, _ = trained(resume=str(keep), settings={"embedding_size": 4})
    assert resumed.settings == whole.settings
    np.testing.assert_array_equal(resumed.scores(), whole.scores())


@pytest.mark.parametrize(
    "told",
    [
        {"auto": ["refit"]},
        {"auto": {"refit": 0.1}},
        {"auto": {"refit": {"reg": "auto"}}},
        {"auto": {"refit": {"reg": [0.1]}}},
        {"auto": {"refit": {"reg": float("nan")}}},
        {"auto": {"refit": {"reg": -1.0}}},
        {"auto": {"later": {"reg": 0.1}}},
        {"settings": {"reg": "much"}},
    ],
)
def test_what_no_training_leaves_in_a_checkpoint_is_refused(tmp_path: Path, told: dict[str, Any]) -> None:
    keep = tmp_path / "run.npz"
    trained(save_checkpoint=str(keep))
    found = load_checkpoint(keep, {})
    told = {"settings": found.about["settings"] | told["settings"]} if "settings" in told else told
    save_checkpoint(keep, replace(found, about=found.about | told))
    with pytest.raises(InputError, match=r"damaged: about[.](auto|settings)"):
        trained(resume=str(keep))


@pytest.mark.parametrize("settings", [{}, {"exposure": "1"}])
def test_that_new_items_will_hardly_be_shown_is_said_where_there_are_some(settings: dict[str, str]) -> None:
    report, none = Report(), Report()
    small = {**{name: str(value) for name, value in SMALL.items()}, **settings}
    for one, items in (
        (report, shop()),
        (none, shop().filter([i != "never-clicked" for i in shop()["item_id"].to_pylist()])),
    ):
        train_cf(clicks(), model="hybrid", items=items, settings=small, report=one).read_all()
    hardly = any("hardly be recommended" in one and "--set exposure=1" in one for one in report.warnings)
    assert hardly == (not settings)
    assert not any("hardly" in one for one in none.warnings)
