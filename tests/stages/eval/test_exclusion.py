"""Lists that leave out what the truth holds are noticed, and those of a clean evaluation never are."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import scipy.sparse as sp

import visrec_cli as visrec
from tests.stages.eval.cases import log
from visrec_cli.demo.clicks import clicks, tastes
from visrec_cli.demo.products import items
from visrec_cli.options.recommend_users import Rules
from visrec_cli.runtime.report import Report
from visrec_cli.stages.eval.exclusion import USERS, drawn, exclusion
from visrec_cli.stages.recommend.users import recommend_users

MODELS = ("random", "popularity", "als", "ease", "item-knn")
SAID = "the lists seem to leave out what the truth holds"


@pytest.fixture(scope="module")
def shop_log() -> pa.Table:
    """The clicks of the demo's invented people."""
    happened = clicks(tastes(), items(0))
    columns = {name: [getattr(click, name) for click in happened] for name in ("user_id", "item_id", "timestamp")}
    return pa.table(columns)


Lists = Callable[[str, str, int, str], tuple[pa.Table, pa.Table]]


@pytest.fixture(scope="module")
def lists(shop_log: pa.Table) -> Lists:
    """The lists of a model, and the log that it was split into; each made once."""
    splits: dict[str, pa.Table] = {}
    models: dict[tuple[str, str], pa.Table] = {}

    def made(model: str, by: str, k: int, seen: str) -> tuple[pa.Table, pa.Table]:
        if by not in splits:
            splits[by] = visrec.split(shop_log, by=by, validation=1 if by == "last" else 0.1).read_all()
        if (model, by) not in models:
            models[model, by] = visrec.train_cf(splits[by], model=model).read_all()
        asked = recommend_users(models[model, by], all_users=True, rules=Rules(k=k, seen=seen), columns=[])
        return asked.read_all(), splits[by]

    return made


def rows(table: pa.Table, *parts: str) -> pa.Table:
    return table.filter(pc.is_in(table["split"], pa.array(parts))).drop_columns(["split"])


def warned(recs: pa.Table, truth: pa.Table, **more: object) -> list[str]:
    report = Report()
    visrec.evaluate(recs, truth=truth, metrics=["ndcg@10"], names=["mine"], resamples=0, report=report, **more)
    return [said for said in report.warnings if SAID in said]


@pytest.mark.parametrize("by", ["random", "last", "global-time"])
@pytest.mark.parametrize("model", MODELS)
def test_a_truth_with_what_was_learned_from_is_noticed_and_the_test_part_is_not(
    model: str, by: str, lists: Lists
) -> None:
    for k in (5, 50):
        recs, table = lists(model, by, k, "out")
        assert not warned(recs, rows(table, "test"))
        assert not warned(recs, table)
        for truth in (rows(table, "train", "validation", "test"), rows(table, "train", "test")):
            (said,) = warned(recs, truth)
            assert "the truth may hold what the model learned from" in said
            assert "--train LOG" in said


@pytest.mark.parametrize("model", MODELS)
def test_the_part_that_chose_is_left_out_too_and_is_no_test(model: str, lists: Lists) -> None:
    recs, table = lists(model, "random", 50, "out")
    assert warned(recs, rows(table, "validation"))


def test_a_model_that_learned_from_the_test_leaves_it_out(shop_log: pa.Table, lists: Lists) -> None:
    """Though the truth says what came before."""
    model = visrec.train_cf(shop_log, model="item-knn").read_all()
    recs = recommend_users(model, all_users=True, rules=Rules(k=20), columns=[]).read_all()
    _, table = lists("item-knn", "random", 5, "out")
    (said,) = warned(recs, table)
    assert said.endswith("the model may have learned from the truth")


def test_what_is_said_already_is_not_said_twice(lists: Lists) -> None:
    """With --train the leak is counted exactly; lists of what users had before are seen to be such."""
    recs, table = lists("als", "random", 10, "out")
    whole = rows(table, "train", "validation", "test")
    assert not warned(recs, whole, train=rows(table, "train"))
    again, _ = lists("als", "random", 10, "in")
    assert not warned(again, table)


def test_lists_of_a_few_users_say_nothing() -> None:
    recs = log(*[(f"u{user}", f"i{item}") for user in range(4) for item in range(9)])
    assert not warned(recs, log(*[(f"u{user}", f"i{item}") for user in range(4) for item in range(8, 18)][1:]))


@pytest.mark.parametrize("seed", range(5))
def test_what_has_nothing_to_do_with_each_other_does_not_avoid_each_other(seed: int) -> None:
    """Lists and truths drawn apart from each other, popular and active ones more often."""
    rng = np.random.default_rng(seed)
    users, n = 300, 80
    often, busy = rng.random(n) ** 3, rng.random((users, 1))
    table, truth = (rng.random((users, n)) < often * busy for _ in range(2))
    assert exclusion(sp.csr_matrix(table), sp.csr_matrix(truth)) is None
    assert exclusion(sp.csr_matrix(table & ~truth), sp.csr_matrix(truth)) is not None
    assert exclusion(sp.csr_matrix((users, n)), sp.csr_matrix(truth)) is None


def test_of_many_users_some_are_looked_at() -> None:
    assert drawn(10).all()
    mask = drawn(5 * USERS)
    assert mask.sum() == USERS
    assert 0.3 * USERS < mask[: 2 * USERS].sum() < 0.5 * USERS
