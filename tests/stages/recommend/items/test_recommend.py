"""Queries by item, taste and rank fusion: planted clusters, whose truth is known."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contracts.index_suite import brute_force, unit
from visrec_cli.errors import InputError, UsageError
from visrec_cli.runtime.report import Report
from visrec_cli.stages.recommend.items import recommend
from visrec_cli.tables.spaces import Space
from visrec_cli.tables.vectors import column_of

GROUPS, EACH, WIDTH = 6, 8, 16
COLOURS = ("red", "blue")


def vectors_of_groups(seed: int = 3, noise: float = 0.15) -> np.ndarray:
    """Row r belongs to group r // EACH."""
    rng = np.random.default_rng(seed)
    centres = np.linalg.qr(rng.normal(size=(WIDTH, GROUPS)))[0].T
    return unit(np.repeat(centres, EACH, axis=0) + noise * rng.normal(size=(GROUPS * EACH, WIDTH)))


def table_of(
    vectors: np.ndarray,
    *,
    valid: np.ndarray | None = None,
    kind: str = "image",
    name: str = "image_embedding",
    ids: list[str] | None = None,
    normalised: bool = True,
    **columns: Any,
) -> pa.Table:
    ids = ids or [f"i{row:02}" for row in range(len(vectors))]
    field = Space("lite0", vectors.shape[1], normalised, kind=kind).field(name)
    fields = [("item_id", pa.string()), *((key, pa.array(value).type) for key, value in columns.items()), field]
    arrays = [pa.array(ids), *(pa.array(value) for value in columns.values()), column_of(vectors, valid)]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def shop(**more: Any) -> pa.Table:
    vectors = vectors_of_groups()
    rows = range(len(vectors))
    return table_of(
        vectors,
        title=[f"thing {row}" for row in rows],
        price=list(map(float, rows)),
        colour=[COLOURS[row % 2] for row in rows],
        **more,
    )


def ask(table: pa.Table, **asked: Any) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = recommend(table, **asked).read_all().to_pydict()
    return columns


def group(item_id: str) -> int:
    return int(item_id[1:]) // EACH


def test_neighbours_of_an_item_are_its_group_and_never_itself() -> None:
    found = ask(shop(), items=["i10"], k=EACH - 1)
    assert sorted(found["item_id"]) == [f"i{row:02}" for row in range(8, 16) if row != 10]
    assert found["rank"] == list(range(1, EACH))
    assert found["score"] == sorted(found["score"], reverse=True)
    assert set(found["query_id"]) == {"i10"}
    assert set(found["query_kind"]) == {"item"}
    assert set(found["query_label"]) == {"thing 10"}


def test_the_schema_is_the_contract() -> None:
    schema = recommend(shop(), items=["i10"]).schema
    assert [(field.name, str(field.type)) for field in schema] == [
        ("query_id", "string"), ("query_kind", "string"), ("query_label", "string"), ("query_image_path", "string"),
        ("item_id", "string"), ("rank", "int32"), ("score", "float"), ("because_item_id", "string"), ("why", "string"),
        ("title", "string"), ("price", "double"), ("colour", "string"),
    ]  # fmt: skip


def test_item_columns_are_those_of_the_item() -> None:
    found = ask(shop(), items=["i10"], k=40)
    assert found["title"] == [f"thing {int(item[1:])}" for item in found["item_id"]]
    assert found["price"] == [float(item[1:]) for item in found["item_id"]]


def test_all_items_equal_brute_force() -> None:
    vectors = vectors_of_groups()
    found = ask(shop(), all_items=True, k=5)
    expected = np.array(
        [[c for c in line if c != row][:5] for row, line in enumerate(brute_force(vectors, vectors, 6)[1])]
    )
    assert found["item_id"] == [f"i{row:02}" for row in expected.reshape(-1)]
    assert found["query_id"] == [f"i{row:02}" for row in range(len(vectors)) for _ in range(5)]
    assert found["rank"] == [1, 2, 3, 4, 5] * len(vectors)


def test_several_items_are_several_queries_and_a_repeated_one_is_one() -> None:
    found = ask(shop(), items=["i10", "i40", "i10"], k=2)
    assert found["query_id"] == ["i10", "i10", "i40", "i40"]


