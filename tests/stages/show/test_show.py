"""What ``show`` says about a table, and which parts of large tables reach a gallery."""

import json
import re

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from tests.stages.train_cf.test_train_cf import clicks
from visrec_cli.errors import InputError, UsageError
from visrec_cli.items.first_pictures import first_pictures
from visrec_cli.runtime.report import Report
from visrec_cli.stages.recommend.users import recommend_users
from visrec_cli.stages.show import describe, show, type_in_words
from visrec_cli.stages.show.gallery import PER_QUERY, gallery
from visrec_cli.stages.train_cf import train_cf
from visrec_cli.tables.output import write_table
from visrec_cli.tables.spaces import Source, Space
from visrec_cli.tables.vectors import column_of


@pytest.fixture
def table() -> pa.Table:
    """Five items, vectors for four of them, in a space made from two others."""
    image, text = Space("lite0", 3, True), Space("minilm", 2, True, kind="text")
    fused = Space("concat", 5, True, kind="fused", sources=(Source("image_embedding", image, 3), Source("t", text, 2)))
    vectors = column_of(np.eye(5, dtype=np.float32), np.array([True, True, False, True, True]))
    schema = pa.schema([("item_id", pa.string()), ("price", pa.float64()), fused.field("embedding")])
    return pa.table([pa.array(list("abcde")), pa.array([1.5, None, None, 4, 5]), vectors], schema=schema)


def test_rows_nulls_types_and_spaces(table):
    found = describe(table, rows=2)
    assert (found.rows, found.first.num_rows) == (5, 2)
    assert [(c.name, c.type, c.nulls) for c in found.columns] == [
        ("item_id", "text", 0),
        ("price", "float64", 2),
        ("embedding", "5 numbers (float32)", 1),
    ]
    words = found.columns[2].made_of()
    assert "concat of image_embedding + t, 5 numbers, normalised" in words
    assert "lite0, 3 numbers" in words
    assert "minilm, 2 numbers" in words


def test_models_and_recommendations_say_on_what_they_were_fitted():
    log = clicks(split=["validation" if row % 5 == 0 else "train" for row in range(clicks().num_rows)])
    for fit_on, rows in (("known", "training and validation rows"), ("train", "the training rows alone")):
        model = train_cf(log, model="item-knn", fit_on=fit_on).read_all()
        about = {column.name: column.made_of() for column in describe(model).columns}
        assert about["entity"].startswith(f"item-knn; fitted on {rows} (")
        assert "; validation ndcg@10 0." in about["entity"]
        recs = describe(recommend_users(model, all_users=True))
        assert recs.columns[4].made_of().startswith(f"item-knn, fitted on {rows} (")
        assert json.loads(json.dumps(recs.as_json()))["columns"][4]["about"] == recs.columns[4].made_of()
    forgotten = model.cast(pa.schema([field.remove_metadata() for field in model.schema]))
    assert describe(forgotten).columns[0].made_of() == ""


def test_json_is_json_and_has_no_vectors(table):
    found = json.loads(json.dumps(describe(table, rows=1).as_json()))
    assert found["columns"][2]["space"]["sources"][0]["space"]["encoder"] == "lite0"
    assert found["first"] == [{"item_id": "a", "price": 1.5}]


def test_many_batches_are_counted_once(table):
    batches = [batch for _ in range(3) for batch in table.to_batches(max_chunksize=2)]
    found = describe(pa.Table.from_batches(batches), rows=4)
    assert found.rows == 15
    assert found.columns[1].nulls == 6
    assert found.first["item_id"].to_pylist() == list("abcd")


def test_some_columns_and_rows(table):
    part = show(table, columns=["price", "item_id"], head=3).read_all()
    assert part.column_names == ["price", "item_id"]
    assert part["item_id"].to_pylist() == list("abc")
    assert show(table, head=0).read_all().num_rows == 0
    with pytest.raises(UsageError, match="unknown column 'prise'") as refusal:
        show(table, columns=["prise"])
    assert "price" in refusal.value.fix


def test_types_in_words():
    labels = pa.list_(pa.struct([("label", pa.string()), ("score", pa.float32())]))
    kinds = [labels, pa.list_(pa.string()), pa.binary(), pa.bool_(), pa.int32(), pa.list_(pa.float16(), 8)]
    assert [type_in_words(kind) for kind in kinds] == [
        "list of label, score", "list of text", "bytes", "yes or no", "int32", "8 numbers (float16)",
    ]  # fmt: skip


