"""From a published benchmark's own file to its published number, by the stages alone; and as trec_eval says."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import visrec_cli as visrec
from tests.realdata.published import training_rows
from visrec_cli.options.recommend_users import Rules
from visrec_cli.stages.recommend.users import recommend_users

pytrec_eval = pytest.importorskip("pytrec_eval")


@pytest.fixture(scope="module")
def recommended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pa.Table]:
    """Popularity's lists by data set, made once."""
    return {}


def lists(shared_data: Path, made: dict[str, pa.Table], data: str) -> tuple[Path, pa.Table]:
    log = shared_data / data / "interactions.csv"
    if data not in made:
        model = visrec.train_cf(training_rows(log), model="popularity").read_all()
        made[data] = recommend_users(model, all_users=True, rules=Rules(k=20)).read_all()
    return log, made[data]


@pytest.mark.realdata
@pytest.mark.parametrize(("data", "published"), [("amazon-baby", 0.0463), ("tiktok-mm", 0.0597)])
def test_popularity_is_where_others_found_it(
    shared_data: Path, recommended: dict[str, pa.Table], data: str, published: float
) -> None:
    log, recs = lists(shared_data, recommended, data)
    done = visrec.evaluate(recs, truth=log, metrics=["recall@20"])
    assert done.results["value"][0].as_py() == pytest.approx(published, abs=5e-4)


@pytest.mark.realdata
def test_every_user_has_the_numbers_of_trec_eval(shared_data: Path, recommended: dict[str, pa.Table]) -> None:
    log, recs = lists(shared_data, recommended, "tiktok-mm")
    names = {"ndcg@10": "ndcg_cut_10", "recall@20": "recall_20", "precision@10": "P_10", "map-all@20": "map_cut_20"}
    done = visrec.evaluate(recs, truth=log, metrics=list(names))
    truth, ids = done.truth, done.truth.item_ids.to_pylist()
    users = truth.users.to_pylist()
    qrels = {
        user: {ids[item]: 1 for item in truth.relevant.indices[truth.relevant.indptr[u] : truth.relevant.indptr[u + 1]]}
        for u, user in enumerate(users)
    }
    run: dict[str, dict[str, float]] = {user: {} for user in users}
    for user, item, rank in zip(*(recs[name].to_pylist() for name in ("user_id", "item_id", "rank")), strict=True):
        if user in run:
            run[user][item] = -float(rank)
    measures = {name.replace("_cut_", "_cut.") if "cut" in name else name.replace("_", ".") for name in names.values()}
    his = pytrec_eval.RelevanceEvaluator(qrels, measures).evaluate(run)
    for ours, theirs in names.items():
        expected = [his[user].get(theirs, 0.0) if user in his else 0.0 for user in users]
        np.testing.assert_allclose(done.scores[0].values[ours], expected, rtol=0, atol=1e-9)
