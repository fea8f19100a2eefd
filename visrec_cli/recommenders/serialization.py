"""A model as a table, and back: one row per item, then one per user (docs/contract.md).

What belongs to the model as a whole (settings, offset, projections) is canonical JSON in the Arrow extension type
``visrec.model`` over the ``entity`` column, which survives polars. A table that lost it still scores its own users.
"""

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.errors import InputError
from visrec_cli.recommenders.model import Items, Model, Users
from visrec_cli.recommenders.model_document import (
    EXTENSION,
    FORMAT,
    NAME,
    PARAMETER,
    ModelDocument,
    note_of,
    origin_of,
    required,
)
from visrec_cli.recommenders.sparse_lists import HISTORY, histories_of, history_column, links_column, links_of
from visrec_cli.tables.provenance import Fit
from visrec_cli.tables.spaces import Space, pack_array, space_from
from visrec_cli.tables.text_schema import is_model
from visrec_cli.tables.vectors import column_of, matrix_of

OWN = ("entity", "id", "factors", "bias", "neighbours", "history")


def to_table(model: Model, about: pa.Table | None = None, space: Space | None = None) -> pa.Table:
    """Write a model as a table.

    Parameters
    ----------
    model : Model
        The model.
    about : pa.Table | None, default=None
        Columns of the items (titles, prices, paths), row i belonging to item i. Users have nulls there; a column
        ``item_id`` is left out.
    space : Space | None, default=None
        Embedding space of the item vectors that the model learned from; None if it used none.

    Returns
    -------
    pa.Table
        The table.

    Raises
    ------
    InputError
        If ``about`` has a column with a name that models use.
    """
    items, users = model.items, model.users
    n, m = len(items.ids), len(users.ids)
    columns: dict[str, pa.Array] = {
        "entity": pa.array(["item"] * n + ["user"] * m, pa.string()),
        "id": pa.array([*items.ids, *users.ids], pa.string()),
    }
    widths = {side.shape[1] for side in (items.factors, users.factors) if side is not None}
    if widths:
        width = widths.pop()
        sides = [
            np.zeros((k, width), np.float32) if f is None else f for k, f in ((n, items.factors), (m, users.factors))
        ]
        has = [items.known & (items.factors is not None), np.full(m, users.factors is not None)]
        columns["factors"] = column_of(np.concatenate(sides), np.concatenate(has))
    if items.bias is not None or users.bias is not None:
        parts = [np.zeros(k, np.float32) if b is None else b for k, b in ((n, items.bias), (m, users.bias))]
        absent = [~items.known | (items.bias is None), np.full(m, users.bias is None)]
        columns["bias"] = pa.array(np.concatenate(parts), pa.float32(), mask=np.concatenate(absent))
    if items.neighbours is not None or users.neighbours is not None:
        of_items = links_column(items.neighbours, items.ids, n, mask=~items.known)
        columns["neighbours"] = pa.concat_arrays([of_items, links_column(users.neighbours, users.ids, m)])
    columns["history"] = pa.concat_arrays([pa.nulls(n, HISTORY), history_column(users, items.ids)])
    fields = [pa.field(name, column.type) for name, column in columns.items()]
    fields[0] = fields[0].with_metadata({NAME: EXTENSION, PARAMETER: _facts(model, space)})
    about = pa.table({}) if about is None else about
    for name in about.column_names:
        if name == "item_id":
            continue
        if name in OWN:
            raise InputError(f"the items have a column '{name}', a name that models use", fix="rename that column")
        column = about[name].combine_chunks()
        columns[name] = pa.concat_arrays([column, pa.nulls(m, column.type)])  # one chunk: polars mishandles slices
        fields.append(about.schema.field(name))
    return pa.Table.from_arrays(list(columns.values()), schema=pa.schema(fields))


