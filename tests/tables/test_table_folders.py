"""Folders of parts and patterns are one table, by real processes; careless ones are refused with the part's name."""

import gzip
import json
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from PIL import Image

from visrec_cli.errors import InputError
from visrec_cli.stages.preprocess import preprocess
from visrec_cli.tables.readers import open_table
from visrec_cli.tables.table_folders import natural_order


def rows(start: int, n: int = 4) -> pa.Table:
    return pa.table({"user_id": [f"u{i % 3}" for i in range(start, start + n)], "item_id": range(start, start + n)})


@pytest.fixture
def spark(tmp_path: Path) -> Path:
    """Twelve parts, as Spark leaves them."""
    folder = tmp_path / "log"
    folder.mkdir()
    (folder / "_SUCCESS").touch()
    (folder / ".part-00000.crc").write_bytes(b"crc")
    for number in range(12):
        pq.write_table(rows(4 * number), folder / f"part-{number}-4f2c.snappy.parquet")
    return folder


def test_parts_of_spark_are_one_table_in_one_order(spark: Path, shell) -> None:
    for name in ("log", "log/", "'log/*.parquet'"):
        done = shell(f"visrec show {name} --format csv")
        assert done.returncode == 0, done.stderr
        assert [line.split(",")[1] for line in done.stdout.decode().split()[1:]] == [str(i) for i in range(48)]
    done = shell("visrec interactions log -o x.arrow")
    assert done.returncode == 0, done.stderr
    assert b"log: 12 files are read as one table" in done.stderr
    assert shell("visrec check log").returncode == 0


def test_folders_of_hive_are_columns(tmp_path: Path, shell) -> None:
    for day, shop in (("2026-01-01", "7"), ("2026-01-02", "12"), ("__HIVE_DEFAULT_PARTITION__", "3")):
        place = tmp_path / "log" / f"day={day}" / f"shop={shop}" / "sku=007"
        place.mkdir(parents=True)
        pq.write_table(pa.table({"user_id": ["a"]}), place / "data_0.parquet")
    for name in ("log", "log/day=*/shop=*/*/*.parquet"):
        table = open_table(str(tmp_path / name)).read_all()
        assert table.schema.field("shop").type == pa.int64()
        assert sorted(table.to_pylist(), key=lambda row: row["shop"]) == [
            {"user_id": "a", "day": None, "shop": 3, "sku": "007"},
            {"user_id": "a", "day": "2026-01-01", "shop": 7, "sku": "007"},
            {"user_id": "a", "day": "2026-01-02", "shop": 12, "sku": "007"},
        ]
    pq.write_table(pa.table({"user_id": ["a"]}), tmp_path / "log" / "stray.parquet")
    done = shell("visrec interactions log")
    assert (done.returncode, b"log/stray.parquet lies in no folder day=" in done.stderr) == (65, True)


def test_partitions_as_other_tools_write_them(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"user_id": ["a", "b", "c"], "day": ["2026-01-01", "2026-01-02", "2026-01-02"], "n": [1, 2, 3]}
    )
    folders = {name: str(tmp_path / name) for name in ("polars", "duckdb", "both", "csv", "pandas", "pyarrow")}
    frame.write_parquet(folders["polars"], partition_by=["day"])
    for name, form in (
        ("duckdb", "parquet"),
        ("both", "parquet, WRITE_PARTITION_COLUMNS true"),
        ("csv", "csv"),
    ):
        duckdb.sql(f"COPY (SELECT * FROM frame) TO '{folders[name]}' (FORMAT {form}, PARTITION_BY (day))")
    frame.to_pandas().to_parquet(folders["pandas"], partition_cols=["day"])
    arrow = {"format": "arrow", "partitioning": ["day"], "partitioning_flavor": "hive"}
    ds.write_dataset(frame.to_arrow(), folders["pyarrow"], **arrow)
    for name, folder in folders.items():
        table = open_table(folder).read_all()
        assert sorted(table.select(frame.columns).to_pylist(), key=str) == sorted(frame.to_dicts(), key=str), name


