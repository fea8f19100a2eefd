"""The search for settings, on a function whose best place is known."""

from typing import Any

import pytest

from visrec_cli.errors import UsageProblem
from visrec_cli.recommenders.base import Setting
from visrec_cli.runtime.reporting import Report
from visrec_cli.stages.training.tuning import tune
from visrec_cli.stages.training.validation import Measure


class Valley:
    name = "valley"
    settings = {  # noqa: RUF012
        "x": Setting(0.9, "where", low=0.0, high=1.0),
        "kind": Setting("a", "which", choices=("a", "b")),
        "epochs": Setting(10, "not searched"),
    }


def hill(settings: dict[str, Any]) -> float:
    return 1 - (settings["x"] - 0.3) ** 2 + (0.5 if settings["kind"] == "b" else 0)


def search(attempt: Any = hill, *, metric: str = "ndcg@10", fixed: dict[str, Any] | None = None, seed: int = 0) -> Any:
    report = Report()
    said: list[str] = []
    report.listener = said.append
    kind: Any = Valley
    found = tune(kind, attempt, trials=40, fixed=fixed or {}, measure=Measure(metric), seed=seed, report=report)
    return found, said


def test_it_finds_the_top_and_tells_every_trial() -> None:
    found, said = search()
    assert abs(found[0].settings["x"] - 0.3) < 0.1
    assert found[0].settings["kind"] == "b"
    assert len(said) == 40
    assert "trial   1 of 40: ndcg@10 0.6400  x=0.9 kind=a  best so far" in said[0]  # the defaults come first
    assert "epochs" not in found[0].settings


def test_an_error_is_made_small() -> None:
    found, _ = search(lambda settings: (settings["x"] - 0.3) ** 2, metric="rmse", fixed={"kind": "a"})
    assert abs(found[0].settings["x"] - 0.3) < 0.1
    assert found[0].value == min(trial.value for trial in found)


def test_the_same_seed_tries_the_same() -> None:
    first, second, other = (search(seed=seed)[0] for seed in (1, 1, 2))
    assert first == second
    assert first != other


def test_a_failed_trial_is_told_and_passed_over() -> None:
    def shaky(settings: dict[str, Any]) -> float:
        if settings["x"] > 0.5:
            raise UsageProblem("the numbers ran away")
        return settings["x"]

    found, said = search(shaky, fixed={"kind": "a"})
    assert found[0].settings["x"] <= 0.5
    assert "failed (the numbers ran away)" in said[0]


def test_if_all_fail_it_says_why() -> None:
    def broken(settings: dict[str, Any]) -> float:
        raise UsageProblem("never works")

    with pytest.raises(UsageProblem, match="never works"):
        search(broken)


def test_nothing_left_to_search() -> None:
    with pytest.raises(UsageProblem, match="no settings left"):
        search(fixed={"x": 1, "kind": "a"})
