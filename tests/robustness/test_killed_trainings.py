"""Trainings killed between their checkpoints, and while one is written: what goes on ends in the same bytes."""

import random
import shutil
from pathlib import Path

import pytest

from tests.robustness.forked import Forks
from tests.robustness.kills import KILLS, Kill, Line, aged, course, run
from tests.stages.train_encoder.catalogues import tiny_backbone
from visrec_cli.registry import find, names

LONG = KILLS > 100
MODELS = [name for name in names("recommender") if "epochs" in find("recommender", name).settings and name != "hybrid"]


@pytest.mark.parametrize("model", MODELS if LONG else ["als"])
def test_a_training_that_was_killed_goes_on_to_the_same_bytes(
    desk: Path, forks: Forks, tmp_path: Path, model: str
) -> None:
    words = f"train-cf clicks.csv --items images.arrow --model {model} --set epochs=4 --validation 0.2 --device cpu"
    words += " --save-checkpoint ck.npz --log curve.csv -o out.arrow"
    kill_and_resume(desk, forks, tmp_path, model, words, ("out.arrow", "curve.csv"))


@pytest.mark.skipif(not LONG, reason="the long round alone: make robustness")
def test_a_picture_model_that_was_killed_goes_on_to_the_same_bytes(desk: Path, forks: Forks, tmp_path: Path) -> None:
    words = f"train-encoder items.arrow --target labels:title --backbone {tiny_backbone(tmp_path)} --epochs 3"
    words += " --batch-size 8 --device cpu --threads 1 --save-checkpoint ck.npz --log curve.csv -o out.safetensors"
    kill_and_resume(desk, forks, tmp_path, "picture model", words, ("out.safetensors", "curve.csv"))


def kill_and_resume(desk: Path, forks: Forks, place: Path, name: str, words: str, outputs: tuple[str, ...]) -> None:
    line, again = Line(name, (words,), outputs), Line(name, (f"{words} --resume ck.npz",), outputs)
    way = course(forks, line, shutil.copytree(desk, place / "whole"))
    assert way.ended.codes == (0,), way.ended
    expected = {name: (place / "whole" / name).read_bytes() for name in (*outputs, "ck.npz")}
    lots = random.Random(name)
    folder = shutil.copytree(desk, place / "killed")
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
