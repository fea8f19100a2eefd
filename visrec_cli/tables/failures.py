"""Exceptions that Arrow, numpy and Python raise on damaged bytes; caught only where files are read.

A refusal of ours says the file, and where in it; the words of a library follow in brackets at most.
"""

import tokenize
import zlib

import pyarrow as pa

LIBRARY_FAILURES: tuple[type[BaseException], ...] = (
    pa.ArrowException,  # ArrowInvalid, ArrowNotImplementedError, ArrowSerializationError, ArrowMemoryError …
    OSError,
    EOFError,
    ValueError,  # UnicodeDecodeError too
    TypeError,
    OverflowError,
    RecursionError,
    LookupError,
    SyntaxError,  # numpy reads the header of an NPY as Python
    tokenize.TokenError,
    zlib.error,
)


def polars_failures() -> tuple[type[BaseException], ...]:
    """The same, and those of polars, whose panics are no Exception. A function: an Arrow file has no need of polars."""
    import polars as pl

    return (*LIBRARY_FAILURES, pl.exceptions.PolarsError, pl.exceptions.PanicException)


def in_short(error: BaseException) -> str:
    """The first line of an error, for the end of a message of ours."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0].strip()[:160] if lines else type(error).__name__
