"""A stream that was cut, glued or changed is never taken for a whole one."""

import io

import polars as pl
import pyarrow as pa
import pytest

from tests.tables.tables import embedded, stream_bytes
from visrec_cli.errors import InputError, TruncatedStreamError
from visrec_cli.tables.stream_frames import POISON, HashingSource
from visrec_cli.tables.streams import read_stream


def read(data: bytes) -> pa.Table:
    return read_stream(HashingSource(io.BytesIO(data)), "stdin").read_all()


def foreign(table: pa.Table) -> bytes:
    raw = io.BytesIO()
    with pa.ipc.new_stream(raw, table.schema) as writer:
        writer.write_table(table)
    return raw.getvalue()


def test_a_whole_stream_comes_back() -> None:
    table = embedded(7, nulls=(2,))
    assert read(stream_bytes(table)).equals(table)


def test_other_readers_pass_over_the_trailer() -> None:
    table = embedded(7)
    data = stream_bytes(table)
    assert pa.ipc.open_stream(data).read_all().num_rows == 7
    assert pl.read_ipc_stream(data).height == 7
    assert pl.read_ipc(stream_bytes(table, "arrow")).height == 7


@pytest.mark.parametrize("rows", [0, 3])
def test_every_cut_is_refused(rows: int) -> None:
    data = stream_bytes(embedded(rows))
    for end in range(8, len(data)):
        with pytest.raises(TruncatedStreamError):
            read(data[:end])


def test_every_cut_of_another_tool_s_stream_is_refused() -> None:
    data = foreign(embedded(3))
    assert read(data).num_rows == 3
    for end in range(8, len(data)):
        with pytest.raises(TruncatedStreamError):
            read(data[:end])


def test_a_crashed_writer_that_pyarrow_ended_politely_is_refused() -> None:
    """``with new_stream`` writes the end mark even when its block raises."""
    whole = stream_bytes(embedded(3))
    schema = pa.ipc.open_stream(whole).schema
    raw = io.BytesIO()
    with pytest.raises(KeyError), pa.ipc.new_stream(raw, schema):
        raise KeyError
    with pytest.raises(TruncatedStreamError, match="but not its trailer"):
        read(raw.getvalue())


def test_a_poisoned_stream_is_refused_by_everybody() -> None:
    data = stream_bytes(embedded(3))
    poisoned = data[: len(data) - 8] + POISON
    with pytest.raises(TruncatedStreamError):
        read(poisoned)
    with pytest.raises((pa.ArrowInvalid, OSError)):
        pa.ipc.open_stream(poisoned).read_all()


def test_a_second_stream_glued_on_is_refused() -> None:
    data = stream_bytes(embedded(3))
    with pytest.raises(TruncatedStreamError, match="more bytes follow"):
        read(data + data)


def test_a_flipped_bit_in_a_vector_is_caught_by_the_checksum() -> None:
    table = embedded(50)
    data = bytearray(stream_bytes(table))
    vectors = table.column("image_embedding").chunk(0).flatten().to_numpy().tobytes()
    at = bytes(data).index(vectors)
    for offset in (0, 1, len(vectors) // 2, len(vectors) - 2):
        changed = bytearray(data)
        changed[at + offset] ^= 1
        with pytest.raises(TruncatedStreamError, match="checksum differs"):
            read(bytes(changed))


def test_damaged_offsets_are_an_input_error_and_no_crash() -> None:
    table = pa.table({"item_id": ["aa", "bb", "cc"]})
    data = bytearray(foreign(table))
    at = bytes(data).index(b"\x00\x00\x00\x00\x02\x00\x00\x00\x04\x00\x00\x00\x06\x00\x00\x00")
    data[at + 7] = 0x7F
    with pytest.raises(InputError):
        read(bytes(data))


def test_string_views_and_dictionaries_become_plain() -> None:
    frame = pl.DataFrame(
        {"item_id": ["a", "b", "a"], "c": ["x", "y", "x"]}, schema={"item_id": pl.String, "c": pl.Categorical}
    )
    raw = io.BytesIO()
    frame.write_ipc_stream(raw)
    got = read(raw.getvalue())
    assert got.schema.types == [pa.string(), pa.string()]
    assert got.column("c").to_pylist() == ["x", "y", "x"]


def test_short_reads_of_a_pipe_are_not_an_end() -> None:
    class Dribble(io.BytesIO):
        def read(self, n: int | None = -1) -> bytes:
            return super().read(min(3, n) if n and n > 0 else n)

    table = embedded(4)
    assert read_stream(HashingSource(Dribble(stream_bytes(table))), "stdin").read_all().equals(table)
