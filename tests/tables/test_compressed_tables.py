"""Compressed tables, and tables in archives as they are downloaded, by real processes: read, or refused by name."""

import bz2
import gzip
import lzma
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ROWS = [
    (user, 10 + (user * 7 + item) % 12, 1 + (user + item) % 5, 978300000 + item)
    for user in range(9)
    for item in range(5)
]
CSV = ("userId,movieId,rating,timestamp\n" + "".join(f"{u},{i},{w},{t}\n" for u, i, w, t in ROWS)).encode()


def arrow(kind: str) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, kind) as packed:
        packed.write(CSV)
    return sink.getvalue().to_pybytes()


PACKED = {
    "log.csv.gz": gzip.compress(CSV),
    "log.csv.zst": arrow("zstd"),
    "log.csv.bz2": bz2.compress(CSV),
    "log.csv.lz4": arrow("lz4"),
    "log.csv.xz": lzma.compress(CSV),
    "parts-of-one.csv.gz": gzip.compress(CSV[:100]) + gzip.compress(CSV[100:]),
}


@pytest.fixture
def plain(tmp_path: Path, shell) -> bytes:
    (tmp_path / "log.csv").write_bytes(CSV)
    done = shell("visrec interactions log.csv --format csv")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", PACKED)
def test_a_compressed_table_is_read_by_its_first_bytes(tmp_path: Path, shell, plain: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(PACKED[name])
    for line in (name, f"- < {name}", f"<(cat {name})"):
        done = shell(f"visrec interactions {line} --format csv")
        assert (done.returncode, done.stdout) == (0, plain), done.stderr


@pytest.mark.parametrize("name", PACKED)
def test_a_compressed_table_that_was_cut_is_refused(tmp_path: Path, shell, name: str) -> None:
    (tmp_path / "cut").write_bytes(PACKED[name][:-3])
    done = shell("visrec interactions cut -o x.arrow")
    assert done.returncode == 65
    assert b"error: cut: the compressed file was cut" in done.stderr
    assert not (tmp_path / "x.arrow").exists()


def test_a_compressed_table_that_is_damaged_is_refused(tmp_path: Path, shell) -> None:
    packed = bytearray(PACKED["log.csv.gz"])
    packed[len(packed) // 2] ^= 255
    (tmp_path / "log.csv.gz").write_bytes(packed)
    done = shell("visrec interactions log.csv.gz")
    assert done.returncode == 65
    assert b"log.csv.gz: the compressed file is damaged" in done.stderr


def test_a_small_file_that_becomes_a_large_one_is_refused(tmp_path: Path, shell) -> None:
    (tmp_path / "bomb.csv.gz").write_bytes(gzip.compress(b"item_id,title\n" + b"1,aaaaaaaaaaaaaaaa\n" * 400_000))
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("bomb.csv", b"item_id,title\n" + b"1,aaaaaaaaaaaaaaaa\n" * 400_000)
    for name in ("bomb.csv.gz", "bomb.zip"):
        done = shell(f"VISREC_MAX_UNPACKED=.001 visrec show {name}")
        assert done.returncode == 65
        assert b"unpack to more than" in done.stderr
        assert b"VISREC_MAX_UNPACKED" in done.stderr


def test_whatever_is_compressed_is_a_table_as_before(tmp_path: Path, shell) -> None:
    table = pa.table({"item_id": ["007", "8"]})
    pq.write_table(table, tmp_path / "t.parquet")
    with pa.OSFile(str(tmp_path / "t.arrow"), "wb") as raw, pa.ipc.new_file(raw, table.schema) as writer:
        writer.write_table(table)
    for name in ("t.parquet", "t.arrow"):
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress((tmp_path / name).read_bytes()))
        assert shell(f"visrec show {name}.gz --format csv").stdout == b"item_id\n007\n8\n"
    (tmp_path / "ids.txt.gz").write_bytes(gzip.compress(b"8\n"))
    (tmp_path / "empty.csv.gz").write_bytes(gzip.compress(b""))
    done = shell("visrec show empty.csv.gz")
    assert (done.returncode, b"empty.csv.gz is empty" in done.stderr) == (65, True)


def packed(path: Path, **files: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def without_header(delimiter: str) -> bytes:
    return "".join(delimiter.join(map(str, row)) + "\n" for row in ROWS).encode()


MOVIES = b"movieId,title,genres\n" + b"".join(b"%d,Film %d,Drama|Crime\n" % (n, n) for n in range(10, 22))
MOVIELENS = {
    "ml-latest-small.zip": {
        "ml-latest-small/": b"",
        "ml-latest-small/links.csv": b"movieId,imdbId\n10,1\n",
        "ml-latest-small/tags.csv": b"userId,movieId,tag,timestamp\n",
        "ml-latest-small/ratings.csv": CSV,
        "ml-latest-small/README.txt": b"Summary",
        "ml-latest-small/movies.csv": MOVIES,
    },
    "ml-1m.zip": {
        "ml-1m/movies.dat": "10::Les Misérables::Drama\n".encode("latin-1"),
        "ml-1m/ratings.dat": without_header("::"),
        "ml-1m/README": b"SUMMARY",
        "ml-1m/users.dat": b"1::F::1::10::48067\n",
    },
    "ml-100k.zip": {
        "ml-100k/u.data": without_header("\t"),
        "ml-100k/u.item": b"10|Toy Story|01-Jan-1995\n",
        "ml-100k/u1.base": without_header("\t"),
        "ml-100k/README": b"SUMMARY",
    },
}


@pytest.mark.parametrize("name", MOVIELENS)
def test_the_log_in_movielens_as_downloaded(tmp_path: Path, shell, plain: bytes, name: str) -> None:
    packed(tmp_path / name, **MOVIELENS[name])
    log = next(one for one in MOVIELENS[name] if "ratings" in one or "u.data" in one)
    for line, said in (
        (name, f"{name}: {log} is read"),
        (f"- < {name}", f"stdin: {log} is read"),
        (f"{name}::{log}", ""),
    ):
        done = shell(f"visrec interactions {line} --format csv")
        assert (done.returncode, done.stdout) == (0, plain), done.stderr
        assert said in done.stderr.decode()


def test_log_and_items_of_one_archive(tmp_path: Path, shell) -> None:
    packed(tmp_path / "ml-latest-small.zip", **MOVIELENS["ml-latest-small.zip"])
    done = shell("visrec train-cf ml-latest-small.zip --items ml-latest-small.zip --model popularity -o m.arrow")
    assert done.returncode == 0, done.stderr
    assert b"ml-latest-small/movies.csv is read" in done.stderr
    assert "title" in pa.ipc.open_file(tmp_path / "m.arrow").schema.names


def test_several_tables_are_refused_with_the_one_that_could_be_meant(tmp_path: Path, shell) -> None:
    packed(tmp_path / "ml-1m.zip", **MOVIELENS["ml-1m.zip"])
    done = shell("visrec show ml-1m.zip")
    assert done.returncode == 65
    assert b"ml-1m.zip is an archive (zip of 4 files)" in done.stderr
    assert b"name one, as ml-1m.zip::ml-1m/ratings.dat; the others are ml-1m/" in done.stderr
    done = shell("visrec show ml-1m.zip::ml-1m/rating.dat")
    assert done.returncode == 66
    assert b"ml-1m.zip holds no file 'ml-1m/rating.dat'" in done.stderr
    assert b"did you mean ml-1m/ratings.dat" in done.stderr
    done = shell("visrec show none.zip::a.csv")
    assert (done.returncode, b"none.zip does not exist" in done.stderr) == (66, True)


def test_a_log_without_header_is_taken_as_one_by_name_and_form_alone(tmp_path: Path, shell, plain: bytes) -> None:
    (tmp_path / "u.data").write_bytes(without_header("\t"))
    done = shell("visrec interactions u.data --format csv")
    assert (done.returncode, done.stdout) == (0, plain), done.stderr
    (tmp_path / "ratings.dat").write_bytes(CSV)  # with a header: no row is taken for one, and none is lost
    assert shell("visrec interactions ratings.dat --format csv").stdout == plain
    (tmp_path / "other.data").write_bytes(without_header("\t"))
    assert shell("visrec interactions other.data").returncode == 65