def recommendations(queries: int, each: int, **more) -> pa.Table:
    rows = [
        {"query_id": f"q{q}", "query_label": f"query {q}", "item_id": f"i{r}", "rank": r, "score": 1 / r, **more}
        for q in range(queries)
        for r in range(1, each + 1)
    ]
    return pa.Table.from_pylist(rows)


def cards(html: str) -> int:
    return html.count('class="card"')


def test_queries_and_results_are_limited_and_the_rest_is_counted():
    report = Report()
    html = gallery([recommendations(7, 4)], limit=3, report=report)
    assert (html.count('class="shelf"'), cards(html)) == (3, 12)
    assert "Only 3 of 7 queries are shown" in html
    assert report.warnings == ["Only 3 of 7 queries are shown (--limit shows more)"]
    many = gallery([recommendations(1, PER_QUERY + 5)])
    assert cards(many) == PER_QUERY
    assert f"Only {PER_QUERY} of {PER_QUERY + 5} results are shown" in many


def test_items_are_limited_over_batches():
    table = pa.table({"item_id": [str(i) for i in range(100)]})
    batches = pa.Table.from_batches(table.to_batches(max_chunksize=7))
    html = gallery([batches], limit=20)
    assert cards(html) == 20
    assert "Only 20 of 100 items are shown" in html
    assert "Only" not in re.sub(r"<style>.*?</style>", "", gallery([table]), flags=re.S)


def test_results_of_one_query_need_not_stand_together():
    shuffled = recommendations(3, 3).take([8, 0, 4, 1, 5, 2, 6, 3, 7])
    html = gallery([shuffled])
    assert re.findall(r'<h2 id="q\d">(.*?)</h2>', html) == ["query 2", "query 0", "query 1"]
    assert re.findall(r"rank </span>(\d)", html) == ["1", "2", "3"] * 3


def test_several_tables_make_one_page_but_not_of_two_kinds():
    one, two = recommendations(1, 2), recommendations(2, 2, price=9.0)
    assert cards(gallery([one, two.slice(2)])) == 4
    with pytest.raises(UsageError, match="different kinds"):
        gallery([one, pa.table({"item_id": ["a"]})])


def test_an_empty_table_and_an_unknown_column_are_refused():
    with pytest.raises(InputError, match="no rows"):
        gallery([recommendations(1, 1).slice(0, 0)])
    with pytest.raises(UsageError, match="unknown column 'colour'"):
        gallery([recommendations(1, 1)], columns=["colour"])


def test_pictures_from_bytes_and_paths_each_read_once(tmp_path):
    Image.new("RGB", (40, 30), "red").save(tmp_path / "a.png")
    (tmp_path / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe0 not much")
    ids = ["a", "again", "cut", "none", "gone"]
    paths = ["a.png", "a.png", "cut.jpg", None, "gone.png"]
    write_table(pa.table({"item_id": ids, "image_path": paths}), tmp_path / "t.arrow")
    report = Report()
    html = gallery([tmp_path / "t.arrow"], report=report)  # paths are found beside the table
    assert html.count("data:image/webp") == 2
    assert report.counts["pictures"] == 1
    assert html.count('<span class="badge">no picture</span>') == 3
    assert {(one.item_id, one.stage) for one in report.rejects} == {("cut", "show"), ("gone", "show")}
    stored = pa.table({"item_id": ["a"], "image": [(tmp_path / "a.png").read_bytes()]})
    assert gallery([stored]).count("data:image/webp") == 1


def test_the_same_table_gives_the_same_page(tmp_path):
    Image.radial_gradient("L").convert("RGB").save(tmp_path / "a.png")
    write_table(pa.table({"item_id": ["a", "b"], "image_path": ["a.png", None]}), tmp_path / "t.arrow")
    assert gallery([tmp_path / "t.arrow"]) == gallery([tmp_path / "t.arrow"])


def test_first_pictures_have_titles_and_gaps(tmp_path):
    Image.new("RGB", (400, 300), "red").save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"nothing")
    table = pa.table({"item_id": ["a", "b"], "image_path": ["a.png", "b.png"], "title": ["Red", None]})
    found = first_pictures(table, tmp_path / "t.arrow")
    assert [(picture is not None, title) for picture, title in found] == [(True, "Red"), (False, "b")]
    assert first_pictures(pa.table({"item_id": ["a"]}), "-") == []
