"""The verb's stage: every way keeps what it promises."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from visrec_cli.errors import InputError, OutputError, UsageError
from visrec_cli.options.split import SplitSpec
from visrec_cli.runtime.report import Report
from visrec_cli.stages.split import split

WAYS = [
    SplitSpec("random", 0.2, 0.1), SplitSpec("last", validation=1), SplitSpec("time", 0.3, 0.1),
    SplitSpec("global-time", 0.2, 0.1),
    SplitSpec("cold-item", 0.2, 0.1), SplitSpec("cold-user", 0.2, 0.1),
    SplitSpec("global-time", cut="2020-10-05,2020-10-20"),
    SplitSpec("random", folds=5), SplitSpec("cold-item", folds=4), SplitSpec("cold-user", folds=3),
]  # fmt: skip
BASE = 1_600_000_000  # 2020-09-13


@pytest.fixture
def log() -> pa.Table:
    """60 users with 4 to 30 of 80 items over 50 days, some of them twice."""
    rng = np.random.default_rng(0)
    rows = [
        (f"u{user}", f"i{item}", float(rng.integers(1, 6)), int(BASE + rng.integers(50 * 86_400)))
        for user in range(60)
        for item in rng.integers(80, size=rng.integers(4, 31))
    ]
    return pa.table(list(zip(*rows, strict=True)), names=["user_id", "item_id", "weight", "timestamp"])


def done(log: pa.Table, way: SplitSpec, **more) -> pl.DataFrame:
    return pl.DataFrame(split(log, **vars(way), **more).read_all())


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.by}-{way.folds}-{way.cut}")
def test_every_row_has_its_part_whatever_the_order(log: pa.Table, way: SplitSpec) -> None:
    frame = done(log, way)
    column = "fold" if way.folds else "split"
    parts = set(range(way.folds)) if way.folds else {"train", "validation", "test"}
    assert set(frame[column].to_list()) == parts
    assert frame.drop(column).to_dict(as_series=False)["item_id"] == log["item_id"].to_pylist()
    mixed = done(log.take(np.random.default_rng(1).permutation(log.num_rows)), way)
    assert mixed.sort(mixed.columns).equals(frame.sort(frame.columns))
    if way.by not in ("last", "time", "global-time"):
        other = done(log, SplitSpec(**{**vars(way), "seed": 1}))
        assert not other.equals(frame)


def test_by_chance_a_pair_is_on_one_side_and_every_user_has_all_parts(log: pa.Table) -> None:
    frame = done(log, SplitSpec("random", 0.25, 0.1))
    assert (frame.group_by("user_id", "item_id").agg(pl.col("split").n_unique())["split"] == 1).all()
    large = frame.group_by("user_id").agg(pl.len(), pl.col("split").n_unique()).filter(pl.col("len") > 10)
    assert (large["split"] == 3).all()
    assert 0.2 < (frame["split"] == "test").mean() < 0.3


def test_by_time_nobody_is_tested_on_the_past(log: pa.Table) -> None:
    for way in (SplitSpec("last", 2, 1), SplitSpec("time", 0.3, 0.2)):
        spans = (
            done(log, way)
            .group_by("user_id", "split")
            .agg(pl.col("timestamp").min().alias("first"), pl.max("timestamp"))
        )
        spans = spans.pivot("split", index="user_id")
        for early, late in pairwise(("train", "validation", "test")):
            both = spans.drop_nulls([f"first_{late}"])
            assert (both[f"timestamp_{early}"] <= both[f"first_{late}"]).all()
    sizes = done(log, SplitSpec("last", 2, 1)).group_by("user_id").agg((pl.col("split") == "test").sum())
    assert (sizes["split"] == 2).all()


def test_a_moment_divides_the_world(log: pa.Table) -> None:
    frame = done(log, SplitSpec("global-time", cut="2020-10-05, 2020-10-20T12:00"))
    for part, first, last in (
        ("train", "2020-09-13", "2020-10-05"),
        ("validation", "2020-10-05", "2020-10-20 12:00"),
        ("test", "2020-10-20 12:00", "2020-11-03"),
    ):
        times = frame.filter(pl.col("split") == part)["timestamp"].cast(pl.String)
        assert first <= times.min() <= times.max() <= last


@pytest.mark.parametrize(("by", "column"), [("cold-item", "item_id"), ("cold-user", "user_id")])
def test_cold_ones_are_nowhere_in_train(log: pa.Table, by: str, column: str) -> None:
    report = Report()
    frame = done(log, SplitSpec(by, 0.2), report=report)
    assert (frame.group_by(column).agg(pl.col("split").n_unique())["split"] == 1).all()
    ids = frame[column].n_unique()
    held = frame.filter(pl.col("split") == "test")[column].n_unique()
    assert held == int(ids * 0.2 + 0.5)
    assert report.counts[f"{column[:4]}s held out"] == held


@pytest.mark.parametrize(
    "way",
    [SplitSpec("cold-item", 0.2, 0.1), SplitSpec("random", 0.2), SplitSpec("time", 0.2), SplitSpec("random", folds=4)],
)
def test_twins_stay_on_one_side(log: pa.Table, way: SplitSpec) -> None:
    """Every item i has a twin i+40."""
    items = pa.table(
        {"item_id": [f"i{n}" for n in range(80)], "duplicate_of": [None] * 40 + [f"i{n}" for n in range(40)]}
    )
    frame = done(log, SplitSpec(**{**vars(way), "group": "duplicate_of"}), items=items)
    frame = frame.with_columns(pair=pl.col("item_id").str.slice(1).cast(pl.Int64) % 40)
    column = "fold" if way.folds else "split"
    within = ["pair"] if way.by == "cold-item" else ["user_id", "pair"]
    assert (frame.group_by(within).agg(pl.col(column).n_unique())[column] == 1).all()
    alone = done(log, way).with_columns(pair=frame["pair"])
    assert (alone.group_by(within).agg(pl.col(column).n_unique())[column] > 1).any()


def test_a_group_that_changes_nothing_is_pointed_out(log: pa.Table) -> None:
    report = Report()
    items = pa.table({"item_id": ["x"], "duplicate_of": ["y"]})
    assert done(log, SplitSpec("cold-item", group="duplicate_of"), items=items, report=report).equals(
        done(log, SplitSpec("cold-item"))
    )
    assert report.warnings[1:] == ["no two items of the log share a 'duplicate_of': --group has no effect"]


def test_those_with_too_little_stay_in_train_and_are_counted() -> None:
    log = pa.table({"user": ["a", "a", "a", "b"], "item": ["1", "2", "3", "1"]})
    report = Report()
    frame = done(log, SplitSpec("random", 1), report=report)
    assert frame.filter(pl.col("user_id") == "b")["split"].to_list() == ["train"]
    assert report.counts["users with too little to split, wholly in train"] == 1
    assert (report.counts["in train"], report.counts["in test"]) == (3, 1)


def test_what_only_the_test_part_knows_is_said() -> None:
    log = pa.table(
        {"user": ["a", "a", "b"], "item": ["1", "2", "3"], "date": ["2020-01-01", "2020-01-02", "2020-01-03"]}
    )
    report = Report()
    split(log, by="global-time", cut="2020-01-03", report=report)
    assert report.warnings[1:] == [
        "not in train: 1 item of the test part, 1 of its 1 interactions",
        "not in train: 1 user of the test part, 1 of its 1 interactions",
    ]


def test_a_split_is_replaced_only_when_asked(log: pa.Table) -> None:
    before = split(log, by="random").read_all()
    with pytest.raises(UsageError, match="has a column 'split' already"):
        split(before)
    again = split(before, by="cold-user", replace=True).read_all()
    assert again.column_names == before.column_names


def test_the_parts_as_files(log: pa.Table, tmp_path: Path) -> None:
    table = split(log, by="random", test=0.2, validation=0.1, files=tmp_path / "new" / "parts").read_all()
    for part in ("train", "validation", "test"):
        rows = table.filter(pa.compute.equal(table["split"], part)).drop_columns("split")
        assert pq.read_table(tmp_path / "new" / "parts" / f"{part}.parquet").equals(rows)
    with pytest.raises(OutputError, match="from another split") as refused:
        split(log, by="random", files=tmp_path / "new" / "parts")
    assert str(refused.value.fix).startswith("rm ")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot make the folder"):
        split(log, by="random", files=tmp_path / "file")


def test_folds_as_files(log: pa.Table, tmp_path: Path) -> None:
    split(log, by="random", folds=3, files=tmp_path)
    sizes = [
        [pq.read_metadata(tmp_path / f"fold-{fold}" / f"{part}.parquet").num_rows for part in ("train", "test")]
        for fold in range(3)
    ]
    assert [sum(size) for size in sizes] == [log.num_rows] * 3
    assert sum(test for _, test in sizes) == log.num_rows


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ({"by": "lsat"}, "unknown way to split 'lsat'"),
        ({"test": 1.5}, "--test 1.5 is neither a share nor a count"),
        ({"test": -0.1}, "neither"),
        ({"test": 0}, "holds nothing back"),
        ({"test": float("nan")}, "neither"),
        ({"test": 0.6, "validation": 0.4}, "nothing to train on"),
        ({"folds": 5, "test": 0.2}, "--folds takes 2 or more"),
        ({"folds": 1}, "--folds takes 2 or more"),
        ({"folds": 5, "by": "time"}, "--folds"),
        ({"cut": "2020-01-01"}, "--cut is for --by global-time"),
        ({"by": "global-time", "cut": "2020-01-01", "validation": 0.1}, "--cut is for --by global-time"),
        ({"by": "cold-user", "group": "duplicate_of"}, "--group cannot be kept together by cold-user"),
    ],
)
def test_ways_that_contradict_themselves(way: dict, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        SplitSpec(**way)


@pytest.mark.parametrize(
    ("way", "said"),
    [
        (SplitSpec("global-time", cut="2030-01-01"), "nothing is left for test: the log goes from 2020-09-13"),
        (SplitSpec("global-time", cut="2019-01-01"), "nothing is left for train"),
        (SplitSpec("global-time", cut="yesterday"), "yesterday"),
        (SplitSpec("global-time", cut="2020-10-01,2020-10-02,2020-10-03"), "not one or two times"),
        (SplitSpec("random", 500), "nothing is left for test: users have too few interactions"),
        (SplitSpec("cold-item", 500), "nothing is left for train"),
        (SplitSpec("random", 0.5, 0.001), "nothing is left for validation"),
    ],
)
def test_parts_that_would_be_empty(log: pa.Table, way: SplitSpec, said: str) -> None:
    with pytest.raises((InputError, UsageError), match=said) as refused:
        split(log, **vars(way))
    assert refused.value.fix


def test_times_and_items_that_are_lacking(log: pa.Table) -> None:
    with pytest.raises(InputError, match="--by last needs a log with times"):
        split(log.drop_columns("timestamp"), by="last")
    with pytest.raises(UsageError, match="--group and --items go together"):
        split(log, group="duplicate_of")
    with pytest.raises(UsageError, match="both the log and the items"):
        split("-", group="duplicate_of", items="-")
