"""What is said about a log."""

import pyarrow as pa
import pytest

from tests.tables.tables import embedded
from visrec_cli.errors import InputError
from visrec_cli.logs.audit import audit
from visrec_cli.logs.reader import LogNotes
from visrec_cli.runtime.report import Report
from visrec_cli.tables.interaction_log import open_interactions


def log(items: list[str], **more: list) -> pa.Table:
    return open_interactions(pa.table({"user": [str(n % 2) for n in range(len(items))], "item": items, **more}))


def said(items: list[str], about: pa.Table | None = None, **more: list) -> Report:
    report = Report()
    audit(log(items, **more), LogNotes(report), items=about)
    return report


def table(ids: list[str], **more: list) -> pa.Table:
    return pa.table({"item_id": pa.array(ids, pa.string()), **more})


def test_how_much_there_is() -> None:
    report = said(["a", "a", "b", "a"], date=["2020-01-05", "2020-02-01", "2019-12-31", "2020-01-07"])
    assert report.counts == {"users": 2, "items": 2}
    expected = "density 100 %; median 2 (2 to 2) per user, median 2 (1 to 3) per item; 2019-12-31 to 2020-02-01"
    assert report.warnings == [expected]


def test_positions_are_no_time_range() -> None:
    assert said(["a", "b"], time=[0, 1]).warnings[0].endswith("per item")


def test_shares_of_the_interactions_that_meet_an_item_a_picture_and_a_vector() -> None:
    about = embedded(3, nulls=(1,)).append_column("image_path", pa.array(["0.jpg", "1.jpg", None]))
    report = said(["0", "0", "1", "x"], about)
    assert report.warnings[-1] == (
        "75.0 % of the interactions are with items of the table, 75.0 % with items that have a picture, "
        "50.0 % with items that have image_embedding"
    )
    assert report.warnings[-2] == "not in the table of items: 1 item of the log, 25.0 % of the interactions: 'x'"
    assert report.counts["items without interactions"] == 1


@pytest.mark.parametrize(
    ("ids", "items", "hint"),
    [
        (["007", "008"], ["7", "8"], "leading zeros"),
        (["7.0", "8.0"], ["7", "8"], "'.0' at the end"),
        ([" a", "b "], ["a", "b"], "spaces around them"),
        (["A1", "B2"], ["a1", "b2"], "capital letters"),
        (["a", "b"], ["imgs/a.jpg", "imgs/b.jpg"], "a folder or an ending"),
    ],
)
def test_ids_written_in_two_ways_are_recognised(ids: list[str], items: list[str], hint: str) -> None:
    with pytest.raises(InputError, match="not in the table of items") as refused:
        said(ids, table(items))
    assert hint in str(refused.value.fix)


def test_strangers_altogether() -> None:
    with pytest.raises(InputError, match="100 % of the interactions") as refused:
        said(["a", "b", "c", "d"], table(["x", "y"]))
    assert "'a', 'b', 'c' …" in str(refused.value)
    assert refused.value.fix == "the items are called 'x', 'y'"


def test_nearly_all_is_not_all() -> None:
    report = said([*["a"] * 4999, "b"], table(["a"]))
    assert report.warnings[-1].startswith("over 99.9 % of the interactions")
