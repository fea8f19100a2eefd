"""Small files that would become large: refused before they take memory. Honest ones, however well packed, are read."""

import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.tables.arrow_kinds import kinds
from visrec_cli.errors import InputError, UnpackedError, UsageError
from visrec_cli.runtime import decompression_limits
from visrec_cli.tables.plain_sizes import plain_size
from visrec_cli.tables.readers import as_bytes, open_table
from visrec_cli.tables.stream_frames import END_MARK
from visrec_cli.tables.types import plain_batch, plain_schema

LONG = "x" * (1 << 20)
MANY = 8192


@pytest.fixture(autouse=True)
def _on_a_small_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decompression_limits, "memory", lambda: 0)


def ipc(columns: dict[str, pa.Array], *, file: bool = False, compression: str | None = None) -> bytes:
    """A table of another tool, in one batch."""
    batch, raw = pa.record_batch(columns), io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with (pa.ipc.new_file if file else pa.ipc.new_stream)(raw, batch.schema, options=options) as writer:
        writer.write_batch(batch)
    return raw.getvalue()


def views() -> pa.Array:
    """Many times one long text, in 16 bytes each."""
    view = struct.pack("<i4sii", len(LONG), LONG[:4].encode(), 0, 0)
    return pa.Array.from_buffers(pa.string_view(), MANY, [None, pa.py_buffer(view * MANY), pa.py_buffer(LONG.encode())])


def claiming(size: int) -> bytes:
    """A stream of a compressed column that says of its one buffer that it unpacks to ``size`` bytes."""
    whole, said = ipc({"v": pa.array(np.zeros(4321))}, compression="zstd"), struct.pack("<q", 4321 * 8)
    assert whole.count(said) == 1
    return whole.replace(said, struct.pack("<q", size))


def overlapping() -> bytes:
    """A stream whose four columns are said to be the same bytes, and are there once."""
    size = 1 << 20
    whole = ipc({name: pa.array(np.zeros(size, np.int8)) for name in "abcd"})
    for number in range(1, 4):
        there = struct.pack("<4q", number * size, 0, number * size, size)
        assert whole.count(there) == 1
        whole = whole.replace(there, struct.pack("<4q", 0, 0, 0, size))
    assert whole.count(struct.pack("<q", 4 * size)) == 1, "the length of the body"
    return whole.replace(struct.pack("<q", 4 * size), struct.pack("<q", size))[: -3 * size - 8] + END_MARK


def runs() -> pa.Array:
    return pa.RunEndEncodedArray.from_arrays(pa.array([2**31 - 1], pa.int32()), pa.array([1.0]))


def dictionary(rows: int = MANY) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([LONG]))


def list_views() -> pa.Array:
    sizes = pa.array(np.full(MANY, 1 << 16, np.int32))
    return pa.ListViewArray.from_arrays(pa.array(np.zeros(MANY, np.int32)), sizes, pa.array(np.zeros(1 << 16)))


def in_a_struct(column: pa.Array) -> pa.Array:
    return pa.StructArray.from_arrays([column], names=["x"])


def in_lists(column: pa.Array) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array([0, len(column)], pa.int32()), column)


def in_maps(column: pa.Array) -> pa.Array:
    keys = pa.array(np.arange(len(column)))
    return pa.MapArray.from_arrays(pa.array([0, len(column)], pa.int32()), keys, column)


def in_a_union(column: pa.Array) -> pa.Array:
    """Many times the one value of ``column``."""
    codes, offsets = pa.array(np.zeros(MANY, np.int8)), pa.array(np.zeros(MANY, np.int32))
    return pa.UnionArray.from_dense(codes, offsets, [column])