@settings(max_examples=25)
@given(seed=st.integers(0, 999), distinct=st.integers(2, 30), k=st.integers(1, 12))
def test_file_order_never_matters(seed: int, distinct: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = unit(rng.normal(size=(distinct, 6)))[rng.integers(0, distinct, 40)]  # many equal vectors, so many ties
    table = table_of(vectors)
    shuffled = table.take(rng.permutation(40))
    for asked in ({"all_items": True}, {"items": ["i03"], "diversity": 0.4}, {"items": ["i03", "i04"], "mix": True}):
        for keep in (True, False):
            expected = recommend(table, k=k, keep_duplicates=keep, **asked).read_all()
            assert recommend(shuffled, k=k, keep_duplicates=keep, **asked).read_all().equals(expected)


def test_items_without_a_vector_are_no_answers_and_counted() -> None:
    valid = np.ones(48, bool)
    valid[[9, 11]] = False
    report = Report()
    table = table_of(vectors_of_groups(), valid=valid)
    found = ask(table, items=["i10"], k=60, report=report)
    assert len(found["item_id"]) == 45
    assert not {"i09", "i11"} & set(found["item_id"])
    assert report.counts["items without a vector, left out"] == 2
    assert report.counts["queries with fewer than 60 answers"] == 1
    assert len(set(ask(table, all_items=True, k=1)["query_id"])) == 46


def test_an_item_without_a_vector_cannot_be_asked_about() -> None:
    valid = np.ones(48, bool)
    valid[9] = False
    with pytest.raises(InputError, match="'i09' has no vector in column 'image_embedding'"):
        recommend(table_of(vectors_of_groups(), valid=valid), items=["i09"])


def test_a_vector_of_zeros_is_no_vector() -> None:
    vectors = vectors_of_groups()
    vectors[9] = 0
    report = Report()
    found = ask(table_of(vectors), items=["i10"], k=60, report=report)
    assert "i09" not in found["item_id"]
    assert report.counts["items with a vector of zeros, left out"] == 1


def test_vectors_need_not_be_of_length_one() -> None:
    scaled = vectors_of_groups() * np.linspace(0.1, 50, 48, dtype=np.float32)[:, None]
    expected = ask(table_of(vectors_of_groups()), all_items=True)
    found = ask(table_of(scaled, normalised=False), all_items=True)
    assert found["item_id"] == expected["item_id"]
    np.testing.assert_allclose(found["score"], expected["score"], rtol=1e-5)


@pytest.mark.parametrize("length", [0.99, 1.002])
def test_a_column_that_says_length_one_is_held_to_it(length: float) -> None:
    vectors = vectors_of_groups()
    vectors[30] *= length
    with pytest.raises(InputError, match=rf"length 1, and 1 of 48 have not: row 31, item 'i30', has {length}"):
        recommend(table_of(vectors), items=["i10"])
    vectors[30] *= 1.0005 / length  # such as 16 bits leave it
    assert len(ask(table_of(vectors), items=["i10"])["item_id"]) == 10


def test_where_limits_the_answers_and_not_the_questions() -> None:
    report = Report()
    found = ask(shop(), items=["i11"], where="colour = 'red' and price < 30", k=20, report=report)
    assert found["colour"] == ["red"] * 15
    assert max(found["price"]) < 30
    assert [group(item) for item in found["item_id"][:4]] == [1] * 4
    assert report.counts["items pass --where"] == 15


def test_where_that_leaves_nothing_is_said() -> None:
    with pytest.raises(InputError, match="no item with a vector passes --where"):
        recommend(shop(), items=["i11"], where="price < 0")


def test_where_only_the_item_itself_passes() -> None:
    report = Report()
    found = recommend(shop(), items=["i11"], where="price = 11", report=report).read_all()
    assert found.num_rows == 0
    assert found.schema.names[0] == "query_id"
    assert report.counts["queries with fewer than 10 answers"] == 1


def test_diversity_leaves_the_group_and_keeps_ranks_consecutive() -> None:
    near, far = (ask(shop(), items=["i10"], k=6, diversity=d) for d in (0.0, 0.9))
    assert {group(item) for item in near["item_id"]} == {1}
    assert len({group(item) for item in far["item_id"]}) >= 4
    assert far["item_id"][0] == near["item_id"][0]
    assert far["rank"] == [1, 2, 3, 4, 5, 6]


class TestNearDuplicates:
    def table(self, **columns: Any) -> pa.Table:
        vectors = vectors_of_groups()
        vectors[12] = vectors[10]  # a copy of the item that is asked about
        vectors[14] = vectors[13]  # a copy of an answer
        return table_of(unit(vectors), **columns)

    def test_are_shown_once_and_counted(self) -> None:
        report = Report()
        found = ask(self.table(), items=["i10"], k=6, report=report)
        assert "i12" not in found["item_id"]
        assert "i13" in found["item_id"]
        assert "i14" not in found["item_id"]
        assert len(found["item_id"]) == 6
        assert report.counts["near-duplicates not shown"] == 2

    def test_are_shown_when_asked(self) -> None:
        found = ask(self.table(), items=["i10"], k=6, keep_duplicates=True)
        assert {"i12", "i13", "i14"} <= set(found["item_id"])
        assert found["item_id"][0] == "i12"

    def test_of_an_unliked_item_are_not_recommended_either(self) -> None:
        found = ask(self.table(), like=["i11"], unlike=["i13"], k=45)
        assert not {"i11", "i13", "i14"} & set(found["item_id"])

    def test_known_groups_count_whatever_the_cosine(self) -> None:
        groups = [None] * 48
        groups[40] = "i10"
        groups[41] = "i10"
        found = ask(table_of(vectors_of_groups(), duplicate_of=groups), items=["i40"], k=60)
        assert not {"i10", "i40", "i41"} & set(found["item_id"])
        assert len(found["item_id"]) == 45

    def test_a_crowd_of_copies_does_not_use_up_the_answers(self) -> None:
        vectors = np.concatenate([np.repeat(vectors_of_groups()[:1], 300, axis=0), vectors_of_groups()])
        found = ask(table_of(vectors, ids=[f"{row:03}" for row in range(348)]), items=["000"], k=5)
        assert len(found["item_id"]) == 5
        assert all(int(item) > 300 for item in found["item_id"])

    def test_the_same_words_do_not_make_two_items_one(self) -> None:
        vectors = np.repeat(np.eye(4, dtype=np.float32), 5, axis=0)
        found = ask(table_of(vectors, kind="text", name="text_embedding"), items=["i00"], k=4)
        assert found["item_id"] == ["i01", "i02", "i03", "i04"]


class TestTaste:
    def test_one_query_with_the_nearest_liked_item_as_because(self) -> None:
        found = ask(shop(), like=["i10", "i20"], k=12)
        assert set(found["query_id"]) == {"+i10 +i20"}
        assert {group(item) for item in found["item_id"]} == {1, 2}
        assert [group(item) for item in found["because_item_id"]] == [group(item) for item in found["item_id"]]
        assert all(why.startswith(f"like {because} ") for why, because in
                   zip(found["why"], found["because_item_id"], strict=True))  # fmt: skip
        assert not {"i10", "i20"} & set(found["item_id"])

    def test_unlike_turns_away(self) -> None:
        liked = ask(shop(), like=["i10", "i20"], k=20)["item_id"]
        turned = ask(shop(), like=["i10", "i20"], unlike=["i21"], k=20)["item_id"]
        assert sum(group(item) == 2 for item in turned[:7]) < sum(group(item) == 2 for item in liked[:7])

    def test_scores_are_rocchio_by_hand(self) -> None:
        vectors = vectors_of_groups().astype(np.float64)
        asked = (vectors[10] + vectors[20]) / 2 - 0.5 * vectors[30]
        asked /= np.linalg.norm(asked)
        found = ask(shop(), like=["i10", "i20"], unlike=["i30"], k=5)
        expected = [vectors[int(item[1:])] @ asked for item in found["item_id"]]
        np.testing.assert_allclose(found["score"], expected, rtol=1e-5)

    @pytest.mark.parametrize(
        ("like", "unlike", "said"),
        [([], ["i10"], "only moves the query away"), (["i10"], ["i10"], "both liked and unliked")],
    )
    def test_nonsense_is_refused(self, like: list[str], unlike: list[str], said: str) -> None:
        with pytest.raises(UsageError, match=said):
            recommend(shop(), like=like, unlike=unlike)


def test_mix_is_one_query_fused_by_rank() -> None:
    found = ask(shop(), items=["i10", "i20"], mix=True, k=10)
    assert set(found["query_id"]) == {"i10 + i20"}
    assert set(found["query_kind"]) == {"mixed"}
    places = brute_force(vectors_of_groups()[[10, 20]], vectors_of_groups(), 48)[1].argsort(axis=1) + 1
    earned = (1 / (60 + places)).sum(axis=0) * 61 / 2  # Cormack et al. 2009, scaled
    earned[[10, 20]] = 0
    assert found["item_id"] == [f"i{row:02}" for row in np.argsort(-earned, kind="stable")[:10]]
    np.testing.assert_allclose(found["score"], np.sort(earned)[::-1][:10], rtol=1e-6)
    assert all(why.startswith("item i10 ") and " · item i20 " in why for why in found["why"])


def test_mix_of_one_query_is_that_query() -> None:
    assert ask(shop(), items=["i10"], mix=True) == ask(shop(), items=["i10"])


def test_labels_in_common_are_a_reason() -> None:
    labels = [[{"label": "jersey" if row // EACH == 1 else "bag", "score": 0.5}] for row in range(48)]
    found = ask(shop(labels=labels), items=["i10"], k=10)
    assert [("both: jersey" in why) for why in found["why"]] == [group(item) == 1 for item in found["item_id"]]


def test_columns_choose_what_goes_along() -> None:
    names = recommend(shop(), items=["i10"], columns=["price"]).schema.names
    assert names[-2:] == ["why", "price"]
    with pytest.raises(UsageError, match="no column 'prize'"):
        recommend(shop(), items=["i10"], columns=["prize"])


def test_columns_called_like_ours_are_renamed() -> None:
    found = ask(shop(score=list(range(48)), rank=["x"] * 48), items=["i10"], k=2)
    assert found["item_score"] == [int(item[1:]) for item in found["item_id"]]
    assert found["item_rank"] == ["x", "x"]
    assert found["rank"] == [1, 2]


def test_pictures_go_along_except_for_all() -> None:
    table = shop(image=[b"jpeg"] * 48, image_path=[f"{row}.jpg" for row in range(48)])
    found = ask(table, items=["i10"], k=1)
    assert found["image"] == [b"jpeg"]
    assert found["query_image_path"] == ["10.jpg"]
    assert "image" not in recommend(table, all_items=True).schema.names


class TestColumns:
    def two(self) -> pa.Table:
        table = shop()
        text = column_of(unit(np.random.default_rng(0).normal(size=(48, 5))))
        return table.append_column(Space("minilm", 5, True, kind="text").field("text_embedding"), text)

    def test_the_pictures_are_taken_and_it_is_said(self) -> None:
        report = Report()
        assert ask(self.two(), items=["i10"], report=report) == ask(shop(), items=["i10"])
        assert report.warnings == ["searching 'image_embedding'; there are also text_embedding (--column chooses)"]

    def test_the_fused_one_is_taken_without_a_word(self) -> None:
        report = Report()
        table = self.two()
        table = table.append_column(Space("x", 16, True).field("embedding"), column_of(vectors_of_groups(seed=8)))
        found = ask(table, items=["i10"], report=report, k=5)
        assert found["score"] == ask(table_of(vectors_of_groups(seed=8)), items=["i10"], k=5)["score"]
        assert not report.warnings

    def test_column_chooses(self) -> None:
        assert ask(self.two(), items=["i10"], column="text_embedding", k=1)["why"][0].startswith("text ")

    def test_a_wrong_column(self) -> None:
        with pytest.raises(UsageError, match="no column 'nope'"):
            recommend(shop(), items=["i10"], column="nope")
        with pytest.raises(InputError, match="column 'title'"):
            recommend(shop(), items=["i10"], column="title")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "no query was given"),
        ({"items": ["i10"], "all_items": True}, "cannot be used with another query"),
        ({"items": "i10"}, "are lists"),
        ({"items": ["i10"], "k": 0}, "at least one item"),
        ({"items": ["i10"], "diversity": 1.5}, "between 0 and 1"),
        ({"items": ["i10"], "index": "annoyy"}, "annoyy"),
        ({"items": ["i10"], "trees": 5}, "--trees belongs to --index annoy"),
        ({"items": ["i10"], "index": "annoy", "nprobe": 5}, "--nprobe belongs to --index faiss"),
        ({"items": ["i10"], "index": "annoyy", "where": "price > 3"}, "annoyy"),
        ({"items": ["i10"], "where": "prise > 3"}, "prise"),
        ({"texts": ["  "]}, "--text is empty"),
        ({"items": ["i99"]}, "no item 'i99'"),
    ],
)
def test_usage_problems(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        recommend(shop(), **asked)


def test_an_unknown_id_names_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        recommend(shop(), items=["i010"])
    assert "i10" in str(caught.value.fix)
    with pytest.raises(UsageError) as caught:
        recommend(shop(), items=["zzzzzz"])
    assert caught.value.fix == "ids look like i00, i01, i02"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (shop().slice(0, 0), "no items"),
        (shop().drop_columns("image_embedding"), "no embedding column"),
        (table_of(vectors_of_groups(), valid=np.zeros(48, bool)), "no item has a vector"),
        (table_of(np.full((3, 4), np.nan, np.float32)), "NaN"),
        (table_of(vectors_of_groups(), ids=["same"] * 48), "not unique"),
    ],
)
def test_tables_that_cannot_be_used(table: pa.Table, said: str) -> None:
    with pytest.raises(InputError, match=said):
        recommend(table, items=["i10"])


