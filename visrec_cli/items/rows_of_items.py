"""Tables in which an item has a row for each of its pictures, brought to a row for each item."""

import numpy as np
import pyarrow as pa

from visrec_cli.errors import InputError
from visrec_cli.items.pictures import picture_column
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.tables.rows import Rows, take_values

_PLURALS = {"image_path": "image_paths", "image": "images"}


def list_name(column: str | None) -> str | None:
    """What a column of pictures is called once it lists several; ours have a name each for one and for several."""
    return _PLURALS.get(column, column) if column else None


def one_row_each(table: pa.Table, image_column: str | None, report: Report) -> pa.Table:
    """The table with the pictures of all rows of an ``item_id`` as one list, in the order of the rows.

    Other columns are those of the item's first row; where they differ within an item, that is said. Raises InputError
    for a table without pictures, or whose rows list several already.
    """
    column = image_column if image_column in table.column_names else picture_column(table.schema)
    if column is None:
        raise InputError("the table has no pictures and no paths of pictures", fix="name their column: --image-column")
    kind = table.schema.field(column).type
    if pa.types.is_list(kind):
        raise InputError(
            f"column '{column}' lists several pictures in a row already", fix="leave out --several-pictures"
        )
    ids = table["item_id"].combine_chunks().dictionary_encode()
    group = np.asarray(ids.indices, np.int64)
    items = len(ids.dictionary)
    _, first = np.unique(group, return_index=True)  # dictionaries are in the order of their first rows
    there = np.flatnonzero(np.asarray(table[column].is_valid()))
    ordered = there[np.argsort(group[there], kind="stable")]
    ends = np.cumsum(np.bincount(group[there], minlength=items))
    values = take_values(table[column], ordered)
    lists = pa.ListArray.from_arrays(pa.array(np.concatenate([[0], ends]), pa.int32()), values, type=pa.list_(kind))
    _tell(table, column, group, first, report)
    names = [list_name(name) if name == column else name for name in table.column_names]
    arrays = [lists if name == column else take_values(table[name], first) for name in table.column_names]
    return pa.table(arrays, names=names)


def _tell(table: pa.Table, column: str, group: Rows, first: Rows, report: Report) -> None:
    several = int((np.bincount(group) > 1).sum())
    report.count("items of several rows", several)
    others = [name for name in table.column_names if name not in ("item_id", column)]
    differ = [name for name in others if _differs(table[name], first[group])]
    if differ:
        more = f" and {len(differ) - 3} others" if len(differ) > 3 else ""
        report.warn(
            f"of {counted(several, 'items')} with several rows, the first gives all columns but '{column}'; "
            f"rows differ in {', '.join(differ[:3])}{more}"
        )


def _differs(column: pa.ChunkedArray, first: Rows) -> bool:
    """Whether a row has another value than the first of its item; of columns that Arrow can compare."""
    kind = column.type
    if pa.types.is_nested(kind) or pa.types.is_null(kind) or isinstance(kind, pa.BaseExtensionType):
        return False
    import pyarrow.compute as pc

    before = take_values(column, first)
    other = pc.or_kleene(pc.not_equal(column, before), pc.xor(column.is_null(), before.is_null()))
    return bool(pc.any(other, min_count=0).as_py())
