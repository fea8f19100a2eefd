"""What recommendations say of the models behind them: through files and pipes, and nothing where it was lost."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visrec_cli.tables.output import write_table
from visrec_cli.tables.provenance import Fit, fits_of, with_fits
from visrec_cli.tables.readers import open_table
from visrec_cli.tables.recommendations import open_recommendations

FITS = {"als": Fit("known", 80_000, 8_000), "item-knn": Fit("train", 72_000, 8_000), "private": Fit("known")}


def recommended(fits: dict[str, Fit]) -> pa.Table:
    fields = [pa.field("user_id", pa.string()), pa.field("item_id", pa.string()), pa.field("rank", pa.int32())]
    schema = pa.schema([*fields, with_fits(pa.field("source", pa.string()), fits)])
    return pa.table([["u"], ["i"], pa.array([1], pa.int32()), ["als"]], schema=schema)


@pytest.mark.parametrize("name", ["lists.arrow", "lists.arrows", "lists.parquet"])
def test_it_passes_through_files(name: str, tmp_path: Path) -> None:
    write_table(recommended(FITS), tmp_path / name)
    assert fits_of(open_table(tmp_path / name).schema) == FITS
    assert fits_of(open_recommendations(tmp_path / name).schema) == FITS


def test_where_it_was_lost_nothing_is_claimed(tmp_path: Path) -> None:
    write_table(recommended(FITS), tmp_path / "lists.csv")
    for source in (tmp_path / "lists.csv", pl.from_arrow(recommended(FITS)), recommended({})):
        assert fits_of(open_recommendations(source).schema) == {}


def test_in_words() -> None:
    assert FITS["als"].describe() == "training and validation rows (80,000 interactions; validated on 8,000)"
    assert FITS["item-knn"].describe() == "the training rows alone (72,000 interactions; validated on 8,000)"
    assert FITS["private"].describe() == "all rows but those for test"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.sampled_from(["known", "train"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["als", "fit_on", "interactions", "validation_interactions"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_whatever_stands_there_is_read_or_passed_over(told: Any) -> None:
    """It may come from anywhere: wrong words are no fit, and never an error."""
    for text in (json.dumps(told), json.dumps(told)[:-1], "[" * 2_000):
        field = pa.field("source", pa.string(), metadata={b"visrec.models": text.encode()})
        for fit in fits_of(pa.schema([field])).values():
            assert fit.on in ("known", "train")
            assert Fit.of(fit.facts) == fit
            assert fit.describe()
    assert fits_of(pa.schema([pa.field("source", pa.string(), metadata={b"visrec.models": b"\xff\xfe"})])) == {}
