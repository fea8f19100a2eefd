"""``profile``: two planted tastes, categories by hand, and users of whom little can be said."""

import numpy as np
import pyarrow as pa
import pytest

from visrec_cli.errors import UsageError
from visrec_cli.options.logs import Cleaning
from visrec_cli.options.profile import ProfileOptions
from visrec_cli.runtime.report import Report
from visrec_cli.stages.profile import SCHEMA, profile, tastes_of
from visrec_cli.stages.profile.likes import open_likes
from visrec_cli.stages.profile.page import taste_page
from visrec_cli.stages.train_cf import train_cf
from visrec_cli.tables.vectors import column_of

DAY = 86_400


def shop() -> pa.Table:
    """60 items: 20 red dresses, 20 blue boots, 20 grey hats, each kind in a corner of its own."""
    rng = np.random.default_rng(0)
    kinds = np.repeat(np.arange(3), 20)
    vectors = (np.eye(3, 32)[kinds] + rng.normal(0, 0.05, (60, 32))).astype(np.float32)
    names = np.array(["red dress", "blue boot", "grey hat"])[kinds]
    return pa.table(
        {
            "item_id": [f"i{i:02d}" for i in range(60)],
            "title": [f"{name} {i}" for i, name in enumerate(names)],
            "category": [f"{name.split()[1]}|{name.split()[0]}" for name in names],
            "embedding": column_of(vectors),
        }
    )


def log(**more: list[int]) -> pa.Table:
    """ana: ten dresses, then ten boots. ben: three hats. Twenty others: three hats and a boot each, all on one day."""
    rows = [("ana", i, day) for day, i in enumerate([*range(10), *range(20, 30)])]
    rows += [("ben", 40 + i, i) for i in range(3)]
    for other in range(20):
        rows += [(f"u{other}", 40 + (other + i) % 20, 5) for i in range(3)] + [(f"u{other}", 20 + other, 5)]
    return pa.table(
        {
            "user_id": [user for user, *_ in rows],
            "item_id": [f"i{i:02d}" for _, i, _ in rows],
            "timestamp": [1_700_000_000 + DAY * day for *_, day in rows],
            **more,
        }
    )


def rows_of(kind: str, user: str, **options: object) -> list[dict]:
    found = profile(log(), users=[user], items=shop(), **options).read_all().to_pylist()
    return [row for row in found if row["kind"] == kind]


def test_two_tastes_are_two_prototypes_one_early_one_late() -> None:
    first, second = rows_of("prototype", "ana")
    by_name = {row["name"].rsplit(" ", 1)[0]: row for row in (first, second)}
    assert set(by_name) == {"red dress", "blue boot"}
    assert {(row["n"], row["share"]) for row in (first, second)} == {(10, 0.5)}
    assert (by_name["red dress"]["early"], by_name["red dress"]["late"]) == (1.0, 0.0)
    assert (by_name["blue boot"]["early"], by_name["blue boot"]["late"]) == (0.0, 1.0)
    assert set(by_name["red dress"]["items"]) == {f"i{i:02d}" for i in range(10)}
    assert by_name["red dress"]["items"][0] == by_name["red dress"]["item_id"]


def test_the_taste_as_a_whole() -> None:
    (whole,) = rows_of("taste", "ana")
    assert whole["n"] == 20
    assert whole["drift"] > 0.5
    assert whole["drift_p"] < 0.005
    assert whole["apart_p"] == pytest.approx(0.05)
    assert whole["items"][0] == "i29"  # the latest first
    assert (whole["last"] - whole["first"]).days == 19
    assert whole["note"] is None


def test_shares_are_compared_with_everyones() -> None:
    """Of 103 likes 10 are dresses, 30 are boots and 63 are hats; an item of several categories counts in each."""
    found = {row["name"]: row for row in rows_of("category", "ana")}
    assert found["dress"]["share"] == 0.5
    assert found["dress"]["everyone"] == pytest.approx(10 / 103)
    assert found["dress"]["lift"] == pytest.approx(5.15)
    assert found["boot"]["everyone"] == pytest.approx(30 / 103)
    assert {name: row["sure"] for name, row in found.items()} == {
        "dress": "more", "red": "more", "boot": None, "blue": None, "hat": "less", "grey": "less",
    }  # fmt: skip
    assert found["hat"]["n"] == 0  # surely rarer, though not there at all
    assert {name: row["change"] for name, row in found.items()} == {
        "dress": "fell", "red": "fell", "boot": "rose", "blue": "rose", "hat": None, "grey": None,
    }  # fmt: skip


def test_of_few_items_it_says_what_cannot_be_said() -> None:
    report = Report()
    table = profile(log(), users=["ben"], items=shop(), report=report).read_all()
    whole = table.to_pylist()[0]
    for words in (
        "too few to tell whether the taste changed",
        "too few to tell groups of looks apart",
        "may be chance",
    ):
        assert words in whole["note"]
        assert any(words in warning for warning in report.warnings)
    assert whole["drift"] is None
    assert [row["kind"] for row in table.to_pylist()] == ["taste", "prototype", "category", "category"]


def test_without_times_vectors_or_categories_it_says_so() -> None:
    table = profile(log().drop_columns(["timestamp"]), users=["ana"]).read_all()
    assert table.schema == SCHEMA
    (whole,) = table.to_pylist()
    for words in ("Nothing says when", "Nothing says what the items look like", "of which category"):
        assert words in whole["note"]


def test_a_model_and_its_log_tell_the_same() -> None:
    model = train_cf(log(), items=shop(), model="popularity").read_all()
    assert (
        profile(model, users=["ana"], items=shop()).read_all() == profile(log(), users=["ana"], items=shop()).read_all()
    )


def test_what_a_model_knows_to_be_disliked_is_no_taste() -> None:
    rows = log().to_pylist()
    liked = [row["user_id"] != "ana" or row["item_id"] < "i10" for row in rows]
    stars = log(rating=[5 if one else 2 for one in liked])
    model = train_cf(stars, items=shop(), model="popularity", cleaning=Cleaning(min_weight=4)).read_all()
    (whole,) = [row for row in profile(model, users=["ana"]).read_all().to_pylist() if row["kind"] == "taste"]
    assert whole["n"] == 10


def test_mistakes_are_answered_with_near_names() -> None:
    for options, near in (
        ({"users": ["anna"]}, "ana"),
        ({"users": ["ana"], "category": "categry"}, "category"),
    ):
        with pytest.raises(UsageError) as refusal:
            profile(log(), items=shop(), **options)
        assert near in str(refusal.value.fix)
    with pytest.raises(UsageError, match="no user was given"):
        profile(log(), users=[])
    model = train_cf(log(), items=shop(), model="popularity").read_all()
    with pytest.raises(UsageError, match="a model, which has cleaned its log already"):
        profile(model, users=["ana"], cleaning=Cleaning(min_weight=4))


def test_hostile_names_are_only_text_on_the_page() -> None:
    title = "</h2><script>window.hit=1</script>\u202e\x1b"
    table = shop().set_column(1, "title", pa.array([title] * 60)).set_column(2, "category", pa.array([title] * 60))
    report = Report()
    options = ProfileOptions(users=["ana"], items=table)
    likes = open_likes(log(), options, report)
    page = taste_page(likes, tastes_of(likes, options, report), items=None, title=None, report=report)
    assert "<script>" not in page
    assert "\u202e" not in page
    assert "&lt;/h2&gt;&lt;script&gt;window.hit=1&lt;/script&gt;\\u202e\\x1b" in page
