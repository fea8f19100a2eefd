import pytest
from hypothesis import given
from hypothesis import strategies as st

from visrec_cli.tables.id_lines import ids_of_lines, row_numbers


@given(content=st.lists(st.sampled_from(["", "a", "é\u2028", "\r", "\n", "\r\n", "long id ", "x\ry"])).map("".join))
def test_lines_are_those_that_python_splits(content: str) -> None:
    lines = content.split("\n")
    expected = [line.removesuffix("\r") for line in (lines[:-1] if lines[-1] == "" else lines)]
    found = ids_of_lines(content.encode())
    found.validate(full=True)
    assert found.to_pylist() == expected


def test_what_is_no_text_and_rows_without_names() -> None:
    with pytest.raises(UnicodeDecodeError):
        ids_of_lines(b"a\n\xff\n")
    assert row_numbers(3).to_pylist() == ["0", "1", "2"]
    assert row_numbers(0).to_pylist() == []
