"""Tables whose bytes changed: by the readers of every binary format, and with a trailer that says something else.

What changed unnoticed is another matter (tests/tables/test_checksums.py); here it is only that nobody falls over it.
"""

import io
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import visrec_cli as visrec
from tests.robustness.mutations import changed_bytes, changed_document, rng, rounds
from tests.robustness.outcomes import survey
from tests.tables.tables import SPACE, embedded, first_release_bytes, stream_bytes
from visrec_cli.stages.check import check

LABELS = pa.list_(pa.struct([("label", pa.string()), ("score", pa.float32())]))


def table() -> pa.Table:
    whole = embedded(12, nulls=(3,))
    whole = whole.append_column("labels", pa.array([[{"label": "a", "score": 0.5}], [], None] * 4, LABELS))
    return whole.append_column("day", pa.array([1_600_000_000_000] * 12, pa.timestamp("ms", "UTC")))


def foreign(format: str, compression: str | None = None) -> bytes:
    """The table as other tools write it: without any checksum, with dictionaries and large types; where it is
    compressed, with the layouts that say one value many times, too."""
    whole, raw = table(), io.BytesIO()
    whole = whole.append_column("brand", pa.array(["x", "y", None] * 4).dictionary_encode())
    whole = whole.append_column("words", pa.array(["é", "b", "c"] * 4, pa.large_string()))
    if compression is not None and format != "parquet":
        whole = whole.append_column("views", pa.array(["a long text of many letters", None, "c"] * 4, pa.string_view()))
        whole = whole.append_column("list views", pa.array([[1], None, [2, 3]] * 4, pa.list_view(pa.int32())))
        runs = pa.RunEndEncodedArray.from_arrays(pa.array([5, 12], pa.int32()), pa.array(["a", "b"]))
        whole = whole.append_column("runs", runs)
    if format == "parquet":
        pq.write_table(whole, raw, compression=compression or "snappy")
    else:
        options = pa.ipc.IpcWriteOptions(compression=compression)
        new = pa.ipc.new_file if format == "arrow" else pa.ipc.new_stream
        with new(raw, whole.schema, options=options) as writer:
            writer.write_table(whole)
    return raw.getvalue()


BYTES = {
    "arrow": lambda: stream_bytes(table(), "arrow"),
    "stream": lambda: stream_bytes(table()),
    "parquet": lambda: stream_bytes(table(), "parquet"),
    "first-release arrow": lambda: first_release_bytes(table(), file=True),
    "first-release stream": lambda: first_release_bytes(table(), file=False),
    **{f"foreign {format}": partial(foreign, format) for format in ("arrow", "stream", "parquet")},
    **{f"compressed {format}": partial(foreign, format, "zstd") for format in ("arrow", "stream", "parquet")},
}


@pytest.mark.parametrize("name", BYTES)
def test_bytes_that_changed(tmp_path: Path, name: str) -> None:
    """Read whole, checked, searched and fused."""
    whole, path = BYTES[name](), tmp_path / "t"

    def use(content: bytes, number: int) -> None:
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        if number % 4 < 2:
            check(str(path))
        elif number % 4 == 2:
            visrec.recommend(str(path), items=["1"], k=2).read_all()
        else:
            visrec.fuse(str(path)).read_all()

    cases = [(number, changed_bytes(whole, rng(name, number))) for number in rounds(len(BYTES))]
    survey(((f"round {number}", partial(use, content, number)) for number, content in cases))


@pytest.mark.parametrize("part", ["t.npy", "t.ids.txt", "t.space.json", "t.sha256"])
@pytest.mark.parametrize("listed", [True, False])
def test_parts_of_a_matrix_that_changed(tmp_path: Path, part: str, listed: bool) -> None:
    visrec.write_table(embedded(12), tmp_path / "t.npy")
    if not listed:
        (tmp_path / "t.sha256").unlink()
        if part == "t.sha256":
            return
    path = tmp_path / part
    whole = path.read_bytes()

    def versions() -> Iterator[tuple[str, bytes]]:
        for number in rounds(7):
            chance = rng(part, number)
            if part == "t.space.json" and number % 2:
                text = changed_document(json.loads(SPACE.to_json()), chance)
                yield f"document, round {number}", text.encode("utf-8", "surrogatepass")
            elif part == "t.npy" and number % 2:
                yield f"header, round {number}", changed_bytes(whole[:128], chance) + whole[128:]
            else:
                yield f"bytes, round {number}", changed_bytes(whole, chance)

    def use(content: bytes) -> None:
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        check(str(tmp_path / "t.npy"))

    survey(((what, partial(use, content)) for what, content in versions()), refused=0.1)


def test_a_trailer_that_says_something_else(tmp_path: Path) -> None:
    whole = table()
    schema = whole.schema.with_metadata({b"visrec.stream": b"2"})
    said = {"bytes": 100, "rows": 12, "sha256": "0" * 64, "trailer": "0" * 64}

    def use(text: str) -> None:
        raw = io.BytesIO()
        with pa.ipc.new_stream(raw, schema) as writer:
            writer.write_table(whole.replace_schema_metadata(schema.metadata))
            end = {b"visrec.end": text.encode("utf-8", "surrogatepass")}
            writer.write_batch(pa.RecordBatch.from_pylist([], schema=schema), custom_metadata=end)
        (tmp_path / "t.arrows").write_bytes(raw.getvalue())
        check(str(tmp_path / "t.arrows"))

    cases = ((number, changed_document(said, rng("trailer", number))) for number in rounds(len(BYTES)))
    survey(((f"round {number}", partial(use, text)) for number, text in cases), refused=1)
