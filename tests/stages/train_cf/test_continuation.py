"""A training that goes on to more epochs ends in the model of a single one of that length."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stages.train_cf.test_train_cf import clicks, shop
from tests.training.test_callbacks import Course, Judge
from visrec_cli.errors import InputError, UsageError
from visrec_cli.recommenders.base import Iterative
from visrec_cli.registry import find, names
from visrec_cli.runtime.report import Report
from visrec_cli.stages.train_cf import train_cf
from visrec_cli.training.callbacks import TrainingMonitor
from visrec_cli.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from visrec_cli.training.schedule import as_of, step_of

LEARNING = [name for name in names("recommender") if issubclass(find("recommender", name), Iterative)]
SMALL = {"embedding_size": "8", "hidden_size": "8", "visual_size": "4"}


def trained(model: str, epochs: int, report: Report | None = None, **options: Any) -> pa.Table:
    settings = {name: value for name, value in SMALL.items() if name in find("recommender", model).settings}
    settings |= {"epochs": str(epochs), **options.pop("settings", {})}
    items = shop() if find("recommender", model).uses_content or find("recommender", model).needs_content else None
    return train_cf(
        clicks(), model=model, items=items, settings=settings, device="cpu", report=report, **options
    ).read_all()


def test_every_recommender_that_learns_in_epochs_is_here() -> None:
    assert {"als", "bpr", "gru", "hybrid", "sasrec", "two-tower", "vbpr"} <= set(LEARNING)
    assert set(LEARNING) == {name for name in names("recommender") if "epochs" in find("recommender", name).settings}


@pytest.mark.parametrize("fit_on", ["known", "train"])
@pytest.mark.parametrize("model", LEARNING)
def test_more_epochs_give_the_model_of_a_single_training(model: str, fit_on: str, tmp_path: Path) -> None:
    keep, options = str(tmp_path / "run.npz"), {"fit_on": fit_on, "patience": 9}
    whole = trained(model, 5, **options)
    trained(model, 2, save_checkpoint=keep, **options)
    assert trained(model, 5, resume=keep, **options).equals(whole, check_metadata=True)


@pytest.mark.parametrize("fewer", [3, 41, 45])
@pytest.mark.parametrize("fit_on", ["known", "train"])
def test_though_a_longer_training_is_judged_less_often(fewer: int, fit_on: str, tmp_path: Path) -> None:
    keep, options = str(tmp_path / "run.npz"), {"fit_on": fit_on, "settings": {"learning_rate": "0.2"}}
    assert step_of(fewer) < step_of(90)
    logs = [str(tmp_path / name) for name in ("whole.csv", "resumed.csv")]
    whole = trained("sgd-mf", 90, log=[logs[0]], **options)
    trained("sgd-mf", fewer, save_checkpoint=keep, **options)
    resumed = trained("sgd-mf", 90, resume=keep, save_checkpoint=keep, log=[logs[1]], **options)
    assert resumed.equals(whole, check_metadata=True)
    assert Path(logs[1]).read_text() == Path(logs[0]).read_text()
    assert trained("sgd-mf", 90, resume=keep, **options).equals(whole, check_metadata=True)


def test_without_anything_held_back(tmp_path: Path) -> None:
    keep = str(tmp_path / "run.npz")
    trained("als", 3, validation=0.0, save_checkpoint=keep)
    assert trained("als", 7, validation=0.0, resume=keep).equals(trained("als", 7, validation=0.0), check_metadata=True)


def test_a_checkpoint_of_the_first_release_begins_the_search_anew(tmp_path: Path) -> None:
    """It did not keep the search beside the fit that follows it; the fit goes on."""
    keep, report = tmp_path / "run.npz", Report()
    whole = trained("als", 8, patience=9)
    trained("als", 4, patience=9, save_checkpoint=str(keep))
    found = load_checkpoint(keep, {})
    about = {name: told for name, told in found.about.items() if name not in ("metric", "fit_on", "known")}
    older = Checkpoint(
        *(getattr(found, name) for name in ("phase", "epoch", "best_epoch", "best", "curve", "state", "kept")), about
    )
    save_checkpoint(keep, older)
    assert trained("als", 8, report, patience=9, resume=str(keep)).equals(whole, check_metadata=True)
    assert any("starts again" in said for said in report.warnings)


def test_fewer_epochs_than_are_done_are_refused(tmp_path: Path) -> None:
    keep = str(tmp_path / "run.npz")
    for options in ({"validation": 0.0}, {"fit_on": "train", "patience": 9}, {"patience": 9}):
        trained("als", 6, save_checkpoint=keep, **options)
        with pytest.raises(UsageError, match="has 6 epochs already, and --set epochs=5 is fewer") as caught:
            trained("als", 5, resume=keep, **options)
        assert caught.value.fix == "use --set epochs=6 or more, or start again without --resume"


def test_other_settings_are_still_another_training(tmp_path: Path) -> None:
    keep = str(tmp_path / "run.npz")
    trained("als", 3, save_checkpoint=keep)
    with pytest.raises(InputError, match="another training: settings was"):
        trained("als", 6, resume=keep, settings={"reg": "0.5"})
    with pytest.raises(InputError, match=r"another training: metric was ndcg@10 and is recall@5 now"):
        trained("als", 6, resume=keep, metric="recall@5")


def test_what_had_stopped_early_says_that_more_epochs_change_nothing(tmp_path: Path) -> None:
    keep, report, same = str(tmp_path / "run.npz"), Report(), Report()
    short = trained("als", 30, patience=1, save_checkpoint=keep)
    assert load_checkpoint(Path(keep), {}).done < 30
    more = trained("als", 35, report, patience=1, resume=keep)
    assert more["factors"].equals(short["factors"])
    assert any("had stopped early" in said and "--patience" in said for said in report.warnings)
    trained("als", 30, same, patience=1, resume=keep)
    assert not any("stopped early" in said for said in same.warnings)
    patient = trained("als", 35, patience=20, resume=keep)
    assert patient.equals(trained("als", 35, patience=20), check_metadata=True)


values = st.lists(st.floats(0, 1, allow_nan=False), min_size=130, max_size=130)


@given(values, st.integers(1, 60), st.integers(0, 70), st.integers(1, 6))
def test_where_a_longer_training_would_stand(scores: list[float], epochs: int, more: int, patience: int) -> None:
    """For any course of the values: the best epoch, its value and the curve are those of a single training."""
    goal = Judge.measure
    judge: Any = Judge(scores)

    class Kept(TrainingMonitor):
        def epoch(self, number: int, loss: float, recommender: Any) -> bool:
            over = super().epoch(number, loss, recommender)
            state = {name: np.array(array) for name, array in recommender.state().items()}
            curve = list(self.curve)
            self.at = Checkpoint("search", number, self.best_epoch, self.best, curve, state, self._best_state, {})
            return over

    first = Kept(Report(), judge, patience=patience)
    Course(epochs=epochs).fit(None, None, first)  # type: ignore[arg-type]
    resumed = as_of(first.at, epochs + more, goal, patience)
    second = TrainingMonitor(Report(), judge, patience=patience, resumed=resumed)
    found = Course(epochs=epochs + more).fit(None, None, second)  # type: ignore[arg-type]
    single = TrainingMonitor(Report(), judge, patience=patience)
    whole = Course(epochs=epochs + more).fit(None, None, single)  # type: ignore[arg-type]
    assert (second.best_epoch, second.best, second.curve) == (single.best_epoch, single.best, single.curve)
    assert second.lost or found[0] == whole[0]  # type: ignore[index]
