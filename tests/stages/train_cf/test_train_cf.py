"""train-cf from end to end: logs, items, splits, search, resuming, and the mistakes people make."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tests.contracts.recommender_suite import planted
from visrec_cli.errors import InputError, OutputError, UsageError
from visrec_cli.options.logs import Cleaning
from visrec_cli.recommenders.serialization import from_table
from visrec_cli.runtime.report import Report
from visrec_cli.stages.train_cf import train_cf
from visrec_cli.tables.output import write_table
from visrec_cli.tables.vectors import column_of


def clicks(**columns: list[object]) -> pa.Table:
    """The planted log as a table, oldest first."""
    log, _, _ = planted()
    pairs = log.matrix.tocoo()
    assert log.times is not None
    table = pa.table(
        {
            "user_id": [log.users[row] for row in pairs.row],
            "item_id": [log.items[column] for column in pairs.col],
            "timestamp": pa.array(log.times, pa.timestamp("ms", "UTC")),
        }
    )
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values))
    return table


def shop() -> pa.Table:
    log, content, _ = planted()
    return pa.table(
        {
            "item_id": [*log.items, "never-clicked"],
            "title": [f"thing {item}" for item in log.items] + ["new thing"],
            "image": pa.array([b"picture"] * (len(log.items) + 1), pa.binary()),
            "embedding": column_of(np.vstack([content.vectors, content.vectors[:1]])),
        }
    )


def test_a_model_carries_the_items_columns_and_no_vectors_or_pictures() -> None:
    report = Report()
    table = train_cf(clicks(), items=shop(), seed=3, report=report).read_all()
    assert table.column_names == ["entity", "id", "factors", "history", "title"]
    model, about, _ = from_table(table)
    assert about["title"].to_pylist()[-1] == "new thing"
    assert not model.items.known[-1]
    assert report.counts["users"] == 60
    assert {"version", "seed", "metric", "validation", "epochs"} <= set(model.facts)


def test_pictures_that_lie_beside_the_items_are_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "a.png").write_bytes(b"a picture")
    items = clicks()["item_id"].unique().to_pylist()
    pl.DataFrame({"item_id": items, "image": ["a.png"] * len(items)}).write_csv(tmp_path / "shop" / "items.csv")
    monkeypatch.chdir(tmp_path)
    _, about, _ = from_table(train_cf(clicks(), model="popularity", items="shop/items.csv").read_all())
    assert set(about["image"].to_pylist()) == {"shop/a.png"}


def test_the_same_log_in_any_order_gives_the_same_bytes(tmp_path: Path) -> None:
    table = clicks()
    shuffled = table.take(np.random.default_rng(1).permutation(table.num_rows))
    for name, log in (("a", table), ("b", shuffled)):
        write_table(train_cf(log, seed=3), tmp_path / f"{name}.arrow")
    assert (tmp_path / "a.arrow").read_bytes() == (tmp_path / "b.arrow").read_bytes()


def test_a_search_says_its_trials_and_keeps_the_winner() -> None:
    report = Report()
    said: list[str] = []
    report.listener = said.append
    table = train_cf(clicks(), model="item-knn", settings={"shrinkage": "5"}, tune=4, seed=1, report=report).read_all()
    model, _, _ = from_table(table)
    assert sum(line.startswith("trial") for line in said) == 4
    assert "best of 4 trials (popularity:" in said[-1]
    assert model.settings["shrinkage"] == 5
    assert model.facts["trials"] == 4
    assert not any("shrinkage" in line for line in said)


def test_disliked_items_are_seen() -> None:
    table = clicks(rating=[5.0 if i % 3 else 1.0 for i in range(clicks().num_rows)])
    model, _, _ = from_table(train_cf(table, cleaning=Cleaning(min_weight=4)).read_all())
    assert (model.users.history.data == 0).sum() > 0
    assert set(np.unique(model.users.history.data)) == {0.0, 1.0}


def test_curves_as_a_table_and_as_a_picture(tmp_path: Path) -> None:
    files = [str(tmp_path / name) for name in ("c.csv", "c.svg", "c.png")]
    train_cf(clicks(), settings={"epochs": "8"}, log=files).read_all()
    curve = pl.read_csv(files[0])
    assert curve.columns == ["phase", "epoch", "loss", "ndcg@10"]
    assert set(curve["phase"]) == {"search", "refit"}
    assert curve.filter(pl.col("phase") == "search")["ndcg@10"].null_count() == 0
    picture = Path(files[1]).read_text()
    assert "validation" in picture
    assert "loss (training)" in picture
    assert Path(files[2]).read_bytes().startswith(b"\x89PNG")
    train_cf(clicks(), settings={"epochs": "8"}, log=[str(tmp_path / "again.svg")]).read_all()
    assert (tmp_path / "again.svg").read_bytes() == Path(files[1]).read_bytes()


def test_an_interrupted_training_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    """The checkpoint after a few epochs is what a killed process leaves; with and without the final refit."""
    keep = str(tmp_path / "run.npz")
    for fit_on in ("known", "train"):
        options = {"fit_on": fit_on, "patience": 50}
        write_table(train_cf(clicks(), settings={"epochs": "9"}, **options), tmp_path / "whole.arrow")
        train_cf(clicks(), settings={"epochs": "9"}, save_checkpoint=keep, **options).read_all()
        write_table(train_cf(clicks(), settings={"epochs": "9"}, resume=keep, **options), tmp_path / "resumed.arrow")
        assert (tmp_path / "whole.arrow").read_bytes() == (tmp_path / "resumed.arrow").read_bytes()


def test_a_model_of_the_order_goes_on_to_the_same_bytes_and_not_in_another_order(tmp_path: Path) -> None:
    keep = str(tmp_path / "run.npz")
    options = {"model": "gru", "settings": {"epochs": "4", "embedding_size": "8", "hidden_size": "8"}, "device": "cpu"}
    write_table(train_cf(clicks(), items=shop(), save_checkpoint=keep, **options), tmp_path / "whole.arrow")
    write_table(train_cf(clicks(), items=shop(), resume=keep, **options), tmp_path / "resumed.arrow")
    assert (tmp_path / "whole.arrow").read_bytes() == (tmp_path / "resumed.arrow").read_bytes()
    times = pc.subtract(pa.scalar(2**41), clicks()["timestamp"].cast(pa.int64())).cast(pa.timestamp("ms", "UTC"))
    turned = clicks().set_column(2, "timestamp", times)
    with pytest.raises(InputError, match="is from another training: data was"):
        train_cf(turned, items=shop(), resume=keep, **options)


@pytest.mark.parametrize("model", ["sasrec", "gru"])
def test_without_times_there_is_no_order(model: str) -> None:
    with pytest.raises(InputError, match=f"{model} learns from the order .* has no times") as caught:
        train_cf(clicks().drop_columns(["timestamp"]), model=model)
    assert "--time-column" in str(caught.value.fix)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "alss"}, "did you mean als"),
        ({"settings": {"regg": "1"}}, "unknown setting of als 'regg'"),
        ({"settings": {"epochs": "many"}}, "epochs=many is not a whole number"),
        ({"model": "vbpr"}, "vbpr needs item features, and there are none"),
        ({"metric": "ndgc@10"}, "unknown metric"),
        ({"validation": 1.5}, "not a share"),
        ({"fit_on": "trian"}, "did you mean train"),
        ({"log": ["curve.xyz"]}, "xyz"),
        ({"model": "item-knn", "save_checkpoint": "k.npz"}, "fitted in one step"),
        ({"tune": 3, "resume": "k.npz"}, "cannot be resumed"),
        ({"tune": 3, "validation": 0.0}, "validation data"),
        ({"items": "no-such-file.arrow"}, "does not exist"),
        ({"model": "content-knn", "items": pa.table({"item_id": ["i1"], "title": ["x"]})}, "no embedding column"),
    ],
)
def test_what_it_refuses(options: dict[str, object], message: str) -> None:
    with pytest.raises((UsageError, InputError, FileNotFoundError)) as caught:
        train_cf(clicks(), **options).read_all()
    assert message in f"{caught.value} {getattr(caught.value, 'fix', '')}"


@pytest.mark.parametrize(
    "options", [{"log": ["gone/curves.svg"]}, {"save_checkpoint": "gone/run.npz"}, {"log": ["folder.csv"]}]
)
def test_files_that_cannot_be_written_are_said_before_training(
    options: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.csv").mkdir()
    report = Report()
    with pytest.raises(OutputError, match="cannot write"):
        train_cf(clicks(), report=report, **options)  # type: ignore[arg-type]
    assert not report.counts  # nothing was read
    assert not list(tmp_path.glob("*.part"))


def test_a_pipe_from_clicks_to_recommendations(shell: Callable[..., object], tmp_path: Path) -> None:
    write_table(clicks().to_reader(), tmp_path / "clicks.csv")
    write_table(shop().to_reader(), tmp_path / "items.arrow")
    done = shell(
        "visrec train-cf clicks.csv --items items.arrow | visrec recommend - --all-users -k 3 --format csv > recs.csv"
    )
    assert done.returncode == 0, done.stderr.decode()  # type: ignore[attr-defined]
    recommended = pl.read_csv(tmp_path / "recs.csv")
    assert recommended.height == 60 * 3
    assert recommended["title"].null_count() == 0
