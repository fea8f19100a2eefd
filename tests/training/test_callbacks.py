"""Early stopping, the best epoch, checkpoints: with a recommender whose course is written down."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from visrec_cli.errors import InputError, MissingInputError
from visrec_cli.recommenders.base import Iterative, Setting
from visrec_cli.recommenders.data import Content, Log
from visrec_cli.recommenders.model import Model
from visrec_cli.runtime.report import Report
from visrec_cli.stages.train_cf.validation import Measure
from visrec_cli.training.callbacks import TrainingMonitor
from visrec_cli.training.checkpoint import load_checkpoint


class Course(Iterative):
    """Counts its epochs; its model is the count."""

    name, summary = "course", "a recommender whose only parameter is the number of epochs"
    settings = {"epochs": Setting(20, "how many")}  # noqa: RUF012

    def start(self, log: Log, content: Content | None) -> None:
        self.done = np.zeros(1)

    def epoch(self, number: int) -> float:
        self.done = self.done + 1
        return 1 / number

    def model(self) -> Model:
        return self.done  # type: ignore[return-value]

    def state(self) -> dict[str, Any]:
        return {"done": self.done}

    def restore(self, state: dict[str, Any]) -> None:
        self.done = state["done"]


class Judge:
    """Gives the values of a list, epoch by epoch."""

    measure = Measure("ndcg@10")

    def __init__(self, values: list[float]) -> None:
        self.values = values

    def score(self, model: Any) -> float:
        return self.values[int(model[0]) - 1]


def train(
    values: list[float] | None, *, patience: int = 3, epochs: int = 20, **watch: Any
) -> tuple[Any, TrainingMonitor]:
    judge: Any = None if values is None else Judge(values)
    seen = TrainingMonitor(Report(), judge, patience=patience, **watch)
    return Course(epochs=epochs).fit(None, None, seen), seen  # type: ignore[arg-type]


def test_it_stops_when_it_gets_no_better_and_goes_back_to_the_best() -> None:
    model, watch = train([0.1, 0.3, 0.4, 0.35, 0.39, 0.38, 0.9, *[0.0] * 20])
    assert model[0] == 3
    assert (watch.best_epoch, watch.best) == (3, 0.4)
    assert [seen["epoch"] for seen in watch.curve] == [1, 2, 3, 4, 5, 6]
    assert watch.curve[1] == {"phase": "search", "epoch": 2, "loss": 0.5, "value": 0.3}


def test_without_a_judge_it_goes_to_the_end() -> None:
    model, watch = train(None)
    assert model[0] == 20
    assert watch.curve[-1]["value"] is None


def test_a_long_training_is_judged_now_and_then() -> None:
    _, watch = train([i / 1000 for i in range(1, 1001)], epochs=200)
    judged = [seen["epoch"] for seen in watch.curve if seen["value"] is not None]
    assert judged == list(range(8, 201, 8))


def test_it_resumes_where_it_was(tmp_path: Path) -> None:
    values = [0.1, 0.3, 0.2, 0.5, 0.1, 0.1, 0.1, 0.1]
    whole, seen = train(values, epochs=8)
    train(values, epochs=5, save=tmp_path / "run.npz", about={"model": "course"})
    at = load_checkpoint(tmp_path / "run.npz", {"model": "course"})
    assert (at.epoch, at.best_epoch, at.best) == (5, 4, 0.5)
    resumed, later = train(values, epochs=8, resumed=at)
    assert resumed[0] == whole[0] == 4
    assert later.curve == seen.curve


def test_a_training_that_was_over_stays_over(tmp_path: Path) -> None:
    values = [0.5, 0.1, 0.1, 0.1, 0.9, 0.9]
    train(values, save=tmp_path / "run.npz")
    resumed, watch = train(values, resumed=load_checkpoint(tmp_path / "run.npz", {}))
    assert resumed[0] == 1
    assert len(watch.curve) == 4


def test_a_checkpoint_of_another_training_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    train([0.1] * 20, save=path, about={"model": "course", "seed": 1})
    with pytest.raises(InputError, match="another training: seed was 1 and is 2 now"):
        load_checkpoint(path, {"model": "course", "seed": 2})
    with pytest.raises(MissingInputError):
        load_checkpoint(tmp_path / "none.npz", {})
    for bad in (b"", b"PK\x03\x04 nothing", path.read_bytes()[:200], b"user_id,item_id\n"):
        (tmp_path / "bad.npz").write_bytes(bad)
        with pytest.raises(InputError, match="not a checkpoint") as caught:
            load_checkpoint(tmp_path / "bad.npz", {})
        assert "pickle" not in str(caught.value)  # numpy's own words advise to trust the file
