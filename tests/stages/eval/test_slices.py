"""For whom, and for which items."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from visrec_cli.errors import InputError, UsageError
from visrec_cli.items.attributes import masks_of, words_of
from visrec_cli.runtime.report import Report
from visrec_cli.stages.eval.metric_spec import wanted
from visrec_cli.stages.eval.runs import open_run
from visrec_cli.stages.eval.slices import Slices, slices_of
from visrec_cli.stages.eval.truth import Truth
from visrec_cli.stages.eval.truth_reader import open_truth
from visrec_cli.stages.eval.user_scores import score_run

ITEMS = pa.table({
    "item_id": ["a", "b", "c", "d", "e"],
    "category": ["shoes", "shoes|bags", "bags", None, "hats"],
    "image_path": ["a.jpg", None, "c.jpg", "d.jpg", None],
    "price": [1.0, 2.0, 3.0, 4.0, 5.0],
})  # fmt: skip
TRAIN = {"u": "a b c", "v": "a b", "w": "a", "x": "a b c d"}
TEST = {"u": "d e", "v": "c", "w": "b", "z": "a"}


def log_of(pairs: dict[str, str]) -> pa.Table:
    rows = [(user, item) for user, items in pairs.items() for item in items.split()]
    return pa.table({"user_id": [user for user, _ in rows], "item_id": [item for _, item in rows]})


def a_truth(*, train: dict[str, str] | None = TRAIN, items: pa.Table | None = ITEMS) -> Truth:
    return open_truth(log_of(TEST), train=None if train is None else log_of(train), items=items)


def named(masks: dict[str, np.ndarray], ids: pa.Array) -> dict[str, str]:
    return {name: " ".join(ids.filter(pa.array(mask)).to_pylist()) for name, mask in masks.items()}


def test_items_by_what_training_knew_of_them() -> None:
    truth, report = a_truth(), Report()
    found = slices_of(truth, ["warmth", "pictures"], report)
    assert named(found.items, truth.item_ids) == {
        "items: warm": "a b c d",
        "items: cold": "e",
        "items: with picture": "a c d",
        "items: without picture": "b e",
    }
    assert not found.users
    assert not report.warnings


def test_bands_hold_a_third_of_the_interactions_each() -> None:
    """a 4, b 3, c 2, d 1 of 10: a begins at 0, b at .4, c and d at .7 and .9; e is in no band."""
    truth = a_truth()
    found = slices_of(truth, ["popularity"], Report())
    assert named(found.items, truth.item_ids) == {
        "popularity: head": "a", "popularity: middle": "b", "popularity: tail": "c d",
    }  # fmt: skip


def test_items_that_are_alike_are_in_one_band() -> None:
    truth = a_truth(train={"u": "a b c d"})
    report = Report()
    found = slices_of(truth, ["popularity"], report)
    assert named(found.items, truth.item_ids) == {"popularity: head": "a b c d"}
    assert len(report.warnings) == 2


def test_users_by_what_they_did_before() -> None:
    truth = a_truth(train=TRAIN | {"w": "a b c d e extra more"})
    found = slices_of(truth, ["activity"], Report())
    assert named(found.users, truth.users) == {
        "users: nothing before": "z",
        "users: 1 to 5 before": "u v",
        "users: more than 5 before": "w",
    }


def test_by_a_column_of_the_items_some_of_which_have_two_values() -> None:
    truth = a_truth()
    found = slices_of(truth, ["category"], Report())
    assert named(found.items, truth.item_ids) == {
        "category: bags": "b c", "category: hats": "e", "category: shoes": "a b",
    }  # fmt: skip


def test_by_a_column_of_the_users(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("user,town\nz,Bonn\nv,Ulm\nu,Ulm\nnobody,Bonn\n")
    truth = a_truth()
    found = slices_of(truth, ["town"], Report(), users=tmp_path / "users.csv")
    assert named(found.users, truth.users) == {"town: Bonn": "z", "town: Ulm": "u v"}


def test_of_many_values_the_largest_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visrec_cli.stages.eval.slices.MOST", 2)
    report = Report()
    assert list(slices_of(a_truth(), ["category"], report).items) == ["category: bags", "category: shoes"]
    assert report.warnings == ["category has 3 slices: the 2 largest are shown"]


@pytest.mark.parametrize(
    ("by", "truth", "message"),
    [
        ("warmth", {"train": None}, "needs training interactions"),
        ("popularity", {"train": None}, "needs training interactions"),
        ("activity", {"train": None}, "needs training interactions"),
        ("pictures", {"items": None}, "needs the pictures of the items"),
        ("colour", {}, "neither the items nor the users"),
        ("category", {"items": None}, "neither the items nor the users"),
    ],
)
def test_what_cannot_be_sliced(by: str, truth: dict[str, None], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        slices_of(a_truth(**truth), [by], Report())


def test_users_of_another_shop_are_refused() -> None:
    with pytest.raises(InputError, match="none of the truth's users"):
        slices_of(a_truth(), ["town"], Report(), users=pa.table({"user_id": ["k"], "town": ["Bonn"]}))
    with pytest.raises(InputError, match="no column of users"):
        slices_of(a_truth(), ["town"], Report(), users=pa.table({"town": ["Bonn"]}))


def test_in_a_slice_only_its_items_are_relevant_and_lists_stay_what_they_are() -> None:
    """u wanted d and e, and is shown e second. Of the cold items that is 1 of 1, of the warm ones 0 of 1."""
    truth = a_truth()
    run = pa.table({"user_id": ["u", "u", "v", "v"], "item_id": ["b", "e", "c", "a"], "rank": [1, 2, 1, 2]})
    metrics = wanted(["recall@2", "mrr", "user-coverage"])
    slices = slices_of(truth, ["warmth", "activity"], Report())
    scores = score_run(open_run(run, name="r"), truth, metrics, slices=slices.items)
    for name, users in slices.users.items():
        scores.add_users(name, users)
    assert scores.mean("recall@2") == pytest.approx((0.5 + 1 + 0 + 0) / 4)
    assert scores.slices["items: cold"]["recall@2"] == pytest.approx([1, *[np.nan] * 3], nan_ok=True)
    assert scores.slices["items: cold"]["mrr"][0] == pytest.approx(0.5)
    assert scores.mean("user-coverage", "items: cold") == 1  # of the one user who wanted something cold
    assert scores.mean("recall@2", "items: warm") == pytest.approx(1 / 4)
    assert scores.mean("recall@2", "users: nothing before") == 0
    assert scores.mean("recall@2", "users: 1 to 5 before") == pytest.approx(0.5)


def test_words_and_ranges() -> None:
    assert words_of(pa.chunked_array([["b|a| a", "", None, "|"]])) == [["a", "b"], [], [], []]
    assert words_of(pa.chunked_array([[["b", None, "a"], None]])) == [["a", "b"], []]
    assert words_of(pa.chunked_array([[7, None]])) == [["7"], []]
    years = pa.chunked_array([[*range(1900, 2000), None]])
    masks, of = masks_of(years, np.ones(101), 20)
    assert {name: int(rows.sum()) for name, rows in masks.items()} == {
        "1900 to 1924.75": 25, "1924.75 to 1949.5": 25, "1949.5 to 1974.25": 25, "1974.25 to 1999": 25,
    }  # fmt: skip
    assert of == 4
    assert masks_of(pa.chunked_array([[None, None]], pa.string()), np.ones(2), 20) == ({}, 0)
    masks, of = masks_of(pa.chunked_array([[str(n) for n in range(3000)]]), np.arange(3000.0), 2)
    assert (list(masks), of) == (["2998", "2999"], 2999)


def test_nothing_asked_nothing_sliced() -> None:
    assert slices_of(a_truth(train=None, items=None), [], Report()) == Slices()
