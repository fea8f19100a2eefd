"""Numbers at the edge of what floats hold: in the settings of what learns, and in the weights of a log."""

from functools import partial
from pathlib import Path

import pytest

import visrec_cli as visrec
from tests.contracts.fuser_suite import planted, table
from tests.robustness.outcomes import survey
from tests.robustness.small_models import KINDS, trained
from visrec_cli.registry import find, names

EDGES = (0.0, 1e-45, 1e-30, 1e15, 1e30, 3e38, 1e300, -1.0)
WEIGHTS = ("1e-45", "1e19", "1e30", "3e38", "-1e30", "0")


def settings_of(family: str, name: str) -> list[str]:
    """Those that are no whole numbers, which say how much there is to do."""
    settings = find(family, name).settings
    return [one for one, setting in settings.items() if (setting.kind or type(setting.default)) is float]


@pytest.mark.parametrize("name", KINDS)
def test_a_setting_at_the_edge(world: Path, name: str) -> None:
    cases = [(setting, value) for setting in settings_of("recommender", name.partition(" ")[0]) for value in EDGES]
    rounds = [(f"{one}={value}", partial(trained, world, name, **{one: value})) for one, value in cases]
    survey(rounds, refused=0.1 if rounds else 0)


@pytest.mark.parametrize("name", names("fuser"))
def test_a_setting_of_a_fuser_at_the_edge(name: str) -> None:
    eyes, words, labels = (one[:60] for one in planted())
    whole, knobs = table(eyes, words, labels), find("fuser", name).settings
    dim = None if name == "weighted-softmax" else 8  # it keeps the numbers that there are
    short = {one: 2 for one in knobs if one == "epochs"}

    def use(setting: str, value: float) -> None:
        target = None if find("fuser", name).defaults else "kind"
        visrec.fuse(whole, method=name, dim=dim, target=target, settings={**short, setting: value}).read_all()

    cases = [(setting, value) for setting in settings_of("fuser", name) for value in EDGES]
    survey(((f"{one}={value}", partial(use, one, value)) for one, value in cases), refused=0.1 if cases else 0)


@pytest.mark.parametrize("name", KINDS)
def test_a_weight_at_the_edge(world: Path, name: str) -> None:
    """Every third click has it."""
    head, *lines = (world / "log.csv").read_text().splitlines()
    for weight in WEIGHTS:
        changed = [line.split(",") for line in lines]
        rows = [",".join([*one[:2], one[2] if at % 3 else weight, one[3]]) for at, one in enumerate(changed)]
        (world / f"log{weight}.csv").write_text("\n".join([head, *rows]) + "\n")
    survey(((weight, partial(trained, world, name, log=f"log{weight}.csv")) for weight in WEIGHTS), refused=0)