def test_a_folder_is_told_to_be_embedded_first(tmp_path: Any) -> None:
    with pytest.raises(InputError) as caught:
        recommend(tmp_path, items=["i10"])
    assert f"visrec embed-images {tmp_path} | visrec recommend" in str(caught.value.fix)


def test_one_item_alone_has_no_neighbours() -> None:
    assert recommend(table_of(vectors_of_groups()[:1]), items=["i00"]).read_all().num_rows == 0
    assert recommend(table_of(vectors_of_groups()[:1]), all_items=True).read_all().num_rows == 0


def test_all_comes_in_blocks() -> None:
    rng = np.random.default_rng(0)
    table = table_of(unit(rng.normal(size=(600, 8))), ids=[f"{row:03}" for row in range(600)])
    sizes = [batch.num_rows for batch in recommend(table, all_items=True, k=3)]
    assert len(sizes) > 1
    assert sum(sizes) == 1800


@pytest.mark.parametrize("index", ["annoy", "faiss"])
class TestApproximateIndexes:
    def test_same_answers_on_easy_data_and_the_recall_is_said(self, index: str) -> None:
        pytest.importorskip(index)
        report = Report()
        assert ask(shop(), all_items=True, k=5, index=index, report=report) == ask(shop(), all_items=True, k=5)
        assert any(line.startswith(f"{index} recall@5 1.00 on 48 sampled items (--") for line in report.warnings)

    def test_with_where_the_search_is_exact(self, index: str) -> None:
        report = Report()
        asked = {"items": ["i10"], "where": "colour = 'red'", "k": 5}
        assert ask(shop(), index=index, report=report, **asked) == ask(shop(), **asked)
        assert any("searched exactly" in line for line in report.warnings)

    def test_what_the_index_misses_is_not_made_up(self, index: str) -> None:
        pytest.importorskip(index)
        setting = {"search_k": 1, "trees": 1} if index == "annoy" else {"nlist": 12, "nprobe": 1}
        found = ask(shop(), items=["i10"], k=40, index=index, **setting)
        assert found["rank"] == list(range(1, len(found["rank"]) + 1))
        assert len(set(found["item_id"])) == len(found["item_id"]) <= 40
        assert all(-1 <= score <= 1.0001 for score in found["score"])


def test_a_column_called_labels_that_is_something_else_is_no_reason() -> None:
    for labels in ([["jersey"]] * 48, ["jersey"] * 48, [[{"label": "jersey"}]] * 48):
        assert "both" not in "".join(ask(shop(labels=labels), items=["i10"])["why"])


def test_more_than_two_gibibytes_of_pictures() -> None:
    """Arrow cannot join such a column. One buffer seen many times: the test itself needs 64 MiB."""
    picture = b"x" * (64 << 20)
    table = shop()
    pictures = pa.chunked_array([pa.array([picture])] * 48)
    table = table.append_column("image", pictures)
    report = Report()
    found = recommend(table, items=["i10"], k=2, where="price > 9", columns=["image"], report=report).read_all()
    assert found["item_id"].to_pylist() == ask(shop(), items=["i10"], k=2, where="price > 9")["item_id"]
    assert found["image"].nbytes >= 2 * len(picture)
