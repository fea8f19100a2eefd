"""``train-cf --private`` from end to end, and what does not go with it."""

import sys

import pyarrow as pa
import pytest

from tests.stages.train_cf.test_train_cf import clicks, shop
from visrec_cli.errors import InputError, UnavailableError, UsageError
from visrec_cli.options.logs import Cleaning
from visrec_cli.options.privacy import Privacy, privacy_of
from visrec_cli.options.recommend_users import Newer, Rules
from visrec_cli.recommenders.serialization import from_table
from visrec_cli.recommenders.two_tower.private import PrivateTwoTower
from visrec_cli.runtime.report import Report
from visrec_cli.stages.recommend.users import recommend_users
from visrec_cli.stages.train_cf import train_cf

SETTINGS = {"epochs": "2", "embedding_size": "4", "components": "4", "batch_size": "30"}


def trained(source: pa.Table, **more: object) -> pa.Table:
    options = {"model": "two-tower", "items": shop(), "settings": SETTINGS, "privacy": Privacy(8), "device": "cpu"}
    return train_cf(source, **{**options, **more}).read_all()  # type: ignore[arg-type]


def test_the_model_holds_no_users_and_folds_in_those_who_are_brought() -> None:
    pytest.importorskip("opacus")
    report = Report()
    secret = pa.table({"user_id": ["u3"], "item_id": ["secret"], "timestamp": clicks()["timestamp"][:1]})
    model = trained(pa.concat_tables([clicks(), secret]), report=report)
    assert report.counts["interactions with items that --items does not list"] == 1
    assert set(model["entity"].to_pylist()) == {"item"}
    assert model["id"].to_pylist() == shop()["item_id"].to_pylist()
    assert from_table(model)[0].facts["privacy"]["epsilon"] == 8
    newer = Newer(history=clicks().slice(0, 20))
    found = recommend_users(model, users=["u0"], rules=Rules(k=3), newer=newer).read_all()
    assert found["source"].to_pylist() == ["two-tower"] * 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model": "als"}, "als cannot be trained with --private.*two-tower"),
        ({"items": None}, "needs the catalogue"),
        ({"tune": 3}, "--tune would reveal"),
        ({"log": ["x.csv"]}, "--log would reveal"),
        ({"resume": "x.npz"}, "--resume would reveal"),
        ({"validation": 0.1}, "--validation would reveal"),
        ({"fit_on": "train"}, "the log has no validation rows"),
        ({"cleaning": Cleaning(k_core=5)}, "--k-core would reveal"),
        ({"settings": {"user_ids": "true"}}, "unknown setting of two-tower 'user_ids'"),
    ],
)
def test_what_does_not_go_with_it(options: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said.split(".*")[0]) as caught:
        trained(clicks(), **options)
    assert said.split(".*")[-1] in f"{caught.value} {caught.value.fix}"


@pytest.mark.parametrize("fit_on", ["known", "train"])
def test_validation_rows_are_fitted_once_or_not_looked_at(fit_on: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The noise is for one training: nothing is chosen, and the number of interactions is not told."""
    pytest.importorskip("opacus")
    fitted: list[int] = []
    fit = PrivateTwoTower.fit
    monkeypatch.setattr(
        PrivateTwoTower, "fit", lambda self, log, *more: fitted.append(log.matrix.nnz) or fit(self, log, *more)
    )
    words = ["train" if row % 4 else "validation" for row in range(clicks().num_rows)]
    report = Report()
    model, _, _ = from_table(trained(clicks(split=words), fit_on=fit_on, report=report))
    assert fitted == [len(words) if fit_on == "known" else words.count("train")]
    assert report.counts["validation interactions not looked at"] == (
        0 if fit_on == "known" else words.count("validation")
    )
    assert model.facts["fit_on"] == fit_on
    assert not {"interactions", "validation_interactions", "validation", "epochs"} & set(model.facts)


def test_a_log_of_another_catalogue() -> None:
    pytest.importorskip("opacus")
    other = pa.table({"user_id": ["a"], "item_id": ["x"]})
    with pytest.raises(InputError, match="no item of the log is in --items"):
        trained(other)


def test_without_opacus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opacus", None)
    with pytest.raises(UnavailableError, match="opacus is not installed") as caught:
        trained(clicks())
    assert "visrec-cli[private]" in str(caught.value.fix)


def test_how_it_is_said() -> None:
    assert privacy_of("epsilon=4,delta=1e-5") == Privacy(4, 1e-5)
    for text in ("4", "delta=1e-5", "epsilon=4,gamma=1"):
        with pytest.raises(UsageError, match="--private"):
            privacy_of(text)