def test_texts_take_the_types_that_one_text_of_all_would_have(tmp_path: Path) -> None:
    folder = tmp_path / "t"
    folder.mkdir()
    for name, text in {
        "1": "item_id,code,n,note\n1,007,1,\n",
        "2": "item_id,code,n,note\n2,x,2.5,\n",
        "3": "item_id,code,n,note\n",
        "10": "item_id,code,n,note\n3,,,4\n",
    }.items():
        (folder / f"part-{name}.csv.gz").write_bytes(gzip.compress(text.encode()))
    assert open_table(folder).read_all().to_pylist() == [
        {"item_id": "1", "code": "007", "n": 1.0, "note": None},
        {"item_id": "2", "code": "x", "n": 2.5, "note": None},
        {"item_id": "3", "code": None, "n": None, "note": 4},
    ]


def test_a_data_set_that_hugging_face_saved(tmp_path: Path, shell) -> None:
    folder = tmp_path / "set" / "train"
    folder.mkdir(parents=True)
    for number in range(2):
        table = pa.table({"item_id": [f"{number}"], "title": ["x"]})
        name = folder / f"data-0000{number}-of-00002.arrow"
        with pa.OSFile(str(name), "wb") as raw, pa.ipc.new_stream(raw, table.schema) as writer:
            writer.write_table(table)
    (folder / "state.json").write_text(json.dumps({"_data_files": []}))
    (folder / "dataset_info.json").write_text("{}")
    assert shell("visrec show set/train --format csv").stdout == b"item_id,title\n0,x\n1,x\n"
    (tmp_path / "set" / "dataset_dict.json").write_text(json.dumps({"splits": ["train"]}))
    done = shell("visrec show set --format csv")
    assert (done.returncode, b"fix: name one: set/train" in done.stderr) == (65, True)
    (folder / "data-00000-of-00002.arrow").unlink()
    done = shell("visrec show set/train --format csv")
    assert (done.returncode, b"there are 1 of 2 parts (missing: 0)" in done.stderr) == (65, True)


@pytest.mark.parametrize("flat", [False, True])
def test_vectors_and_metadata_of_clip_retrieval(tmp_path: Path, flat: bool) -> None:
    vectors = np.random.default_rng(0).random((5, 3)).astype(np.float16)
    for name, start, end in (("0", 0, 3), ("1", 3, 5)):
        for kind, ending in (("img_emb", "npy"), ("text_emb", "npy"), ("metadata", "parquet")):
            place = tmp_path / "out" / ("" if flat else kind)
            place.mkdir(parents=True, exist_ok=True)
            file = place / f"{kind}_{name}.{ending}"
            if ending == "npy":
                np.save(file, vectors[start:end])
            else:
                pq.write_table(pa.table({"item_id": [f"{i}" for i in range(start, end)]}), file)
    table = open_table(tmp_path / "out").read_all()
    assert table.column_names == ["item_id", "image_embedding", "text_embedding"]
    assert table["item_id"].to_pylist() == ["0", "1", "2", "3", "4"]
    assert np.array_equal(np.array(table["image_embedding"].to_pylist(), np.float16), vectors)
    np.save(file.parent.parent / ("out" if flat else "img_emb") / "img_emb_1.npy", vectors[:1])
    with pytest.raises(InputError, match=r"img_emb_1.npy has 1 rows, and .*metadata_1.parquet has not as many"):
        open_table(tmp_path / "out").read_all()


def test_matrices_of_one_folder(tmp_path: Path) -> None:
    for number in range(2):
        np.save(tmp_path / f"emb_{number}.npy", np.full((2, 3), number, np.float32))
    table = open_table(tmp_path, row_ids=True).read_all()
    assert table["item_id"].to_pylist() == ["0", "1", "2", "3"]
    for number in range(2):
        (tmp_path / f"emb_{number}.ids.txt").write_text(f"a{number}\nb{number}\n")
    assert open_table(tmp_path).read_all()["item_id"].to_pylist() == ["a0", "b0", "a1", "b1"]


