import pyarrow as pa

from tests.tables.tables import SPACE, embedded
from visrec_cli.runtime.report import Report
from visrec_cli.tables.join import join_items
from visrec_cli.tables.spaces import space_of


def test_rows_meet_by_id_whatever_their_order() -> None:
    left, other = embedded(6), embedded(6, seed=1)
    right = other.take(pa.array([5, 3, 1, 0, 2, 4])).select(["item_id", "image_embedding"])
    report = Report()
    joined = join_items([left, right], ["a", "b"], report)
    assert joined.column_names == ["item_id", "title", "image_embedding", "image_embedding_2"]
    assert joined["image_embedding"].equals(left["image_embedding"])
    assert joined["image_embedding_2"].equals(other["image_embedding"])
    assert space_of(joined.schema.field("image_embedding_2")) == SPACE
    assert not report.counts


def test_vectors_that_flowed_through_both_tables_are_one_column() -> None:
    """embed-text passes image_embedding on: it must not count twice when its output meets its input."""
    left, right = embedded(6), embedded(6, nulls=(1,)).take(pa.array([5, 3, 1, 0, 2, 4]))
    report = Report()
    assert join_items([left, right], ["a", "b"], report).equals(left)
    assert not report.warnings


def test_items_spread_over_tables_of_one_space_are_one_column() -> None:
    whole = embedded(6)
    report = Report()
    joined = join_items([whole.slice(0, 4), whole.slice(4)], ["a", "b"], report)
    assert joined.equals(whole)
    assert space_of(joined.schema.field("image_embedding")) == SPACE
    (said,) = report.warnings
    assert said.startswith("b has the columns of the tables before it, and none of their items: that is a concat")


def test_vectors_of_unknown_spaces_without_a_common_item_stay_apart() -> None:
    whole = embedded(6)
    bare = pa.table({"item_id": whole["item_id"], "image_embedding": whole["image_embedding"]})
    joined = join_items([bare.slice(0, 4), bare.slice(4)], ["a", "b"], Report())
    assert joined.column_names == ["item_id", "image_embedding", "image_embedding_2"]


def test_text_and_pictures_meet_across_pieces() -> None:
    """They are gathered piece by piece: Arrow counts the bytes of one array in 31 bits."""
    ids = [str(i) for i in range(1200)]
    left = pa.table({"item_id": ids})
    right = pa.table({"item_id": ids[::-1], "image": [f"picture {i}".encode() for i in ids[::-1]], "name": ids[::-1]})
    joined = join_items([left, pa.concat_tables([right.slice(0, 100), right.slice(200)])], ["a", "b"], Report())
    names = [None if 1000 <= i < 1100 else str(i) for i in range(1200)]
    assert joined["name"].to_pylist() == names
    assert joined["image"].to_pylist() == [name and f"picture {name}".encode() for name in names]


def test_what_only_one_side_has_is_kept_null_and_counted() -> None:
    left = pa.table({"item_id": ["a", "b"], "title": ["A", None], "price": [1.0, 2.0]})
    right = pa.table({"item_id": ["c", "b"], "title": ["C", "B"], "size": [3, 2]})
    report = Report()
    joined = join_items([left, right], ["a.csv", "b.csv"], report)
    assert joined.to_pylist() == [
        {"item_id": "a", "title": "A", "price": 1.0, "size": None},
        {"item_id": "b", "title": "B", "price": 2.0, "size": 2},
        {"item_id": "c", "title": "C", "price": None, "size": 3},
    ]
    assert dict(report.counts) == {"items not in b.csv": 1, "items only in b.csv": 1}


def test_values_that_disagree_are_said() -> None:
    report = Report()
    tables = [pa.table({"item_id": ["a"], "price": [1.0]}), pa.table({"item_id": ["a"], "price": [2.0]})]
    assert join_items(tables, ["x", "y"], report)["price"].to_pylist() == [1.0]
    assert report.warnings == ["'price' differs in 1 items between the first table and y: the first is kept"]