def from_table(table: pa.Table, where: str = "the model") -> tuple[Model, pa.Table, Space | None]:
    """Read a model from a table.

    Parameters
    ----------
    table : pa.Table
        The table.
    where : str, default="the model"
        Name of the file, for messages.

    Returns
    -------
    tuple[Model, pa.Table, Space | None]
        The model, the columns of its items (``item_id`` first), and the embedding space that it learned from, if known.

    Raises
    ------
    InputError
        If the table is not a model, is damaged, or has another version of the format.
    UnavailableError
        If the recommender is a plug-in that is not installed.
    """
    if not is_model(table.schema):
        raise InputError(
            f"{where} is not a model: it has no columns entity, id and history", fix="visrec train-cf makes one"
        )
    note, origin = note_of(table.schema.field("entity"), where), origin_of(where)
    metadata = note or ModelDocument()
    for name in ("entity", "id"):
        if not pa.types.is_string(table.schema.field(name).type):
            raise InputError(f"{where}: column '{name}' is not text", fix="train the model again")
    entity = table["entity"]
    items, users = table.filter(pc.equal(entity, "item")), table.filter(pc.equal(entity, "user"))
    if items.num_rows + users.num_rows != table.num_rows:
        raise InputError(f"{where}: column 'entity' has values other than item and user", fix="train the model again")
    item_ids, user_ids = (_ids(side, where, kind) for side, kind in ((items, "item"), (users, "user")))
    known = np.zeros(items.num_rows, bool)
    for name in {"factors", "bias", "neighbours"} & set(table.column_names):
        known |= np.asarray(items[name].is_valid())
    history, times = histories_of(users["history"], item_ids, where)
    model = Model(
        metadata.recommender,
        metadata.settings,
        Users(
            tuple(user_ids.to_pylist()), history, times,
            _factors(users), _bias(users, where), links_of(users, user_ids, where),
        ),
        Items(
            tuple(item_ids.to_pylist()), known,
            _factors(items), _bias(items, where), links_of(items, item_ids, where),
        ),
        tuple(metadata.parts),
        metadata.offset,
        origin.arrays(metadata.state, "state", {}),
        metadata.facts,
    )  # fmt: skip
    model = model if note is None else required(model, origin, where)
    about = items.drop_columns([name for name in OWN if name in items.column_names])
    about = about.add_column(0, pa.field("item_id", pa.string()), item_ids)
    return model, about, None if metadata.space is None else space_from(metadata.space, origin, "space")


def described(field: pa.Field, where: str) -> str:
    """Describe a model in words, from the field of its column ``entity``.

    Parameters
    ----------
    field : pa.Field
        The field.
    where : str
        Name of the file, for messages.

    Returns
    -------
    str
        The recommender, what it was fitted on, and its validation; empty if the metadata were lost.

    Raises
    ------
    InputError
        If the metadata cannot be read, or belong to another version of the format.
    """
    note = note_of(field, where)
    if note is None:
        return ""
    fit = Fit.of(note.facts)
    words = [note.recommender] + ([] if fit is None else [f"fitted on {fit.describe()}"])
    if isinstance(note.facts.get("validation"), int | float):
        words.append(f"validation {note.facts.get('metric')} {note.facts['validation']:.4f}")
    return "; ".join(words)


def _facts(model: Model, space: Space | None) -> bytes:
    whole = {
        "format": FORMAT,
        "recommender": model.recommender,
        "settings": model.settings,
        "parts": [list(part) for part in model.parts],
        "offset": model.offset,
        "state": {name: pack_array(array) for name, array in model.state.items()},
        "facts": model.facts,
        "space": space.document() if space else None,
    }
    return json.dumps(whole, sort_keys=True, separators=(",", ":")).encode()


def _ids(side: pa.Table, where: str, kind: str) -> pa.Array:
    ids = side["id"].combine_chunks()
    if ids.null_count or len(pc.unique(ids)) != len(ids):
        raise InputError(f"{where}: ids of {kind}s are missing or not unique", fix="train the model again")
    return ids


def _factors(side: pa.Table) -> Any:
    if "factors" not in side.column_names or 0 < side["factors"].null_count == side.num_rows:
        return None
    return matrix_of(side["factors"], name="factors", ids=side["id"].to_pylist())[0]


def _bias(side: pa.Table, where: str) -> Any:
    if "bias" not in side.column_names or side["bias"].null_count == side.num_rows:
        return None
    if not pa.types.is_floating(side["bias"].type):
        raise InputError(f"{where}: column 'bias' is {side['bias'].type}, not float", fix="train the model again")
    bias = pc.fill_null(side["bias"], 0.0).to_numpy().astype(np.float32)
    if not np.isfinite(bias).all():
        raise InputError(f"{where}: column 'bias' has NaN or infinite values", fix="train the model again")
    return bias
