"""Times as logs write them."""

from datetime import UTC, date, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visrec_cli.errors import InputError
from visrec_cli.tables.times import TIME, read_times

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
        ([1, 2, 104], "numbers from 1 to 104"),
        ([SECONDS, SECONDS * 1000], "in no one unit"),
        ([True, False], "holds no times"),
        ([0.0, float("nan")], "numbers from 0 to 0"),
        ([1e30], "in no one unit"),
        (["a"], "the first is 'a'"),
    ],
)
def test_what_no_form_fits_is_refused(values: list, said: str) -> None:
    with pytest.raises(InputError, match=said) as refused:
        times(values)
    assert "log.csv: column 'when'" in str(refused.value)
    assert refused.value.fix