def test_a_data_set_of_lenskit_has_ids_for_its_numbers(tmp_path: Path, shell) -> None:
    folder = tmp_path / "ml"
    folder.mkdir()
    sides = {"entities": {"user": None, "item": None}, "interaction": True, "repeats": "forbidden"}
    document = {
        "version": "2025.3",
        "name": "ml",
        "default_interaction": "rating",
        "entities": {"user": {}, "item": {}},
    }
    (folder / "schema.json").write_text(json.dumps({**document, "relationships": {"rating": sides}}))
    (folder / "summary.md").write_text("# ml")
    pq.write_table(pa.table({"user_id": [10, 20]}), folder / "user.parquet")
    pq.write_table(pa.table({"item_id": [7, 8, 9], "title": ["a", "b", "c"]}), folder / "item.parquet")
    numbers = {"user_num": pa.array([0, 1], pa.int32()), "item_num": pa.array([2, 0], pa.int32()), "rating": [3.0, 4.0]}
    pq.write_table(pa.table(numbers), folder / "rating.parquet")
    done = shell("visrec interactions ml --format csv")
    assert done.stdout == b"user_id,item_id,weight\n10,9,3.0\n20,7,4.0\n", done.stderr
    done = shell("visrec train-cf ml --items ml --model popularity -o m.arrow")
    assert done.returncode == 0, done.stderr
    numbers["item_num"] = pa.array([2, 5], pa.int32())
    pq.write_table(pa.table(numbers), folder / "rating.parquet")
    done = shell("visrec interactions ml")
    assert (done.returncode, b"ml/rating.parquet: 'item_num' names a row" in done.stderr) == (65, True)


def test_atomic_files_of_recbole(tmp_path: Path, shell) -> None:
    folder = tmp_path / "ml"
    folder.mkdir()
    (folder / "ml.inter").write_text("user_id:token\titem_id:token\trating:float\n1\t07\t3\n2\t07\t4\n")
    (folder / "ml.item").write_text("item_id:token\tmovie_title:token_seq\n07\tToy Story\n")
    (folder / "ml.user").write_text("user_id:token\tage:token\n1\t24\n")
    assert shell("visrec interactions ml --format csv").stdout == b"user_id,item_id,weight\n1,07,3.0\n2,07,4.0\n"
    done = shell("visrec train-cf ml --items ml --model popularity -o m.arrow")
    assert done.returncode == 0, done.stderr
    assert b"ml: ml.inter is read, of 3 tables in the folder" in done.stderr
    assert b"ml: ml.item is read, of 3 tables in the folder" in done.stderr
    done = shell("visrec show ml")
    assert (done.returncode, b"holds tables of several kinds" in done.stderr) == (65, True)


def test_the_order_of_parts_is_that_of_their_numbers() -> None:
    names = ["part-02", "part-2", "part-10", "part-²", "10", "9/b", "9/a10", "9/a9", "é"]
    assert sorted({*names}, key=natural_order) == sorted(names, key=natural_order)
    assert sorted(names, key=natural_order)[:4] == ["9/a9", "9/a10", "9/b", "10"]
    assert sorted(names, key=natural_order)[4:7] == ["part-02", "part-2", "part-10"]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def test_a_careless_part_is_refused_by_name(spark: Path, shell) -> None:
    whole = {file: file.read_bytes() for file in spark.glob("part-*")}
    bad = spark / "part-10-4f2c.snappy.parquet"
    gone = {"user_id": ["a"]}
    for change, says in (
        (lambda: bad.write_bytes(b""), "part-10-4f2c.snappy.parquet is empty"),
        (lambda: cut(bad), "part-10-4f2c.snappy.parquet: the Parquet file is not whole"),
        (lambda: pq.write_table(pa.table(gone), bad), "part-10-4f2c.snappy.parquet lacks the column 'item_id', which"),
        (lambda: pq.write_table(rows(0).append_column("n", [[1] * 4]), bad), "has a column 'n', which log/part-0-"),
        (
            lambda: pq.write_table(pa.table({"user_id": ["a"], "item_id": ["b"]}), bad),
            "column 'item_id' is string, and in log/part-0-4f2c.snappy.parquet int64",
        ),
        (lambda: (spark / "more.csv").write_text("user_id,item_id\n"), "holds tables of several kinds"),
    ):
        change()
        done = shell("visrec interactions log -o x.arrow")
        assert (done.returncode, says in done.stderr.decode()) == (65, True), done.stderr
        assert not (spark.parent / "x.arrow").exists()
        bad.write_bytes(whole[bad])
        (spark / "more.csv").unlink(missing_ok=True)


