"""The search for settings, on a function whose best place is known."""

from collections.abc import Mapping
from typing import Any

import pytest
import scipy.sparse as sp

from visrec_cli.errors import UsageError
from visrec_cli.recommenders.base import AUTO, Recommender, Setting
from visrec_cli.recommenders.data import Log
from visrec_cli.runtime.report import Report
from visrec_cli.stages.train_cf.setting_search import tune
from visrec_cli.stages.train_cf.validation import Measure


class Valley(Recommender):
    name = "valley"
    settings = {  # noqa: RUF012
        "x": Setting(0.9, "where", low=0.0, high=1.0),
        "kind": Setting("a", "which", choices=("a", "b")),
        "epochs": Setting(10, "not searched"),
    }


class Ridge(Valley):
    """Its x is AUTO: a tenth of the number of users."""

    settings = Valley.settings | {"x": Setting(AUTO, "where", low=0.25, high=4.0, log=True, kind=float)}

    @classmethod
    def resolved(
        cls, settings: Mapping[str, Any], log: Log, times: Mapping[str, float] | None = None
    ) -> dict[str, Any]:
        whole = super().resolved(settings, log, times)
        whole["x"] = len(log.users) / 10 * (times or {}).get("x", 1) if whole["x"] == AUTO else whole["x"]
        return whole


def hill(settings: dict[str, Any]) -> float:
    return 1 - (settings["x"] - 0.3) ** 2 + (0.5 if settings["kind"] == "b" else 0)


def search(
    attempt: Any = hill,
    *,
    kind: Any = Valley,
    metric: str = "ndcg@10",
    fixed: dict[str, Any] | None = None,
    seed: int = 0,
    users: int = 6,
) -> Any:
    report = Report()
    said: list[str] = []
    report.listener = said.append
    log = Log(tuple(f"u{u}" for u in range(users)), ("i",), sp.csr_matrix((users, 1)))
    found = tune(
        kind, attempt, trials=40, fixed=fixed or {}, log=log, measure=Measure(metric), seed=seed, report=report
    )
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
            raise UsageError("the numbers ran away")
        return settings["x"]

    found, said = search(shaky, fixed={"kind": "a"})
    assert found[0].settings["x"] <= 0.5
    assert "failed (the numbers ran away)" in said[0]


def test_if_all_fail_it_says_why() -> None:
    def broken(settings: dict[str, Any]) -> float:
        raise UsageError("never works")

    with pytest.raises(UsageError, match="never works"):
        search(broken)


def test_nothing_left_to_search() -> None:
    with pytest.raises(UsageError, match="no settings left"):
        search(fixed={"x": 1, "kind": "a"})


@pytest.mark.parametrize("users", [6, 600])
def test_what_suits_the_log_is_tried_first_and_then_multiples_of_it(users: int) -> None:
    tried: list[dict[str, Any]] = []

    def attempt(settings: dict[str, Any]) -> float:
        tried.append(settings)
        return -((settings["x"] - users / 20) ** 2)

    found, said = search(attempt, kind=Ridge, users=users)
    assert tried[0] == {"x": users / 10, "kind": "a", "epochs": 10}
    assert f"x={users / 10:.4g}" in said[0]
    assert abs(found[0].settings["x"] / (users / 20) - 1) < 0.1
    assert all(users / 40 <= one["x"] <= users * 0.4 for one in tried)


@pytest.mark.parametrize(("given", "taken"), [(0.7, 0.7), ("0.7", 0.7), (AUTO, 0.6)])
def test_what_is_given_is_not_searched_and_auto_is_given_too(given: Any, taken: float) -> None:
    tried: list[float] = []

    def attempt(settings: dict[str, Any]) -> float:
        tried.append(settings["x"])
        return 1.0

    search(attempt, kind=Ridge, fixed={"x": given})
    assert set(tried) == {taken}
