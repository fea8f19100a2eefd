"""Ids whose letters are the same in another Unicode form: wherever two tables meet by id, it is said."""

import unicodedata

import numpy as np
import pyarrow as pa
import pytest

from tests.tables.tables import SPACE
from visrec_cli.errors import InputError
from visrec_cli.options.profile import ProfileOptions
from visrec_cli.ranking.filters import rows_where
from visrec_cli.runtime.report import Report
from visrec_cli.stages.eval.truth_reader import open_truth
from visrec_cli.stages.fuse import fuse
from visrec_cli.stages.profile.likes import open_likes
from visrec_cli.stages.recommend.users import Rules, recommend_users
from visrec_cli.stages.recommend.users.serving_context import Newer
from visrec_cli.stages.train_cf import train_cf
from visrec_cli.tables.join import join_items
from visrec_cli.tables.unicode_forms import note_other_forms
from visrec_cli.tables.vectors import column_of

ONE, TWO = "caf\u00e9", "cafe\u0301"
NAMES = (ONE, "na\u00efve", "tea", "milk")


def table_of(*names: str, column: str = "image_embedding") -> pa.Table:
    vectors = np.random.default_rng(0).normal(size=(len(names), SPACE.dimension)).astype(np.float32)
    schema = pa.schema([pa.field("item_id", pa.string()), SPACE.field(column)])
    return pa.table([pa.array(names), column_of(vectors, np.ones(len(names), bool))], schema=schema)


def log_of_names(*items: str) -> pa.Table:
    pairs = [(user, item) for user in ("u", "v", "w") for item in items]
    return pa.table({"user_id": [user for user, _ in pairs], "item_id": [item for _, item in pairs]})


def apart(*names: str) -> tuple[str, ...]:
    return tuple(unicodedata.normalize("NFD", name) for name in names)


def told(report: Report, what: str = "2 items would match but for the Unicode form") -> bool:
    (line,) = [line for line in report.warnings if "Unicode form" in line]
    return what in line and "'caf\\xe9'" in line and "'cafe\\u0301'" in line and "normalize('NFC')" in line


def test_tables_that_are_joined() -> None:
    report = Report()
    joined = join_items([table_of(*NAMES), table_of(*apart(*NAMES))], ["a", "b"], report)
    assert joined.num_rows == 6  # joined as they are written, and said
    assert told(report)


def test_fuse() -> None:
    report = Report()
    fuse(table_of(*NAMES), table_of(*apart(*NAMES), column="text_embedding"), report=report).read_all()
    assert told(report)


def test_items_of_a_model() -> None:
    model = train_cf(log_of_names(*NAMES), model="popularity").read_all()
    for newer in ("items", "new_items"):
        report = Report()
        recommend_users(model, users=["u"], newer=Newer(**{newer: table_of(*apart(*NAMES))}), report=report).read_all()
        assert told(report)


def test_clicks_that_come_after_a_model() -> None:
    model, report = train_cf(log_of_names(*NAMES), model="item-knn").read_all(), Report()
    history = Newer(history=log_of_names(*apart(*NAMES)))
    recommend_users(model, all_users=True, newer=history, report=report).read_all()
    assert told(report)


def test_lists_of_what_may_be_recommended() -> None:
    model, report = train_cf(log_of_names(*NAMES), model="popularity").read_all(), Report()
    recommend_users(model, users=["u"], rules=Rules(deny=[TWO, "tea"]), report=report).read_all()
    assert told(report, "1 item would match")


def test_profile() -> None:
    report = Report()
    open_likes(log_of_names(*NAMES), ProfileOptions(users=["u"], items=table_of(*apart(*NAMES))), report)
    assert told(report)


def test_a_truth_beside_what_came_before_and_its_items() -> None:
    report = Report()
    open_truth(log_of_names(*NAMES), train=log_of_names(*apart(*NAMES)), report=report)
    assert told(report)
    report = Report()
    open_truth(log_of_names(*NAMES), items=table_of(*apart(*NAMES)), report=report)
    assert told(report)


def test_nothing_is_said_of_ids_in_both_forms_or_of_others() -> None:
    report = Report()
    note_other_forms(pa.array(["tea", ONE, TWO, None]), [ONE, TWO, "milk"], "here", report)
    note_other_forms(["tea", "na\u00efve"], pa.chunked_array([["milk", ONE]]), "here", report)
    assert not report.warnings


@pytest.mark.parametrize(("ours", "asked"), [(ONE, TWO), (TWO, ONE)])
@pytest.mark.parametrize("form", ["title = '{}'", "title IN ('x', '{}')", "title LIKE '{}%'", "contains(title, '{}')"])
def test_a_condition_that_only_the_form_keeps_from_passing(ours: str, asked: str, form: str) -> None:
    items = pa.table({"item_id": ["1", "2"], "title": [ours, "tea"]})
    with pytest.raises(InputError, match="1 row would but for the Unicode form"):
        rows_where(items, form.format(asked))
    assert rows_where(items, form.format(ours)).tolist() == [True, False]
    assert not rows_where(items, form.format("\u00fc")).any()
