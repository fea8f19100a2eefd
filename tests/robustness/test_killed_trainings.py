"""Trainings killed between their checkpoints, and while one is written: what goes on ends in the same bytes."""

import random
import shutil
from pathlib import Path

import pytest

from tests.robustness.forked import Forks
from tests.robustness.kills import KILLS, Kill, Line, aged, course, run
from visrec_cli.catalogue import find, names

LONG = KILLS > 100
MODELS = [name for name in names("recommender") if "epochs" in find("recommender", name).settings and name != "hybrid"]
OUTPUTS = ("out.arrow", "curve.csv")


@pytest.mark.parametrize("model", MODELS if LONG else ["als", "sgd-mf"])
def test_a_training_that_was_killed_goes_on_to_the_same_bytes(
    desk: Path, forks: Forks, tmp_path: Path, model: str
) -> None:
    words = f"train-cf clicks.csv --items images.arrow --model {model} --set epochs=4 --validation 0.2 --device cpu"
    words += " --save-checkpoint ck.npz --log curve.csv -o out.arrow"
    line, again = Line(model, (words,), OUTPUTS), Line(model, (f"{words} --resume ck.npz",), OUTPUTS)
    way = course(forks, line, shutil.copytree(desk, tmp_path / "whole"))
    assert way.ended.codes == (0,), way.ended
    expected = {name: (tmp_path / "whole" / name).read_bytes() for name in (*OUTPUTS, "ck.npz")}
    lots = random.Random(model)
    folder = shutil.copytree(desk, tmp_path / "killed")
    killed = 0
    while killed < max(3, KILLS // 80):  # over and over, until it has all its kills and has come to the end
        for name in expected:
            (folder / name).unlink(missing_ok=True)
        codes: tuple[int, ...] = (-1,)
        while codes != (0,):
            kill = Kill(0, touch=lots.randint(1, way.touches[0]))
            ended = run(forks, again if (folder / "ck.npz").exists() else line, folder, kill)
            codes = ended.codes
            assert codes in ((0,), (-9,)), ended
            killed += codes != (0,)
            aged(folder)
        assert {name: (folder / name).read_bytes() for name in expected} == expected, kill
    assert not list(folder.glob(".*.part"))
