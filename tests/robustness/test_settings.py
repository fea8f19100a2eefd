"""Numbers at the edge of what floats hold: in the settings of what learns, and in the weights of a log."""

from functools import partial
from pathlib import Path

import pytest

from tests.robustness.outcomes import survey
from tests.robustness.small_models import KINDS, trained
from visrec_cli.catalogue import find

EDGES = (0.0, 1e-45, 1e-30, 1e15, 1e30, 3e38, 1e300, -1.0)
WEIGHTS = ("1e-45", "1e19", "1e30", "3e38", "-1e30", "0")


def settings_of(name: str) -> list[str]:
    """Those that are no whole numbers, which say how much there is to do."""
    settings = find("recommender", name.partition(" ")[0]).settings
    return [one for one, setting in settings.items() if type(setting.default) is float]


@pytest.mark.parametrize("name", KINDS)
def test_a_setting_at_the_edge(world: Path, name: str) -> None:
    cases = [(setting, value) for setting in settings_of(name) for value in EDGES]
    rounds = [(f"{one}={value}", partial(trained, world, name, **{one: value})) for one, value in cases]
    survey(rounds, refused=0.1 if rounds else 0)


@pytest.mark.parametrize("name", KINDS)
def test_a_weight_at_the_edge(world: Path, name: str) -> None:
    """Every third click has it."""
    head, *lines = (world / "log.csv").read_text().splitlines()
    for weight in WEIGHTS:
        changed = [line.split(",") for line in lines]
        rows = [",".join([*one[:2], one[2] if at % 3 else weight, one[3]]) for at, one in enumerate(changed)]
        (world / f"log{weight}.csv").write_text("\n".join([head, *rows]) + "\n")
    survey(((weight, partial(trained, world, name, log=f"log{weight}.csv")) for weight in WEIGHTS), refused=0)
