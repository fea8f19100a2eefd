import pyarrow as pa

from tests.tables.tables import SPACE, embedded
from visrec_cli.runtime.reporting import Report
from visrec_cli.tables.columns import matrix_of
from visrec_cli.tables.join import join_items
from visrec_cli.tables.spaces import space_of


def test_rows_meet_by_id_whatever_their_order() -> None:
    left = embedded(6)
    right = embedded(6).take(pa.array([5, 3, 1, 0, 2, 4])).select(["item_id", "image_embedding"])
    report = Report()
    joined = join_items([left, right], ["a", "b"], report)
    assert joined.column_names == ["item_id", "title", "image_embedding", "image_embedding_2"]
    assert matrix_of(joined["image_embedding"])[0].tolist() == matrix_of(joined["image_embedding_2"])[0].tolist()
    assert space_of(joined.schema.field("image_embedding_2")) == SPACE
    assert not report.counts


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