BOMBS: dict[str, Callable[[], bytes]] = {
    "a claim of a terabyte": lambda: claiming(1 << 40),
    "a claim of all that there is": lambda: claiming(2**63 - 1),
    "nulls": lambda: ipc({"v": pa.Array.from_buffers(pa.null(), 2**31 - 1, [None])}),
    "runs": lambda: ipc({"v": runs()}),
    "runs in a file": lambda: ipc({"v": runs()}, file=True),
    "a dictionary": lambda: ipc({"v": dictionary()}),
    "a dictionary in a file": lambda: ipc({"v": dictionary()}, file=True),
    "views": lambda: ipc({"v": views()}),
    "list views": lambda: ipc({"v": list_views()}),
    "a struct of a dictionary": lambda: ipc({"v": in_a_struct(dictionary())}),
    "a list of a dictionary": lambda: ipc({"v": in_lists(dictionary())}),
    "a map of a dictionary": lambda: ipc({"v": in_maps(dictionary())}),
    "a list of views": lambda: ipc({"v": in_lists(views())}),
    "a list of list views": lambda: ipc({"v": in_lists(list_views())}),
    "a union": lambda: ipc({"v": in_a_union(pa.array([LONG]))}),
}


def saved(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return str(path)


def parquet(path: Path, columns: dict[str, pa.Array], **options: object) -> str:
    pq.write_table(pa.table(columns), path, store_schema=False, **options)
    return str(path)


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_file_that_would_become_large_is_refused(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path / "bomb", BOMBS[name]())
    before = pa.default_memory_pool().max_memory()
    with pytest.raises(UnpackedError, match=r"unpack to more than .* GB") as refused:
        for _ in open_table(path):
            pass
    assert refused.value.exit_code == 65
    assert "VISREC_MAX_UNPACKED=" in (refused.value.fix or "")
    assert pa.default_memory_pool().max_memory() <= max(before, 1 << 28), "and takes no memory"


@pytest.mark.parametrize(
    "columns",
    [
        {"v": in_a_struct(dictionary())},
        {"v": dictionary()},
        {"v": in_lists(dictionary())},
        {"v": in_maps(dictionary())},
    ],
    ids=["struct", "text", "list", "map"],
)
def test_one_long_text_of_parquet_that_stands_everywhere(tmp_path: Path, columns: dict[str, pa.Array]) -> None:
    path = parquet(tmp_path / "t.parquet", columns, dictionary_pagesize_limit=1 << 21, compression="none")
    assert Path(path).stat().st_size < 3 << 20
    before = pa.default_memory_pool().max_memory()
    with pytest.raises(UnpackedError, match="unpack to more than"):
        for _ in open_table(path):
            pass
    assert pa.default_memory_pool().max_memory() <= max(before, 1 << 30)


def test_a_list_of_parquet_that_has_more_values_than_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = parquet(tmp_path / "t.parquet", {"v": in_lists(pa.array(np.zeros(10_000_000)))})
    assert Path(path).stat().st_size < 1000
    monkeypatch.setenv("VISREC_MAX_UNPACKED", "0.1")
    with pytest.raises(UnpackedError):
        open_table(path).read_all()
    monkeypatch.setenv("VISREC_MAX_UNPACKED", "0.2")
    assert open_table(path).read_all().num_rows == 1


@pytest.mark.parametrize("form", ["stream", "file", "parquet", "constant parquet"])
def test_the_limit_on_what_is_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    """Ten megabytes of zeros, in some kB: by default they are read, and the variable says otherwise."""
    columns, path = {"v": pa.array(np.zeros(1_250_000))}, tmp_path / "t"
    if "parquet" in form:
        parquet(path, columns, use_dictionary=form != "parquet", compression="zstd")
    else:
        saved(path, ipc(columns, file=form == "file", compression="lz4"))
    assert path.stat().st_size < 50_000
    assert open_table(str(path)).read_all().column("v").to_pylist() == [0.0] * 1_250_000
    monkeypatch.setenv("VISREC_MAX_UNPACKED", "0.005")
    with pytest.raises(UnpackedError, match=r"unpack to more than 5\.0 MB"):
        open_table(str(path)).read_all()
    if "parquet" not in form:
        with pytest.raises(UnpackedError):
            as_bytes(path.read_bytes()).read_all() if form == "stream" else open_table(str(path)).read_all()
    monkeypatch.setenv("VISREC_MAX_UNPACKED", "0.02")
    assert open_table(str(path)).read_all().num_rows == 1_250_000
    monkeypatch.setenv("VISREC_MAX_UNPACKED", "a lot")
    with pytest.raises(UsageError, match="not a number of GB"):
        open_table(str(path)).read_all()


def test_a_damaged_footer_is_refused_and_ends_no_process(tmp_path: Path) -> None:
    """Every byte of the footer, changed: pyarrow ends the process where it is asked for a column of a damaged one."""
    whole = Path(parquet(tmp_path / "t.parquet", {"v": pa.array(["a"] * 8), "w": pa.array([[1, 2]] * 8)}))
    content = whole.read_bytes()
    start = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    refused = 0
    for at in range(start, len(content) - 8):
        changed = bytearray(content)
        changed[at] ^= 1 << at % 8
        path = saved(tmp_path / f"{at}.parquet", bytes(changed))
        try:
            open_table(path).read_all()
        except InputError:
            refused += 1
        Path(path).unlink()
    assert refused > 20


def test_the_first_rows_of_a_long_constant_column_are_shown_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = parquet(tmp_path / "t.parquet", {"v": pa.array(np.ones(1_000_000))})
    monkeypatch.setenv("VISREC_MAX_UNPACKED", "0.001")
    assert next(iter(open_table(path))).num_rows == MANY


def test_columns_that_are_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISREC_MAX_UNPACKED", "0.001")
    with pytest.raises(UnpackedError):
        as_bytes(overlapping()).read_all()
    monkeypatch.setenv("VISREC_MAX_UNPACKED", "0.01")
    assert as_bytes(overlapping()).read_all().num_rows == 1 << 20


@pytest.mark.parametrize("compression", [None, "zstd", "lz4"])
@pytest.mark.parametrize("file", [True, False])
def test_a_large_table_is_no_bomb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compression: str | None, file: bool
) -> None:
    """What is not packed counts nothing, however large; what is, fifty times its size."""
    monkeypatch.setattr(decompression_limits, "_LEAST", 1000)
    noise = np.random.default_rng(0).normal(size=200_000).round(3)
    columns = {"v": pa.array(noise), "flag": pa.array(noise > 0), "none": pa.nulls(len(noise))}
    path = saved(tmp_path / "t", ipc(columns, file=file, compression=compression))
    assert open_table(path).read_all().num_rows == 200_000
    if compression is None:
        monkeypatch.setenv("VISREC_MAX_UNPACKED", "0.000001")
        assert open_table(path).read_all().num_rows == 200_000


def test_maps_of_other_layouts_are_plain_maps() -> None:
    text = pa.array(["a", "b", None, "a"]).dictionary_encode()
    keys = pa.array(["k", "l", "m", "n"], pa.string_view())
    maps = pa.MapArray.from_arrays(pa.array([0, None, 1, 3, 4], pa.int32()), keys, text)
    batch = pa.record_batch({"m": pa.concat_arrays([maps, maps]).slice(1, 4)})
    plain = plain_batch(batch, plain_schema(batch.schema))
    assert plain.column(0).type == pa.map_(pa.string(), pa.string())
    assert plain.column(0).to_pylist() == [None, [("l", "b"), ("m", None)], [("n", "a")], [("k", "a")]]
    plain.validate(full=True)


@pytest.mark.parametrize("name", kinds())
def test_how_large_a_column_becomes_is_known_before(name: str) -> None:
    column = kinds()[name]
    for some in (column, column.slice(1), in_lists(column).slice(0, 1), in_a_struct(column).slice(1, 1)):
        batch = pa.record_batch({"v": some})
        size = plain_size(some)
        plain = plain_batch(batch, plain_schema(batch.schema)).column(0)
        assert abs(size - plain.nbytes) <= 64, "texts of some bytes, of which the size is one of JSON"
