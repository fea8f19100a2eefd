"""What is newer than a model: clicks, columns, items."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.contracts.recommender_suite import DAY, planted
from tests.stages.recommend.users.models import about, factor_model, group_of, knn_model, log, table_of
from visrec_cli.errors import InputError, SpaceMismatchError, UsageError
from visrec_cli.options.recommend_users import Newer, Rules
from visrec_cli.recommenders.serialization import from_table, to_table
from visrec_cli.registry import find
from visrec_cli.runtime.report import Report
from visrec_cli.stages.recommend.users import recommend_users
from visrec_cli.tables.spaces import Space
from visrec_cli.tables.vectors import column_of

ALS, KNN = table_of(factor_model()), table_of(knn_model())
FIRST = int(log().times.max())


def ask(model: Any, users: list[str], k: int = 5, seen: str = "out", report: Report | None = None, **newer: Any) -> Any:
    asked = recommend_users(model, users=users, rules=Rules(k=k, seen=seen), newer=Newer(**newer), report=report)
    return asked.read_all().to_pydict()


def clicks(*rows: tuple[str, str, float], days: float | None = None) -> pa.Table:
    users, items, weights = zip(*rows, strict=True)
    columns = {"user_id": users, "item_id": items, "weight": pa.array(weights, pa.float32())}
    if days is not None:
        columns["timestamp"] = pa.array([FIRST + int(days * DAY)] * len(rows)).cast(pa.timestamp("ms", "UTC"))
    return pa.table(columns)


@pytest.mark.parametrize("model", [ALS, KNN])
def test_a_new_user_is_shown_the_taste_of_the_new_clicks(model: pa.Table) -> None:
    report = Report()
    history = clicks(("new", "i13", 1), ("new", "i14", 1), ("new", "i99", 1), ("u3", "i40", 1))
    found = ask(model, ["new"], history=history, report=report)
    assert {group_of(item) for item in found["item_id"]} == {1}
    assert not {"i13", "i14"} & set(found["item_id"])
    assert set(found["source"]) <= {"als", "item-knn"}
    assert report.counts["interactions of --history"] == 4
    assert report.counts["new users of --history"] == 1
    (left_out,) = [n for name, n in report.counts.items() if "does not have" in name]
    assert left_out == 1


def test_new_clicks_of_a_known_user_are_added_to_the_old_ones() -> None:
    old = ask(ALS, ["u3"], k=48)["item_id"]
    many = clicks(*[("u3", f"i{i}", 5) for i in range(36, 46)])
    found = ask(ALS, ["u3"], k=48, history=many)
    assert set(old) - set(found["item_id"]) == {item for _, item, _ in many_rows(many)} & set(old)
    assert group_of(found["item_id"][0]) == 3
    assert ask(ALS, ["u4"], history=many) == ask(ALS, ["u4"])


def test_clicks_that_the_model_learned_from_are_said_to_count_twice() -> None:
    own = log()
    pairs, users, items = own.matrix.tocoo(), own.users, own.items
    rows = [(users[u], items[i], 1.0) for u, i in zip(pairs.row, pairs.col, strict=True)]
    for days, said in ((None, True), (2.0, False)):  # the same pairs, clicked once more later, are news
        report = Report()
        ask(ALS, ["u3"], history=clicks(*rows, days=days), report=report)
        assert any("are in als already, and count twice now" in note for note in report.warnings) is said
    same = clicks(*rows).append_column("timestamp", pa.array(own.times).cast(pa.timestamp("ms", "UTC")))
    report = Report()
    ask(ALS, ["u3"], history=same, report=report)
    assert any(f"{len(rows):,} of {len(rows):,} interactions" in note for note in report.warnings)


def many_rows(table: pa.Table) -> list[tuple[str, str, float]]:
    return list(zip(*(table[name].to_pylist() for name in ("user_id", "item_id", "weight")), strict=True))


def test_folded_scores_are_those_of_the_merged_history() -> None:
    of = log()
    found = ask(KNN, ["u3"], k=48, history=clicks(("u3", "i40", 2), ("u3", "i40", 1), ("u3", "i0", 4)))
    row = of.matrix[3].toarray()[0]
    row[40] += 3
    row[0] += 4
    expected = row @ knn_model().items.neighbours.toarray()
    assert found["score"] == pytest.approx([expected[int(item[1:])] for item in found["item_id"]], rel=1e-5)


def test_times_of_new_clicks_move_what_is_recent() -> None:
    later = clicks(*[(f"new{n}", "i30", 1) for n in range(9)], days=365)
    assert ask(ALS, ["stranger"])["item_id"][0] != "i30"
    found = ask(ALS, ["stranger"], history=later)
    assert (found["item_id"][0], found["source"][0]) == ("i30", "fallback: recent popularity")
    without = ask(ALS, ["stranger"], history=clicks(("new", "i30", 1)))
    assert set(without["source"]) == {"fallback: recent popularity"}  # a click without a time is one of now


def test_what_the_model_was_cleaned_by_goes_for_new_clicks_too() -> None:
    model = table_of(factor_model().with_facts(cleaning={"events": {}, "repeats": None, "min_weight": 4.0}))
    history = clicks(("new", "i13", 5), ("new", "i14", 4), ("new", "i1", 2), ("bored", "i2", 1))
    found = ask(model, ["new", "bored"], k=40, history=history)
    mine = [item for user, item in zip(found["user_id"], found["item_id"], strict=True) if user == "new"]
    assert group_of(mine[0]) == 1
    assert not {"i13", "i14", "i1"} & set(mine)  # seen, liked or not
    of_bored = {
        s: i for u, i, s in zip(*(found[n] for n in ("user_id", "item_id", "source")), strict=True) if u == "bored"
    }
    assert set(of_bored) == {"fallback: recent popularity"}
    again = ask(model, ["new"], seen="only", history=history)
    assert set(again["item_id"]) == {"i13", "i14"}


def test_a_model_without_its_note_folds_nothing_in() -> None:
    bare = pa.Table.from_arrays(ALS.columns, names=ALS.column_names)
    with pytest.raises(InputError, match="has lost its metadata"):
        ask(bare, ["u3"], history=clicks(("u3", "i1", 1)))
    items = pa.table({"item_id": ["n"], "embedding": column_of(np.ones((1, 4), np.float32))})
    with pytest.raises(InputError, match="has lost its metadata"):
        ask(bare, ["u3"], new_items=items)


def test_newer_columns_of_the_items(tmp_path: Path) -> None:
    shelf = pa.table(
        {
            "item_id": ["i3", "i1", "strange"],
            "price": [1000.0, None, 3.0],
            "stock": [1, 2, 3],
            "tags": [[{"a": 1}], None, []],
        }
    )
    shelf = pa.concat_tables([shelf.slice(0, 1), shelf.slice(1)])
    report = Report()
    found = ask(ALS, ["u3"], k=48, items=shelf, report=report)
    rows = {
        item: (p, s, t)
        for item, p, s, t in zip(*(found[n] for n in ("item_id", "price", "stock", "title")), strict=True)
    }
    assert rows["i3"] == (1000.0, 1, "thing 3")
    assert rows["i1"] == (None, 2, "thing 1")
    assert rows["i11"] == (11.0, None, "thing 11")
    assert report.counts["items that --items does not list"] == 46
    asked = recommend_users(ALS, users=["u3"], rules=Rules(where="stock > 1"), newer=Newer(items=shelf)).read_all()
    assert asked["item_id"].to_pylist() == ["i1"]


def test_diversity_by_the_vectors_of_items() -> None:
    vectors = np.eye(4, dtype=np.float32)[np.arange(48) // 12]
    shelf = pa.table({"item_id": [f"i{i}" for i in range(48)], "embedding": column_of(vectors)})
    asked = recommend_users(KNN, users=["u3"], rules=Rules(k=4, diversity=1), newer=Newer(items=shelf)).read_all()
    assert {group_of(item) for item in asked["item_id"].to_pylist()} == {0, 1, 2, 3}


def hybrid() -> tuple[pa.Table, Space, np.ndarray]:
    """A model of looks: vbpr of the planted log, the last two items of each group held back as new ones."""
    of, whole, _ = planted(cold=2)
    content = replace(whole, parts=(("picture", 16),))
    space = Space("lite0", 16, True)
    old = np.flatnonzero(of.touched)
    smaller = type(of)(of.users, tuple(of.items[i] for i in old), of.matrix[:, old].tocsr())
    fitted = find("recommender", "vbpr")(epochs=40, embedding_size=8).fit(smaller, content.take(old))
    return to_table(fitted, about(48).take(pa.array(old)), space), space, content.vectors


def arrivals(space: Space, vectors: np.ndarray) -> pa.Table:
    rows = [i for i in range(48) if i % 12 >= 10]
    columns = [pa.array([f"i{i}" for i in rows]), pa.array([f"new {i}" for i in rows]), column_of(vectors[rows])]
    schema = pa.schema([("item_id", pa.string()), ("title", pa.string()), space.field("image_embedding")])
    return pa.Table.from_arrays(columns, schema=schema)


def test_new_items_are_scored_by_their_vectors() -> None:
    model, space, vectors = hybrid()
    report = Report()
    found = ask(model, ["u3", "u20"], k=12, new_items=arrivals(space, vectors), report=report)
    new = [
        (u, i, t)
        for u, i, t in zip(*(found[n] for n in ("user_id", "item_id", "title")), strict=True)
        if t.startswith("new")
    ]
    assert {item for user, item, _ in new if user == "u3"} & {"i10", "i11"}
    assert all(title == f"new {item[1:]}" for _, item, title in new)
    assert report.counts["new items for vbpr"] == 8
    assert not report.warnings
    nothing = (
        arrivals(space, vectors)
        .slice(0, 2)
        .set_column(2, space.field("image_embedding"), pa.nulls(2, pa.list_(pa.float32(), 16)))
    )
    assert not {"i10", "i11"} & set(ask(model, ["u3"], k=48, new_items=nothing)["item_id"])  # no vector, no score
    again = ask(
        model, ["new"], new_items=arrivals(space, vectors), history=clicks(("new", "i22", 1), ("new", "i23", 1))
    )
    assert np.mean([group_of(item) == 1 for item in again["item_id"]]) >= 0.6  # clicks on new items count


@pytest.mark.parametrize("exposure", [0.02, 1.0])
def test_that_new_items_will_hardly_be_shown_is_said_of_a_model_of_that_exposure(exposure: float) -> None:
    """And not of items without a vector, which cannot be shown at all."""
    of, whole, _ = planted(cold=2)
    content, space = replace(whole, parts=(("picture", 16),)), Space("lite0", 16, True)
    settings = {"epochs": 3, "embedding_size": 4, "components": 4, "trials": 1, "map": "ridge"}
    model = to_table(find("recommender", "hybrid")(exposure=exposure, **settings).fit(of, content), None, space)
    arrived = arrivals(space, content.vectors)
    names = pa.array([f"later {name}" for name in arrived["item_id"].to_pylist()])
    report, none = Report(), Report()
    ask(model, ["u3"], new_items=arrived.set_column(0, "item_id", names), report=report)
    hardly = [said for said in report.warnings if "hardly be recommended" in said]
    assert len(hardly) == (exposure < 1)
    assert all("--set exposure=1" in said for said in hardly)
    ask(model, ["u3"], new_items=arrived, report=none)
    assert not any("hardly" in said for said in none.warnings)


def test_items_that_are_not_new_change_nothing() -> None:
    report = Report()
    old = pa.table({"item_id": ["i3"], "price": [1.0]})
    assert ask(ALS, ["u3"], new_items=old, report=report) == ask(ALS, ["u3"])
    assert any("has all items of --new-items already" in words for words in report.warnings)


def test_new_items_of_another_space_are_refused() -> None:
    model, _, vectors = hybrid()
    with pytest.raises(SpaceMismatchError, match="the model is in the space"):
        ask(model, ["u3"], new_items=arrivals(Space("colour", 16, True), vectors))


def test_a_model_of_clicks_says_that_it_cannot_score_them() -> None:
    _, space, vectors = hybrid()
    small = log()
    keep = np.array([i for i in range(48) if i % 12 < 10])
    model = table_of(
        factor_model(type(small)(small.users, tuple(small.items[i] for i in keep), small.matrix[:, keep].tocsr()))
    )
    report = Report()
    found = ask(model, ["u3"], k=48, new_items=arrivals(space, vectors), report=report)
    assert not any(int(item[1:]) % 12 >= 10 for item in found["item_id"])
    assert any("cannot score new ones" in words for words in report.warnings)


def test_stdin_is_one_table() -> None:
    with pytest.raises(UsageError, match="stdin can be one table"):
        ask("-", ["u3"], history="-")


def test_a_model_is_not_changed_by_what_is_asked() -> None:
    before = from_table(ALS)[0].scores()
    ask(ALS, ["u3"], history=clicks(("u3", "i40", 3)))
    np.testing.assert_array_equal(from_table(ALS)[0].scores(), before)
