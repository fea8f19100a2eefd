"""Baselines and comparisons on a published benchmark's own file: popularity where it is, and chance far behind."""

from pathlib import Path

import pytest

import visrec_cli as visrec
from tests.realdata.published import training_rows
from visrec_cli.options.recommend_users import Rules
from visrec_cli.stages.recommend.users import recommend_users


@pytest.mark.realdata
def test_the_popularity_baseline_is_popularity_and_beats_chance(shared_data: Path) -> None:
    log = shared_data / "tiktok-mm" / "interactions.csv"
    model = visrec.train_cf(training_rows(log), model="popularity").read_all()
    recs = recommend_users(model, all_users=True, rules=Rules(k=20)).read_all()
    done = visrec.evaluate(recs, truth=log, metrics=["recall@20"], names=["popular"], baselines=True)
    mine, _, baseline = (run.values["recall@20"] for run in done.scores)
    assert (mine != baseline).sum() <= 5  # users whom training does not know get no list from the model
    assert done.scores[2].mean("recall@20") == pytest.approx(0.0597, abs=5e-4)  # as published
    assert done.scores[1].mean("recall@20") < 0.01
    verdicts = {(one.run, one.other): one for one in done.differences}
    assert verdicts["random", "popular"].verdict == "worse"
    assert verdicts["popularity", "popular"].verdict == "unclear"
