"""Columns that were a bug of ours, through every verb that takes a table: read, or refused in plain words, never 70."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from visrec_cli.app import run

TIME = pa.array([1_704_083_400, 10**13, None, 0], pa.int64()).view(pa.timestamp("s", "+05:30"))
ODD = {
    "names twice": (["title", "title"], [pa.array(["p", "q", "r", "s"]), pa.array([1, 2, 3, 4])]),
    "ids twice": (["item_id"], [pa.array(["w", "x", "y", "z"])]),
    "users twice": (["user_id"], [pa.array(["w", "x", "y", "z"])]),
    "weights twice": (["rating", "rating"], [pa.array([1.0, 2.0, 3.0, 4.0]), pa.array([5, 5, 5, 5])]),
    "a far time": (["seen"], [TIME]),
    "large numbers": (["hash"], [pa.array([2**64 - 1, 1, 2, 3], pa.uint64())]),
}
LINES = {
    "show": ["show", "t.parquet"],
    "show as CSV": ["show", "t.parquet", "-o", "o.csv"],
    "show as NDJSON": ["show", "t.parquet", "-o", "o.ndjson"],
    "gallery": ["show", "t.parquet", "--html", "o.html"],
    "check": ["check", "t.parquet"],
    "interactions": ["interactions", "t.parquet", "-o", "o.csv"],
    "split": ["split", "t.parquet", "-o", "o.arrow"],
    "train-cf": ["train-cf", "t.parquet", "--model", "popularity", "-o", "o.arrow"],
    "profile": ["profile", "t.parquet", "--all-users", "-o", "o.arrow"],
    "fuse": ["fuse", "t.parquet", "-o", "o.arrow"],
    "recommend": ["recommend", "t.parquet", "--item", "a", "-o", "o.arrow"],
    "eval": ["eval", "t.parquet", "--truth", "t.parquet", "--resamples", "0", "-o", "o.csv"],
    "preprocess": ["preprocess", "t.parquet", "-o", "o.arrow"],
}


@pytest.mark.parametrize("kind", ODD)
def test_no_verb_calls_it_a_bug(tmp_path: Path, kind: str, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    names, arrays = ODD[kind]
    plain = {"user_id": ["u1", "u1", "u2", "u2"], "item_id": ["a", "b", "a", "c"]}
    vectors = pa.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.5, 1.0]], pa.list_(pa.float32(), 2))
    columns = [*map(pa.array, plain.values()), vectors, *arrays]
    pq.write_table(pa.Table.from_arrays(columns, names=[*plain, "embedding", *names]), "t.parquet")
    for verb, line in LINES.items():
        code = run(line)
        said = capsys.readouterr().err
        assert code in (0, 2, 65), f"{verb}: {said}"
        assert "a bug in visrec" not in said, verb
        if code == 0 and kind.endswith("twice") and verb in ("show", "interactions", "split", "train-cf"):
            assert "the first is taken" in said, verb


def test_ids_beyond_64_bits_are_the_ids_they_are(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    large = 14933243513335727983
    Path("log.ndjson").write_text("".join(f'{{"user_id": {large + i}, "item_id": {i}}}\n' for i in (0, 1)))
    Path("log.csv").write_text("".join(["user_id,item_id\n", *(f"{large + i},{i}\n" for i in (0, 1))]))
    for name in ("log.ndjson", "log.csv"):
        assert run(["interactions", name, "-o", "o.csv"]) == 0, capsys.readouterr().err
        assert [line.split(",")[0] for line in Path("o.csv").read_text().splitlines()[1:]] == [
            str(large),
            str(large + 1),
        ]
