"""``recommend --group-by``: groups whose order is known, evidence, and groups too small to speak of."""

import numpy as np
import pyarrow as pa
import pytest

from visrec_cli.errors import InputError, UsageError
from visrec_cli.runtime.report import Report
from visrec_cli.stages.recommend.items.alike_groups import recommend_groups
from visrec_cli.stages.show.gallery import gallery
from visrec_cli.tables.vectors import column_of, unit_rows

ANGLES = {"Alpha": 0, "Beta": 20, "Gamma": 50, "Delta": 90}  # degrees, four items each, two to either side


def brands() -> pa.Table:
    turns = [(name, angle + off) for name, angle in ANGLES.items() for off in (-4, -2, 2, 4)]
    turns += [("Tiny", 10.0), ("Tiny", 11.0), (None, 12.0)]
    radians = np.deg2rad([angle for _, angle in turns])
    vectors = np.stack([np.cos(radians), np.sin(radians)], axis=1) * np.arange(1, len(turns) + 1)[:, None]
    return pa.table(
        {
            "item_id": [f"i{n:02d}" for n in range(len(turns))],
            "brand": [name for name, _ in turns],
            "price": [float(n) for n in range(len(turns))],
            "embedding": column_of(vectors.astype(np.float32)),
        }
    )


def asked(**options: object) -> list[dict]:
    return recommend_groups(brands(), group_by="brand", **options).read_all().to_pylist()


def test_groups_come_in_the_order_of_their_angles() -> None:
    rows = asked(groups=["Alpha"])
    assert [row["group"] for row in rows] == ["Beta", "Gamma", "Delta"]
    assert [row["rank"] for row in rows] == [1, 2, 3]
    assert [row["score"] for row in rows] == pytest.approx(np.cos(np.deg2rad([20, 50, 90])), abs=1e-6)
    assert {(row["query_id"], row["query_kind"], row["group_items"]) for row in rows} == {("Alpha", "group", 4)}


def test_the_evidence_is_the_nearest_item_on_either_side() -> None:
    first = asked(groups=["Alpha"])[0]
    assert first["item_id"] == "i04"  # Beta at 16 degrees
    assert first["because_item_id"] == "i03"  # Alpha at 4 degrees
    assert first["price"] == 4.0
    assert "i04" in first["why"]


def test_a_middle_is_of_unit_vectors_whatever_their_lengths() -> None:
    longer = brands()
    vectors = unit_rows(np.array(longer["embedding"].to_pylist(), np.float32))
    table = longer.set_column(3, "embedding", column_of(vectors))
    assert recommend_groups(table, group_by="brand", groups=["Gamma"]).read_all()["score"].to_pylist() == pytest.approx(
        [row["score"] for row in asked(groups=["Gamma"])]
    )


def test_all_groups_and_small_ones() -> None:
    report = Report()
    rows = asked(all_groups=True, k=1, report=report)
    assert [(row["query_id"], row["group"]) for row in rows] == [
        ("Alpha", "Beta"), ("Beta", "Alpha"), ("Delta", "Gamma"), ("Gamma", "Beta"),
    ]  # fmt: skip
    assert report.warnings == ["1 group of fewer than 3 items left out: Tiny"]
    assert report.counts["items without brand, left out"] == 1
    assert asked(groups=["Tiny"], min_items=2)[0]["group"] in ("Alpha", "Beta")
    with pytest.raises(InputError) as refusal:
        asked(groups=["Tiny"])
    assert "--min-items 2" in str(refusal.value.fix)


def test_an_item_may_be_of_several_groups() -> None:
    table = brands().set_column(1, "brand", pa.array(["A|B", "A|B", "A", "A", "B", "B", *["C"] * 13]))
    rows = recommend_groups(table, group_by="brand", groups=["A"]).read_all().to_pylist()
    assert [(row["group"], row["group_items"]) for row in rows] == [("B", 4), ("C", 13)]


def test_only_items_that_pass_count() -> None:
    report = Report()
    rows = asked(groups=["Alpha"], where="price < 9 or price > 11", report=report)
    assert [row["group"] for row in rows] == ["Beta", "Delta"]
    assert report.warnings[0].startswith("2 groups of fewer than 3 items left out")


def test_mistakes_are_answered_with_near_names() -> None:
    for options, near in (({"groups": ["Alfa"]}, "Alpha"), ({"group_by": "brnd", "all_groups": True}, "brand")):
        with pytest.raises(UsageError) as refusal:
            recommend_groups(brands(), **{"group_by": "brand", **options})
        assert near in str(refusal.value.fix)
    with pytest.raises(UsageError, match="no group was given"):
        asked()
    with pytest.raises(UsageError, match="--all selects every group"):
        asked(groups=["Alpha"], all_groups=True)
    with pytest.raises(InputError, match="1 group of at least 3 items"):
        recommend_groups(brands().slice(0, 6), group_by="brand", all_groups=True)


def test_a_gallery_draws_it() -> None:
    page = gallery([pa.Table.from_pylist(asked(groups=["Alpha"]))])
    assert "Groups like" in page
    assert "Beta (4) and Alpha (4)" in page
