"""Times as logs write them."""

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visrec_cli.errors import InputError
from visrec_cli.tables.time import POSITIONS, TIME, are_positions, read_times

MOMENT = datetime(2020, 9, 20, 16, 30, 5, tzinfo=UTC)
SECONDS = 1_600_619_405


def times(values: list, kind: pa.DataType | None = None) -> list:
    read = read_times(pa.chunked_array([pa.array(values, kind)]), name="when", where="log.csv")
    assert read.type == TIME
    return read.to_pylist()


@pytest.mark.parametrize(
    "value",
    [
        SECONDS, float(SECONDS), SECONDS * 10**3, SECONDS * 10**6, SECONDS * 10**9, str(SECONDS), f"{SECONDS}000",
        "2020-09-20T16:30:05", "2020-09-20 16:30:05", "2020-09-20T16:30:05Z", "2020-09-20 16:30:05 UTC",
        "2020-09-20T18:30:05+02:00", "2020-09-20T18:30:05+0200", "2020-09-20T11:00:05-05:30", "2020-09-20T18:30:05+02",
        "2020-09-20T16:30:05.000000001", "2020/09/20 16:30:05", MOMENT, MOMENT.replace(tzinfo=None),
        MOMENT.astimezone(timezone(timedelta(hours=9))),
    ],
)  # fmt: skip
def test_one_moment_in_many_forms(value) -> None:
    assert times([value, None]) == [MOMENT, None]


def test_fractions_of_a_second() -> None:
    expected = MOMENT + timedelta(milliseconds=250)
    assert times(["2020-09-20T16:30:05.25Z"]) == times([SECONDS + 0.25]) == [expected]


@pytest.mark.parametrize("value", ["2020-09-20", 20200920, "20200920", date(2020, 9, 20)])
def test_a_day_is_its_first_moment_in_utc(value) -> None:
    assert times([value]) == [datetime(2020, 9, 20, tzinfo=UTC)]


@given(st.integers(100_000_001, 4_102_444_799), st.sampled_from([1, 10**3, 10**6, 10**9]))
def test_the_size_of_a_number_says_its_unit(seconds: int, unit: int) -> None:
    if 19_700_101 <= seconds * unit <= 21_001_231:
        return
    assert times([seconds * unit])[0].timestamp() == seconds


def test_what_cannot_be_read_is_null() -> None:
    assert times(["2020-09-20", "yesterday", "2020-13-45", "1820-01-01", "2200-01-01", ""]) == [
        datetime(2020, 9, 20, tzinfo=UTC), *[None] * 5
    ]  # fmt: skip


def test_a_few_numbers_that_are_no_times_do_not_spoil_the_rest() -> None:
    read = times([float(SECONDS)] * 297 + [float("nan"), 0.0, 1e15])
    assert read == [MOMENT] * 297 + [None] * 3


def test_nulls_alone_are_no_times_and_no_mistake() -> None:
    assert times([None, None], pa.int64()) == [None, None]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["05/06/2020", "06/06/2020"], "no times between 1970 and 2100"),
        ([1, 2.5, 104], "numbers from 1 to 104"),
        ([-1, 2, 104], "numbers from -1 to 104"),
        ([0, 0, 0], "is 0 in every row: neither times nor an order"),
        ([0] * 5 + [SECONDS] * 5, "in no one unit"),
        ([SECONDS, SECONDS * 1000], "in no one unit"),
        ([True, False], "holds no times"),
        ([1e30], "in no one unit"),
        (["a"], "the first is 'a'"),
    ],
)
def test_what_no_form_fits_is_refused(values: list, said: str) -> None:
    with pytest.raises(InputError, match=said) as refused:
        times(values)
    assert "log.csv: column 'when'" in str(refused.value)
    assert refused.value.fix


@pytest.mark.parametrize(
    "values", [[0, 1, 2], [2.0, 0.0, 1.0], ["2", "0", "1"], [7], [1995, 2003, None], [99_999_999, 0]]
)
def test_whole_numbers_that_are_no_times_are_positions(values: list) -> None:
    read = read_times(pa.chunked_array([pa.array(values)]), name="when", where="log.csv")
    assert are_positions(read)
    assert read.cast(pa.int64()).to_pylist() == [None if value is None else int(float(value)) for value in values]


@given(st.lists(st.integers(0, POSITIONS - 1), min_size=2, unique=True))
def test_positions_are_known_again_as_a_table_and_as_text(positions: list[int]) -> None:
    if all(19_700_101 <= position <= 21_001_231 for position in positions):
        return  # days
    column = pa.chunked_array([pa.array(positions)])
    read = read_times(column, name="when", where="log.csv")
    again = read_times(read, name="timestamp", where="log.arrow")
    text = pa.chunked_array([pa.array([str(moment) for moment in read.cast(pa.timestamp("ms")).to_pylist()])])
    as_text = read_times(text, name="timestamp", where="log.csv")
    for known in (read, again, as_text, read.cast(pa.int64()).to_numpy()):
        assert are_positions(known)
    assert again.equals(read)
    assert as_text.equals(read)


def test_times_are_no_positions() -> None:
    for value in (SECONDS, "2020-09-20", 20200920, MOMENT):
        assert not are_positions(read_times(pa.chunked_array([pa.array([value])]), name="when", where="log.csv"))
    assert not are_positions(None)
    assert not are_positions(np.empty(0, np.int64))
    assert not are_positions(pa.chunked_array([pa.nulls(2, TIME)]))
