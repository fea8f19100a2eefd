"""Which rows a model is fitted on, for every recommender and every form of log; what is known is never recommended."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tests.stages.train_cf.test_train_cf import clicks, shop
from visrec_cli.app import run
from visrec_cli.commands.train_cf import FirstRelease
from visrec_cli.errors import InputError, UsageError
from visrec_cli.options.logs import Cleaning
from visrec_cli.options.recommend_users import Newer, Rules
from visrec_cli.options.train_cf import TrainCfOptions
from visrec_cli.recommenders.model import Model
from visrec_cli.recommenders.serialization import from_table, to_table
from visrec_cli.registry import find, names
from visrec_cli.runtime.report import Report
from visrec_cli.stages.recommend.users import recommend_users
from visrec_cli.stages.train_cf import train_cf
from visrec_cli.training.checkpoint import load_checkpoint, save_checkpoint

SMALL = {"epochs": "3", "embedding_size": "4", "components": "4", "hidden_size": "4", "trials": "1"}


def split_log(*, strangers: bool = False) -> pa.Table:
    """Of ten rows seven are for training, one for validation, two for test. u18 is in no training row; strangers: nor
    are another user and an item."""
    table = clicks()
    words = (["train"] * 7 + ["validation", "test", "test"]) * table.num_rows
    table = table.append_column("split", pa.array(words[: table.num_rows]))
    if not strangers:
        return table
    rows = {
        "user_id": ["newcomer", "newcomer", "u0"],
        "item_id": ["i0", "novelty", "novelty"],
        "split": ["validation"] * 3,
    }
    more = pa.table({**rows, "timestamp": table["timestamp"].slice(0, 3)}).select(table.column_names)
    return pa.concat_tables([table, more])


def rows_of(table: pa.Table, *parts: str) -> pa.Table:
    return table.filter(pc.is_in(table["split"], pa.array(parts))).drop_columns(["split"])


def trained(source: pa.Table, model: str, **more: Any) -> Model:
    settings = {name: value for name, value in SMALL.items() if name in find("recommender", model).settings}
    settings |= more.pop("settings", {})
    items = shop() if find("recommender", model).uses_content else None
    options = {"model": model, "items": items, "settings": settings, "seed": 3, "device": "cpu", **more}
    return from_table(train_cf(source, **options).read_all())[0]


def pairs_of(model: Model, *, liked: bool) -> set[tuple[str, str]]:
    """The users and items of the histories, those of weight 0 or all others."""
    cells = model.users.history.tocoo()
    there = (cells.data != 0) == liked
    return {(model.users.ids[u], model.items.ids[i]) for u, i in zip(cells.row[there], cells.col[there], strict=True)}


def pairs(table: pa.Table) -> set[tuple[str, str]]:
    return set(zip(table["user_id"].to_pylist(), table["item_id"].to_pylist(), strict=True))


def table_of(log: pa.Table, model: str, **more: Any) -> pa.Table:
    settings = {name: value for name, value in SMALL.items() if name in find("recommender", model).settings}
    items = shop() if find("recommender", model).uses_content else None
    return train_cf(log, model=model, items=items, settings=settings, device="cpu", **more).read_all()


@pytest.mark.parametrize("model", names("recommender"))
def test_fitted_on_the_training_rows_it_scores_as_if_there_were_no_others(model: str) -> None:
    """The published protocol: the validation rows choose the epochs, and nothing else of them is in any score."""
    log = split_log(strangers=True)
    fitted = trained(log, model, fit_on="train")
    epochs = {"epochs": str(fitted.facts["epochs"])} if "epochs" in fitted.facts else {}
    alone = trained(rows_of(log, "train"), model, validation=0.0, settings=epochs)
    assert fitted.items.ids == alone.items.ids
    assert fitted.users.ids == (*alone.users.ids, "newcomer", "u18")
    np.testing.assert_array_equal(fitted.scores()[:-2], alone.scores())
    assert pairs_of(fitted, liked=True) == pairs_of(alone, liked=True)
    assert fitted.facts["fit_on"] == "train"
    assert fitted.facts["interactions"] == log["split"].to_pylist().count("train")


@pytest.mark.parametrize("model", names("recommender"))
def test_fitted_on_what_is_known_it_is_as_if_nothing_had_been_held_back(model: str) -> None:
    log = split_log(strangers=True)
    fitted = trained(log, model)
    epochs = {"epochs": str(fitted.facts["epochs"])} if "epochs" in fitted.facts else {}
    whole = trained(rows_of(log, "train", "validation"), model, validation=0.0, settings=epochs)
    assert (fitted.users.ids, fitted.items.ids) == (whole.users.ids, whole.items.ids)
    np.testing.assert_array_equal(fitted.scores(), whole.scores())
    assert pairs_of(fitted, liked=True) == pairs(rows_of(log, "train", "validation"))
    assert fitted.facts["fit_on"] == "known"
    assert fitted.facts["validation"] == trained(log, model, fit_on="train").facts["validation"]


@pytest.mark.parametrize("fit_on", ["known", "train"])
@pytest.mark.parametrize("model", names("recommender"))
def test_what_is_known_of_a_user_is_not_recommended(model: str, fit_on: str) -> None:
    """Nor by the fallback, to somebody whom only validation rows know."""
    log = split_log(strangers=True)
    fitted = table_of(log, model, fit_on=fit_on)
    recommended = recommend_users(fitted, all_users=True, rules=Rules(k=60)).read_all()
    assert not pairs(recommended) & pairs(rows_of(log, "train", "validation"))
    assert pairs(recommended) & pairs(rows_of(log, "test"))
    assert "newcomer" in recommended["user_id"].to_pylist()
    asked = recommend_users(fitted, all_users=True, rules=Rules(k=60, seen="in")).read_all()
    assert pairs(asked) & pairs(rows_of(log, "validation"))


@pytest.mark.parametrize("model", ["als", "gru"])
@pytest.mark.parametrize("fit_on", ["known", "train"])
def test_a_share_that_is_held_back_is_known_too(model: str, fit_on: str) -> None:
    """Without a column of parts, and in a fold."""
    table = clicks()
    folds = table.append_column("fold", pa.array([row % 3 for row in range(table.num_rows)]))
    for log, fold in ((table, None), (folds, 1)):
        rest = table if fold is None else table.filter(pc.not_equal(folds["fold"], fold))
        fitted = trained(log, model, fit_on=fit_on, fold=fold)
        liked, seen = (pairs_of(fitted, liked=which) for which in (True, False))
        assert liked | seen == pairs(rest)
        assert bool(seen) == (fit_on == "train")
        held = fitted.facts["validation_interactions"]
        assert fitted.facts["interactions"] == rest.num_rows - (held if fit_on == "train" else 0)


def test_a_model_in_one_step_holds_back_only_what_it_is_asked_to() -> None:
    plain, judged, train = (
        trained(clicks(), "item-knn", **more)
        for more in ({}, {"validation": 0.2}, {"validation": 0.2, "fit_on": "train"})
    )
    assert "validation" not in plain.facts
    assert judged.facts["validation"] == train.facts["validation"] > 0
    assert judged.facts["interactions"] == plain.facts["interactions"] == clicks().num_rows
    assert train.facts["interactions"] == clicks().num_rows - train.facts["validation_interactions"]


@pytest.mark.parametrize("fit_on", ["known", "train"])
def test_a_search_chooses_on_the_validation_rows_and_is_fitted_as_asked(fit_on: str) -> None:
    log = split_log()
    found = trained(log, "item-knn", tune=3, fit_on=fit_on)
    again = trained(log, "item-knn", settings={k: str(v) for k, v in found.settings.items()}, fit_on=fit_on)
    np.testing.assert_array_equal(found.scores(), again.scores())
    assert found.facts["trials"] == 3
    assert found.facts["validation"] == again.facts["validation"]


def test_what_was_not_liked_stays_seen_beside_what_was_held_back() -> None:
    rating = pa.array([5.0 if row % 3 else 1.0 for row in range(clicks().num_rows)])
    log = split_log().append_column("rating", rating)
    for fit_on in ("known", "train"):
        fitted = trained(log, "als", fit_on=fit_on, cleaning=Cleaning(min_weight=4))
        assert pairs_of(fitted, liked=True) | pairs_of(fitted, liked=False) == pairs(
            rows_of(log, "train", "validation")
        )
        liked = rows_of(log.filter(pc.equal(log["rating"], 5)), "train", *(["validation"] if fit_on == "known" else []))
        assert pairs_of(fitted, liked=True) == pairs(liked)


def test_ratings_are_predicted_from_the_rows_that_were_fitted() -> None:
    """A validation rating is seen; it is no rating of 0, in no model that predicts ratings."""
    log = split_log().append_column("rating", pa.array([float(3 + row % 3) for row in range(clicks().num_rows)]))
    fitted = trained(log, "als-explicit", fit_on="train")
    alone = trained(
        rows_of(log, "train"), "als-explicit", validation=0.0, settings={"epochs": str(fitted.facts["epochs"])}
    )
    np.testing.assert_array_equal(fitted.scores()[:-1], alone.scores())
    assert pairs_of(fitted, liked=False) == pairs(rows_of(log, "validation"))


@pytest.mark.parametrize("source", ["split", "share"])
def test_a_killed_training_goes_on_to_the_same_model(source: str, tmp_path: Path) -> None:
    """In the search, and in the fit on all that is known; a checkpoint of the first release does not say on what."""
    log, keep = (split_log() if source == "split" else clicks()), tmp_path / "run.npz"
    whole = train_cf(log, settings={"epochs": "6"}, save_checkpoint=str(keep)).read_all()
    for older in (False, True):
        found = load_checkpoint(keep, {})
        assert found.phase == "refit"
        if older:
            about = {name: told for name, told in found.about.items() if name not in ("fit_on", "known")}
            save_checkpoint(keep, replace(found, about=about))
        resumed = train_cf(log, settings={"epochs": "6"}, resume=str(keep)).read_all()
        assert resumed.equals(whole, check_metadata=True)
        with pytest.raises(InputError, match=r"fit_on was known and is train|is refitted on all known data"):
            train_cf(log, settings={"epochs": "6"}, resume=str(keep), fit_on="train")


def test_other_validation_rows_are_another_training(tmp_path: Path) -> None:
    keep = str(tmp_path / "run.npz")
    log = split_log()
    train_cf(log, save_checkpoint=keep).read_all()
    words = log["split"].to_pylist()
    fewer = log.filter(pa.array([word != "validation" or row % 20 == 7 for row, word in enumerate(words)]))
    with pytest.raises(InputError, match="is from another training: known was"):
        train_cf(fewer, resume=keep)


@pytest.mark.parametrize("fit_on", ["known", "train"])
def test_the_report_says_what_was_fitted(fit_on: str) -> None:
    report = Report()
    train_cf(split_log(), fit_on=fit_on, report=report).read_all()
    (said,) = [name for name in report.counts if name.startswith("interactions fitted")]
    assert said == f"interactions fitted, {'train and validation' if fit_on == 'known' else 'train alone'}"
    plain = Report()
    train_cf(clicks(), model="item-knn", report=plain).read_all()
    assert plain.counts["interactions fitted"] == clicks().num_rows


@pytest.mark.parametrize(
    ("log", "options", "said"),
    [
        (split_log(), {"validation": 0.1}, "already defines the validation rows"),
        (split_log(), {"validation": 0.0}, "already defines the validation rows"),
        (clicks(), {"model": "item-knn", "fit_on": "train"}, "nothing is held back from item-knn"),
        (clicks(), {"validation": 0.0, "fit_on": "train"}, "nothing is held back from als"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(log: pa.Table, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        train_cf(log, **options)
    assert "--validation" in str(caught.value.fix)


def test_where_nothing_can_be_held_back_it_is_said() -> None:
    few: Sequence[int] = [int(row) for row in np.unique(clicks()["user_id"].to_numpy(), return_index=True)[1]]
    report = Report()
    train_cf(clicks().take(pa.array(few)), report=report).read_all()
    assert any("every user has a single interaction" in said for said in report.warnings)


@pytest.mark.parametrize("model", names("recommender"))
def test_new_clicks_are_folded_in_beside_what_was_merely_seen(model: str) -> None:
    """Of a model fitted on the training rows, as of one that never heard of the others."""
    log = split_log(strangers=True)
    fitted = table_of(log, model, fit_on="train")
    told = from_table(fitted)[0].facts
    settings = {"settings": {"epochs": str(told["epochs"])}} if "epochs" in told else {}
    alone = to_table(trained(rows_of(log, "train"), model, validation=0.0, seed=0, **settings))
    new = clicks().filter(pc.equal(clicks()["user_id"], "u59"))
    new = new.set_column(0, "user_id", pa.array(["u0"] * new.num_rows))
    answers = [
        recommend_users(one, users=["u0", "u1"], rules=Rules(k=60, seen=seen), newer=Newer(history=new), columns=[])
        for seen in ("in", "only")
        for one in (fitted, alone)
    ]
    tables = [answer.read_all() for answer in answers]
    assert tables[0].equals(tables[1])
    assert tables[2].equals(tables[3])


def test_validation_rows_given_as_history_are_news() -> None:
    """The parameters from the training rows, the histories with what came since; and it does not count twice."""
    log = split_log()
    fitted = table_of(log, "item-knn", fit_on="train")
    report = Report()
    newer = Newer(history=rows_of(log, "validation"))
    found = recommend_users(fitted, all_users=True, rules=Rules(k=60), newer=newer, report=report).read_all()
    assert not pairs(found) & pairs(rows_of(log, "train", "validation"))
    assert not any("count twice" in said for said in report.warnings)
    first = recommend_users(fitted, all_users=True, rules=Rules(k=60)).read_all()
    assert found["score"].to_pylist() != first["score"].to_pylist()
    again = Report()
    recommend_users(fitted, all_users=True, newer=Newer(history=rows_of(log, "train")), report=again).read_all()
    assert any("count twice" in said for said in again.warnings)


def test_what_the_first_release_called_it() -> None:
    said = [FirstRelease(refit=refit).applied_to(TrainCfOptions()) for refit in (None, True, False)]
    assert [options.fit_on for options in said] == ["known", "known", "train"]
    assert FirstRelease().applied_to(TrainCfOptions(fit_on="train")).fit_on == "train"
    assert run(["train-cf", "clicks.csv", "--fit-on", "known", "--no-refit"]) == 2
