"""One column of every kind that Arrow has, and that some library beside it has not."""

import decimal

import pyarrow as pa

DAY = 86_400


def _integers(values: list[int | None], kind: pa.DataType) -> pa.Array:
    return pa.array(values, pa.int64()).view(kind)


def _struct(names: list[str]) -> pa.Array:
    return pa.StructArray.from_arrays([pa.array([1, 2, 3]), pa.array([4, 5, 6])], names=names)


def kinds() -> dict[str, pa.Array]:
    """Arrays of three rows by name."""
    text = pa.array(["a", "b", "a"])
    return {
        "fixed offset": _integers([1_704_083_400, 0, None], pa.timestamp("s", "+05:30")),
        "unknown zone": _integers([1_704_083_400, 0, None], pa.timestamp("s", "Mars/Olympus")),
        "known zone": _integers([1_704_083_400, 0, None], pa.timestamp("s", "Europe/Berlin")),
        "far": _integers([10**13, -(10**13), None], pa.timestamp("s")),
        "far with a zone": _integers([2**62, 0, None], pa.timestamp("ms", "UTC")),
        "farthest": _integers([2**63 - 1, -(2**63) + 1, None], pa.timestamp("s")),
        "finer than microseconds": _integers([1, 2, None], pa.timestamp("ns", "UTC")),
        "time of day finer than microseconds": _integers([1, 2, None], pa.time64("ns")),
        "list of fine lengths": pa.ListArray.from_arrays([0, 1, 1, 3], _integers([1, 2, None], pa.duration("ns"))),
        "far day": pa.array([2**31 - 1, -(2**31), None], pa.int32()).view(pa.date32()),
        "far day in milliseconds": _integers([10**10 * DAY * 1000, 0, None], pa.date64()),
        "long time": _integers([2**62, -(2**62), None], pa.duration("s")),
        "interval": pa.array([(1, 2, 3), (0, 0, 0), None], pa.month_day_nano_interval()),
        "decimal of 76 digits": pa.array(
            [decimal.Decimal("1.50"), decimal.Decimal("9" * 60), None], pa.decimal256(76, 2)
        ),
        "decimal of tens": pa.array([decimal.Decimal("100"), None, None], pa.decimal128(5, -2)),
        "names twice": _struct(["a", "a"]),
        "names twice in a list": pa.ListArray.from_arrays([0, 1, 1, 3], _struct(["a", "a"])),
        "struct with a far time": pa.StructArray.from_arrays(
            [_integers([10**13, 0, None], pa.timestamp("s", "+01:00"))], names=["t"]
        ),
        "list of far times": pa.ListArray.from_arrays([0, 1, 1, 3], _integers([10**13, 0, None], pa.timestamp("s"))),
        "map": pa.array([[("a", 1)], [], None], pa.map_(pa.string(), pa.int64())),
        "map of far times": pa.array([[("a", 10**13)], None, []], pa.map_(pa.string(), pa.timestamp("s"))),
        "runs": pa.RunEndEncodedArray.from_arrays(pa.array([1, 3], pa.int32()), pa.array(["a", "b"])),
        "union": pa.UnionArray.from_sparse(pa.array([0, 1, 0], pa.int8()), [pa.array([1, 2, 3]), text]),
        "list view": pa.array([[1], None, [2, 3]], pa.list_view(pa.int64())),
        "dictionary": text.dictionary_encode(),
        "dictionary in a list": pa.ListArray.from_arrays([0, 1, 1, 3], text.dictionary_encode()),
        "dictionary in a struct": pa.StructArray.from_arrays([text.dictionary_encode()], names=["x"]),
        "dictionary of views": pa.DictionaryArray.from_arrays(
            pa.array([0, 1, 0]), pa.array(["a", "b"], pa.string_view())
        ),
        "nothing": pa.nulls(3),
        "unsigned": pa.array([2**64 - 1, 0, None], pa.uint64()),
        "half": pa.array([1.5, None, 2.0], pa.float16()),
        "bytes": pa.array([b"ab", b"\xff\xfe", None], pa.binary(2)),
        "uuid": pa.array([b"a" * 16, b"b" * 16, None], pa.uuid()),
        "bool of 8 bits": pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1, 0, None], pa.int8())),
        "JSON": pa.array(["{}", "[1]", None], pa.json_()),
        "tensor": pa.ExtensionArray.from_storage(
            pa.fixed_shape_tensor(pa.float32(), [2]), pa.array([[1.0, 2.0]] * 3, pa.list_(pa.float32(), 2))
        ),
        "empty struct": pa.array([{}, {}, {}], pa.struct([])),
        "list of empty structs": pa.array([[{}], None, []], pa.list_(pa.struct([]))),
        "list of intervals": pa.array([[(1, 2, 3)], None, []], pa.list_(pa.month_day_nano_interval())),
        "list of nothing": pa.Array.from_buffers(
            pa.list_(pa.float32(), 0), 3, [None], children=[pa.array([], pa.float32())]
        ),
    }