def test_a_careless_text_is_refused_by_name(tmp_path: Path, shell) -> None:
    folder = tmp_path / "log"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.csv.gz").write_bytes(gzip.compress(b"user,item\nu,%d\n" % number))
    cut(folder / "1.csv.gz")
    done = shell("visrec interactions log -o x.arrow")
    assert (done.returncode, b"log/1.csv.gz: the compressed file was cut" in done.stderr) == (65, True)
    (folder / "1.csv.gz").write_bytes(gzip.compress(b"user,item\nu,1,2\n"))
    done = shell("visrec interactions log -o x.arrow")
    assert (done.returncode, b"log/1.csv.gz: line 2 has 3 fields" in done.stderr) == (65, True)
    done = shell("visrec interactions 'none/*.csv' -o x.arrow")
    assert (done.returncode, b"no file matches none/*.csv" in done.stderr) == (66, True)
    assert not (tmp_path / "x.arrow").exists()


def test_tables_of_tools_that_keep_a_log_are_refused(tmp_path: Path, shell) -> None:
    pq.write_table(rows(0), tmp_path / "part-0.parquet")
    np.save(tmp_path / "img_emb_0.npy", np.eye(4, dtype=np.float32))
    done = shell(f"visrec interactions {tmp_path}")  # vectors without their metadata are no shards of clip-retrieval
    assert (done.returncode, b"holds tables of several kinds: 1 .npy, 1 .parquet" in done.stderr) == (65, True)
    (tmp_path / "_delta_log").mkdir()
    done = shell(f"visrec interactions {tmp_path}")
    assert (done.returncode, b"is a Delta table" in done.stderr) == (65, True)


def test_a_folder_of_pictures_stays_one(tmp_path: Path, shell) -> None:
    folder = tmp_path / "imgs"
    folder.mkdir()
    Image.new("RGB", (9, 7)).save(folder / "a.png")
    (folder / "notes.csv").write_text("item_id\n1\n")
    assert preprocess(folder).read_all()["item_id"].to_pylist() == ["a"]
    assert shell("visrec show imgs --format csv").stdout == b"item_id,image_path\na,imgs/a.png\n"
    done = shell("visrec interactions imgs")
    assert (done.returncode, b"imgs holds pictures (a.png" in done.stderr) == (65, True)
    pq.write_table(rows(0), folder / "metadata.parquet")
    assert shell("visrec show imgs --format csv").returncode == 0
    pq.write_table(rows(0), folder / "part-0.parquet")
    done = shell("visrec preprocess imgs | visrec show - --format csv --columns item_id")  # as the advice has it
    assert (done.returncode, done.stdout) == (0, b"item_id\na\n"), done.stderr
    done = shell("visrec show imgs")
    assert (done.returncode, b"and tables (part-0.parquet" in done.stderr) == (65, True)


def test_a_folder_of_items_is_a_table_where_pictures_could_be(tmp_path: Path, shell) -> None:
    Image.new("RGB", (9, 7)).save(tmp_path / "a.png")
    (tmp_path / "items").mkdir()
    for number in range(2):
        (tmp_path / "items" / f"{number}.csv").write_text(f"item_id,image_path\n{number},../a.png\n")
    done = shell(
        "visrec preprocess items | visrec embed-images -e colour | visrec show - --format csv --columns item_id"
    )
    assert done.stdout == b"item_id\n0\n1\n", done.stderr
    done = shell(
        "visrec embed-images items -e colour -o x.arrow && visrec recommend x.arrow --item 0 --keep-duplicates -o y.csv"
    )
    assert done.returncode == 0, done.stderr
