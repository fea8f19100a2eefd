"""``recommend`` for users: planted tastes, whose truth is known."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from tests.contracts.recommender_suite import DAY
from tests.stages.recommend.users.models import NEWCOMER, factor_model, group_of, knn_model, log, table_of, taste_of
from visrec_cli.errors import InputError, UsageError
from visrec_cli.options.recommend_users import Rules
from visrec_cli.recommenders.model import Items, Model, Users
from visrec_cli.recommenders.serialization import to_table
from visrec_cli.runtime.report import Report
from visrec_cli.stages.recommend.users import recommend_users
from visrec_cli.tables.output import write_table

ALS = table_of(factor_model())
KNN = table_of(knn_model())


def ask(*models: Any, rules: dict[str, Any] | None = None, **asked: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = (
        recommend_users(*(models or (ALS,)), rules=Rules(**rules or {}), **asked).read_all().to_pydict()
    )
    return found


def liked(user: str) -> set[str]:
    of = log()
    row = of.users.index(user)
    return {of.items[i] for i in of.matrix[row].indices}


@pytest.mark.parametrize("model", [ALS, KNN])
def test_everyone_is_shown_their_own_taste_and_nothing_they_have(model: pa.Table) -> None:
    found = ask(model, all_users=True, rules={"k": 4})
    own = [group_of(item) == taste_of(user) for user, item in zip(found["user_id"], found["item_id"], strict=True)]
    assert np.mean(own) > 0.9
    assert len(set(found["user_id"])) == 60
    assert not any(item in liked(user) for user, item in zip(found["user_id"], found["item_id"], strict=True))


def test_the_schema_is_the_contract() -> None:
    schema = recommend_users(ALS, users=["u3"]).schema
    assert [(field.name, str(field.type)) for field in schema] == [
        ("user_id", "string"), ("item_id", "string"), ("rank", "int32"), ("score", "float"), ("source", "string"),
        ("title", "string"), ("price", "double"), ("colour", "string"), ("image_path", "string"),
    ]  # fmt: skip


def test_scores_are_the_models_and_rows_are_the_items() -> None:
    model = factor_model()
    found = ask(users=["u3", "u40", "u3"], rules={"k": 3})
    assert found["user_id"] == ["u3"] * 3 + ["u40"] * 3
    assert found["rank"] == [1, 2, 3] * 2
    assert set(found["source"]) == {"als"}
    scores = model.scores()
    for user, item, score, title in zip(*(found[n] for n in ("user_id", "item_id", "score", "title")), strict=True):
        assert score == pytest.approx(scores[int(user[1:]), int(item[1:])], rel=1e-5)
        assert title == f"thing {item[1:]}"


def test_one_by_one_in_a_file_and_all_at_once_are_the_same(tmp_path: Path) -> None:
    everyone = ask(all_users=True, rules={"k": 5})
    (tmp_path / "ids.txt").write_text("u7\n\nu50\nu7\n")
    (tmp_path / "table.csv").write_text("name,user\na,u7\nb,u50\n")
    write_table(pa.table({"customer_id": ["u7", "u50"]}), tmp_path / "table.parquet")
    for name in ("ids.txt", "table.csv", "table.parquet"):
        found = ask(listed=tmp_path / name, rules={"k": 5})
        for user in ("u7", "u50"):
            mine = [i for i, u in zip(found["item_id"], found["user_id"], strict=True) if u == user]
            assert mine == [i for i, u in zip(everyone["item_id"], everyone["user_id"], strict=True) if u == user]
        assert found["user_id"] == ["u7"] * 5 + ["u50"] * 5


def test_seen_items_compete_or_are_all_there_is() -> None:
    mine = liked("u3")
    among = ask(users=["u3"], rules={"k": 48, "seen": "in"})
    assert mine <= set(among["item_id"])
    assert len(among["item_id"]) == 48
    again = ask(users=["u3"], rules={"k": 48, "seen": "only"})
    assert set(again["item_id"]) == mine
    report = Report()
    assert set(ask(users=["u3", NEWCOMER], rules={"seen": "only"}, report=report)["user_id"]) == {"u3"}
    assert [one.path for one in report.rejects] == [f"user {NEWCOMER}"]  # a stranger has nothing to come back to


def test_habit_is_how_much_and_how_lately() -> None:
    of = log()
    weights, times = of.matrix.copy(), np.full(of.matrix.nnz, 10, np.int64) * DAY
    row = slice(*of.matrix.indptr[3:5])
    weights.data[row] = np.linspace(1, 3, len(weights.data[row]))
    often = of.items[of.matrix.indices[row][-1]]
    flat = Model(
        "made by hand", {}, Users(of.users, weights, times), Items(of.items, of.touched, bias=np.ones(48, np.float32))
    )
    assert ask(to_table(flat), users=["u3"], rules={"seen": "only"})["item_id"][0] == often
    times[row] -= np.arange(len(times[row])) * 400 * DAY  # what is heaviest is oldest now
    late = of.items[of.matrix.indices[row][0]]
    assert ask(to_table(flat), users=["u3"], rules={"seen": "only"})["item_id"][0] == late


def test_conditions_lists_and_both(tmp_path: Path) -> None:
    report = Report()
    found = ask(users=["u3"], rules={"k": 48, "where": "price < 20 and colour = 'red'"}, report=report)
    assert {float(p) < 20 and int(p) % 2 == 0 for p in found["price"]} == {True}
    assert report.counts["items pass --where"] == 10
    assert report.counts["users with fewer than 48 answers"] == 1
    (tmp_path / "allow.txt").write_text("i30\ni31\nstrange\n")
    found = ask(users=["u3"], rules={"allow": tmp_path / "allow.txt", "deny": ["i31"]}, report=report)
    assert found["item_id"] == ["i30"]
    assert report.counts["items of --allow that no model has"] == 1
    with pytest.raises(InputError, match="no model has any item of --allow \\('strange'\\)"):
        ask(users=["u3"], rules={"allow": ["strange"]})
    with pytest.raises(InputError, match=r"no item passes --where 'price < 0' and --deny"):
        ask(users=["u3"], rules={"where": "price < 0", "deny": ["i31"]})


def test_nobody_knows_the_user() -> None:
    report = Report()
    found = ask(users=[NEWCOMER, "u3"], rules={"k": 3}, report=report)
    assert found["source"] == ["fallback: recent popularity"] * 3 + ["als"] * 3
    assert found["score"][:3] == sorted(found["score"][:3], reverse=True)
    assert report.counts["users nobody knows, shown recent popularity"] == 1
    assert not report.rejects


def test_the_fallback_is_what_was_clicked_lately() -> None:
    of = log()
    times = np.zeros(of.matrix.nnz, np.int64)
    times[of.matrix.indices == 20] = 90 * 86_400_000  # three half-lives later than everything else
    clicks = of.clicks_of_items.astype(float)
    expected = clicks / 8
    expected[20] = clicks[20]
    model = table_of(factor_model(type(of)(of.users, of.items, of.matrix, times)))
    found = ask(model, users=[NEWCOMER], rules={"k": 48})
    assert found["item_id"][0] == "i20"
    assert found["score"] == pytest.approx([expected[int(item[1:])] for item in found["item_id"]], rel=1e-5)
    plain = table_of(factor_model(type(of)(of.users, of.items, of.matrix)))
    assert set(ask(plain, users=[NEWCOMER])["source"]) == {"fallback: popularity"}


def test_without_a_fallback_strangers_are_rejects() -> None:
    report = Report()
    found = ask(users=[NEWCOMER, "u3", "u99"], fallback=False, report=report)
    assert set(found["user_id"]) == {"u3"}
    assert [one.path for one in report.rejects] == [f"user {NEWCOMER}", "user u99"]
    assert "did you mean" in report.rejects[1].reason
    with pytest.raises(UsageError, match="unknown user 'u99'") as caught:
        ask(users=["u99"], fallback=False)
    assert "u9" in str(caught.value.fix)


def test_a_user_without_a_history_is_nobody_we_know() -> None:
    of = log()
    kept = np.repeat(np.arange(len(of.users)), np.diff(of.matrix.indptr)) != 5
    found = ask(table_of(factor_model(of.only(kept))), users=["u5"])
    assert set(found["source"]) == {"fallback: recent popularity"}


def test_fewer_items_than_k_are_counted_and_items_it_cannot_score_are_never_shown() -> None:
    report = Report()
    cold = table_of(factor_model(log(cold=3)))
    found = ask(cold, users=["u3"], rules={"k": 100, "seen": "in"}, report=report)
    assert len(found["item_id"]) == 36
    assert report.counts["users with fewer than 100 answers"] == 1


def test_diversity_crosses_tastes_and_needs_vectors() -> None:
    groups = [len({group_of(i) for i in ask(users=["u3"], rules={"k": 4, "diversity": d})["item_id"]}) for d in (0, 1)]
    assert groups[0] == 1
    assert groups[1] > 1
    with pytest.raises(InputError, match="item-knn has no vectors"):
        ask(KNN, users=["u3"], rules={"diversity": 0.5})


def test_blends_lie_between_their_models() -> None:
    one, two = ask(ALS, users=["u3"], rules={"k": 8}), ask(KNN, users=["u3"], rules={"k": 8})
    for by in ("score", "rank"):
        mostly = ask(ALS, KNN, users=["u3"], rules={"k": 8, "blend": {"als": 1e6, "item-knn": 1}, "blend_by": by})
        assert mostly["item_id"] == one["item_id"]
        assert set(mostly["source"]) == {"als + item-knn"}
        other = ask(ALS, KNN, users=["u3"], rules={"k": 8, "blend": {"als": 1, "item-knn": 1e6}, "blend_by": by})
        assert other["item_id"][:3] == two["item_id"][:3]


def test_models_of_different_items_and_users_are_united() -> None:
    of = log()
    smaller = type(of)(of.users[:50], of.items[:30], of.matrix[:50, :30].tocsr())
    few = table_of(factor_model(smaller, recommender="bpr"))
    found = ask(few, ALS, users=["u3", "u55"], rules={"k": 100, "seen": "in"})
    assert {user: found["user_id"].count(user) for user in ("u3", "u55")} == {"u3": 48, "u55": 48}
    assert [int(title.split()[1]) for title in found["title"]] == [int(item[1:]) for item in found["item_id"]]
    unseen = ask(few, ALS, users=["u3"], rules={"k": 100})
    assert set(unseen["item_id"]) == set(found["item_id"]) - liked("u3")


@pytest.mark.parametrize(
    ("models", "rules", "said"),
    [
        ((ALS, KNN), {"blend": {"als": 1, "knn": 2}}, "unknown model in --blend 'knn'"),
        ((ALS, KNN), {"blend": {"als": 1}}, "gives no weight to 'item-knn'"),
        ((ALS, KNN), {"blend": {"als": 1, "item-knn": -1}}, "not a positive number"),
        ((ALS, KNN), {"blend_by": "magic"}, "unknown way to blend 'magic'"),
        ((ALS,), {"k": 0}, "at least one"),
        ((ALS,), {"diversity": 2}, "not between 0 and 1"),
        ((ALS,), {"seen": "maybe"}, "not 'maybe'"),
    ],
)
def test_wrong_rules(models: Any, rules: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ask(*models, users=["u3"], rules=rules)


@pytest.mark.parametrize("models", [(ALS,), (ALS, KNN)])
def test_twins_of_what_a_user_has_and_of_other_answers_are_left_out(models: tuple[pa.Table, ...]) -> None:
    user = "u3"
    theirs = sorted(liked(user))[0]
    first, second, third = ask(*models, users=[user], rules={"k": 3})["item_id"]
    of = {first: theirs, third: second}
    twins = [model_with(table, duplicate_of=of) for table in models]
    assert first not in ask(*twins, users=[user])["item_id"]
    assert ask(*twins, users=[user])["item_id"][0] == second
    assert third not in ask(*twins, users=[user])["item_id"]
    kept = ask(*twins, users=[user], rules={"k": 3, "keep_duplicates": True})
    assert kept["item_id"] == [first, second, third]
    everything = ask(*twins, users=[user], rules={"k": 48, "seen": "in"})["item_id"]
    assert len(everything) == 46  # of two pairs of twins one each
    assert theirs in ask(*twins, users=[user], rules={"seen": "only"})["item_id"]


def model_with(table: pa.Table, **columns: dict[str, str]) -> pa.Table:
    """The model with columns of some of its items."""
    for name, of in columns.items():
        table = table.append_column(name, pa.array([of.get(one) for one in table["id"].to_pylist()], pa.string()))
    return table


def test_two_models_of_one_recommender_are_called_by_their_files(tmp_path: Path) -> None:
    for name in ("monday.arrow", "tuesday.arrow"):
        write_table(ALS, tmp_path / name)
    paths = tmp_path / "monday.arrow", tmp_path / "tuesday.arrow"
    assert set(ask(*paths, users=["u3"])["source"]) == {"monday + tuesday"}
    with pytest.raises(UsageError, match="two models are called 'monday'"):
        ask(paths[0], paths[0], users=["u3"])


def test_tables_that_are_no_models() -> None:
    items = pa.table({"item_id": ["a"], "title": ["A"]})
    with pytest.raises(InputError, match="is not a model, and users need one") as caught:
        ask(items, users=["u3"])
    assert "train-cf" in str(caught.value.fix)


def test_asking_nobody_or_everybody_and_some(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no user was given"):
        ask()
    with pytest.raises(UsageError, match="--all-users selects every user"):
        ask(all_users=True, users=["u3"])
    (tmp_path / "none.txt").write_text("\n\n")
    with pytest.raises(InputError, match="names no users"):
        ask(listed=tmp_path / "none.txt")
    (tmp_path / "items.csv").write_text("item_id,user_name\n1,2\n")
    write_table(pa.table({"name": ["u3"]}), tmp_path / "names.parquet")
    for table in ("names.parquet", "items.csv"):
        with pytest.raises(InputError, match="has no column of users"):
            ask(listed=tmp_path / table)
    with pytest.raises(UsageError, match="id of a user is empty"):
        ask(users=[""])
    report = Report()
    assert ask(users=["7", "8"], rules={"k": 2}, report=report)["user_id"] == ["7", "7", "8", "8"]
    assert "no model knows any of these 2 users; it knows u0, u1, u2 …" in report.warnings


def test_through_polars_and_without_metadata_it_still_scores() -> None:
    expected = ask(all_users=True)
    assert ask(pl.DataFrame(pl.from_arrow(ALS)), all_users=True) == expected
    bare = pa.Table.from_arrays(ALS.columns, names=ALS.column_names)
    found = ask(bare, all_users=True)
    assert found["item_id"] == expected["item_id"]
    assert set(found["source"]) == {"model 1"}


def test_columns_are_chosen_and_never_hide_ours() -> None:
    assert list(ask(users=["u3"], columns=["price"]))[5:] == ["price"]
    with pytest.raises(UsageError, match="no column 'prize'"):
        ask(users=["u3"], columns=["prize"])
    model = factor_model()
    named = to_table(model, pa.table({"score": [f"s{i}" for i in range(48)], "user_id": ["x"] * 48}))
    found = ask(named, users=["u3"])
    assert found["item_score"] == [f"s{item[1:]}" for item in found["item_id"]]
    assert set(found["user_id"]) == {"u3"}


def test_the_same_bytes_however_it_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from visrec_cli.stages.recommend.users import user_batches

    whole = recommend_users(ALS, KNN, all_users=True).read_all()
    monkeypatch.setattr(user_batches, "_AT_MOST", 7)
    cut = recommend_users(ALS, KNN, all_users=True).read_all()
    assert cut["item_id"].to_pylist() == whole["item_id"].to_pylist()
    np.testing.assert_allclose(cut["score"], whole["score"], rtol=1e-4)
    monkeypatch.setattr(user_batches, "usable_cores", lambda: 1)
    write_table(recommend_users(ALS, KNN, all_users=True), tmp_path / "one.arrow")
    monkeypatch.setattr(user_batches, "usable_cores", lambda: 3)
    write_table(recommend_users(ALS, KNN, all_users=True), tmp_path / "two.arrow")
    assert (tmp_path / "one.arrow").read_bytes() == (tmp_path / "two.arrow").read_bytes()
