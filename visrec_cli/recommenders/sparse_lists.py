"""Sparse matrices as list columns, and back: links between items or users, and histories of users."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from visrec_cli.errors import InputError
from visrec_cli.recommenders.model import Users
from visrec_cli.tables.text_schema import HOLDING
from visrec_cli.tables.time import TIME

NEIGHBOURS = pa.list_(pa.struct([("id", pa.string()), ("weight", pa.float32())]))
HISTORY = pa.list_(pa.struct([("item_id", pa.string()), ("weight", pa.float32()), ("timestamp", TIME)]))


def _lists(
    matrix: sp.csr_matrix,
    ids: pa.Array,
    values: dict[str, Any],
    kind: pa.DataType,
    mask: npt.NDArray[np.bool_] | None = None,
) -> pa.Array:
    """A csr matrix as one list of structs per row; the struct's first field is the id of the column."""
    names = [kind.value_type.field(i).name for i in range(kind.value_type.num_fields)]
    arrays = [ids.take(pa.array(matrix.indices))]
    arrays += [pa.array(values[name], kind.value_type.field(name).type) for name in names[1:]]
    structs = pa.StructArray.from_arrays(arrays, fields=list(kind.value_type))
    gone = None if mask is None or not mask.any() else pa.array(mask)
    return pa.ListArray.from_arrays(pa.array(matrix.indptr, pa.int32()), structs, type=kind, mask=gone)


def links_column(
    matrix: sp.csr_matrix | None, ids: tuple[str, ...], rows: int, mask: npt.NDArray[np.bool_] | None = None
) -> pa.Array:
    """Write neighbours as a column.

    Parameters
    ----------
    matrix : sp.csr_matrix | None
        (rows, ids) csr of weights; None if there are no neighbours at all.
    ids : tuple[str, ...]
        Id of each column.
    rows : int
        Number of rows.
    mask : npt.NDArray[np.bool_] | None, default=None
        (rows,) True where the list is null.

    Returns
    -------
    pa.Array
        (rows,) lists of ids and weights.
    """
    if matrix is None:
        return pa.nulls(rows, NEIGHBOURS)
    return _lists(matrix, pa.array(ids, pa.string()), {"id": None, "weight": matrix.data}, NEIGHBOURS, mask)


def history_column(users: Users, item_ids: tuple[str, ...]) -> pa.Array:
    """The histories of users as a column of lists."""
    times = pa.nulls(users.history.nnz, TIME) if users.times is None else pa.array(users.times, pa.int64()).cast(TIME)
    values = {"item_id": None, "weight": users.history.data, "timestamp": times}
    return _lists(users.history, pa.array(item_ids, pa.string()), values, HISTORY)


def _from_lists(column: pa.ChunkedArray, ids: pa.Array, where: str, name: str) -> tuple[sp.csr_matrix, pa.StructArray]:
    """The csr matrix of one list of structs per row (sorted by column), and the structs in that order."""
    if pa.types.is_null(column.type):  # from a text format, where every row is empty
        column = column.cast(HISTORY if name == "history" else NEIGHBOURS)
    if not _are_links(column.type):
        raise InputError(
            f"{where}: column '{name}' is {column.type}, but a model has lists of ids and weights",
            fix=f"store models as {HOLDING}: no other format can hold one",
        )
    whole = column.combine_chunks()
    structs, lengths = whole.flatten(), pc.fill_null(pc.list_value_length(whole), 0).to_numpy(zero_copy_only=False)
    places = pc.index_in(structs.field(0), ids)
    if places.null_count:
        who = structs.field(0)[pc.index(places.is_null(), True).as_py()]
        raise InputError(
            f"{where}: column '{name}' names '{who}', which has no row: rows of the model were removed",
            fix="keep all rows (visrec recommend --users and --allow select some), or train it again",
        )
    columns = places.to_numpy(zero_copy_only=False).astype(np.int64)
    rows = np.repeat(np.arange(len(whole)), lengths)
    order = np.lexsort((columns, rows))
    data = structs.field("weight").to_numpy(zero_copy_only=False).astype(np.float32)[order]
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    matrix = sp.csr_matrix((data, columns[order], indptr), shape=(len(whole), len(ids)))
    if not np.isfinite(data).all():
        raise InputError(f"{where}: column '{name}' has NaN or infinite weights", fix="train the model again")
    return matrix, structs.take(pa.array(order))


def links_of(side: pa.Table, ids: pa.Array, where: str) -> sp.csr_matrix | None:
    """Read neighbours from a table; the inverse of ``links_column``.

    Parameters
    ----------
    side : pa.Table
        The rows of items, or of users.
    ids : pa.Array
        Id of each column of the matrix.
    where : str
        Name of the file, for messages.

    Returns
    -------
    sp.csr_matrix | None
        (rows, ids) csr; None if the table has no neighbours.

    Raises
    ------
    InputError
        If the column is damaged.
    """
    if "neighbours" not in side.column_names or side["neighbours"].null_count == side.num_rows:
        return None
    return _from_lists(side["neighbours"], ids, where, "neighbours")[0]


def histories_of(column: pa.ChunkedArray, ids: pa.Array, where: str) -> tuple[sp.csr_matrix, Any]:
    """Read histories from a column; the inverse of ``history_column``.

    Parameters
    ----------
    column : pa.ChunkedArray
        The column of lists.
    ids : pa.Array
        Ids of the items.
    where : str
        Name of the file, for messages.

    Returns
    -------
    tuple[sp.csr_matrix, Any]
        (users, items) csr of weights, and the times in the order of its data; None instead of times if not all are
        known.

    Raises
    ------
    InputError
        If the column is damaged.
    """
    matrix, structs = _from_lists(column, ids, where, "history")
    names = [structs.type.field(i).name for i in range(structs.type.num_fields)]
    times = structs.field("timestamp") if "timestamp" in names else pa.nulls(len(structs), TIME)
    if not len(times) or times.null_count:
        return matrix, None
    try:
        if pa.types.is_string(times.type):  # from JSON, to the microsecond
            times = times.cast(pa.timestamp("us", "UTC"))
        return matrix, times.cast(TIME).cast(pa.int64()).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(
            f"{where}: column 'history' has times that cannot be read ({error})", fix="train the model again"
        ) from error


def _are_links(kind: pa.DataType) -> bool:
    """Whether a type is a list of structs that begin with an id and have a weight."""
    if not (pa.types.is_list(kind) and pa.types.is_struct(kind.value_type) and kind.value_type.num_fields > 1):
        return False
    parts = {part.name: part.type for part in kind.value_type}
    weight = parts.get("weight", pa.null())
    number = pa.types.is_floating(weight) or pa.types.is_integer(weight)
    return number and bool(pa.types.is_string(kind.value_type.field(0).type))
