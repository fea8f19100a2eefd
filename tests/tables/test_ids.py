import pyarrow as pa
import pytest

from visrec_cli.errors import InputError
from visrec_cli.tables.ids import with_item_ids


def batches_of(*ids: list[str]) -> pa.RecordBatchReader:
    schema = pa.schema([("item_id", pa.string())])
    parts = [pa.record_batch([pa.array(some, pa.string())], schema=schema) for some in ids]
    return pa.RecordBatchReader.from_batches(schema, parts)


@pytest.mark.parametrize("many", [10, 9000])
def test_an_id_that_comes_again_is_found_wherever_it_does(many: int) -> None:
    names = [f"i{row}" for row in range(many)]
    assert with_item_ids(batches_of(names[:3], [], names[3:-1], names[-1:])).read_all().num_rows == many
    for again in (0, many // 2, many - 1):
        with pytest.raises(InputError, match=f"the table: item_id is not unique: '{names[again]}' appears more than"):
            with_item_ids(batches_of(names[: many // 3], names[many // 3 :], [names[again]])).read_all()
    with pytest.raises(InputError, match="'i0', 'i1', 'i2' and others appear more than once"):
        with_item_ids(batches_of(names, names)).read_all()
    assert with_item_ids(batches_of(names, names), unique=False).read_all().num_rows == 2 * many


def test_an_id_that_comes_again_is_told_before_all_was_read() -> None:
    reader = with_item_ids(batches_of(["a", "b"], ["c", "a"], *([f"x{row}"] for row in range(50))))
    read: list[pa.RecordBatch] = []
    with pytest.raises(InputError, match="'a' appears more than once"):
        read.extend(reader)
    assert len(read) < 5
