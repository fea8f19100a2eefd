"""Items added after training, and newer columns of known items."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from visrec_cli.errors import InputError
from visrec_cli.items.features import ItemFeatures, content_of
from visrec_cli.recommenders.model import Items, Users
from visrec_cli.runtime.report import Report
from visrec_cli.stages.recommend.users.loaded_model import LoadedModel
from visrec_cli.tables.compatibility import require_same_space
from visrec_cli.tables.spaces import space_of
from visrec_cli.tables.unicode_forms import note_other_forms
from visrec_cli.tables.vectors import embedding_columns


def with_columns(loaded: LoadedModel, features: ItemFeatures, report: Report) -> LoadedModel:
    """The items' columns as ``features`` has them; an item that it does not list keeps what the model says of it."""
    ids = loaded.about["item_id"].combine_chunks()
    listed = pc.is_in(ids, pa.array(features.ids, pa.string()))
    report.count("items that --items does not list", len(ids) - (pc.sum(listed).as_py() or 0))
    note_other_forms(features.ids, loaded.model.items.ids, f"--items beside {loaded.name}", report)
    about, newer = loaded.about, features.about_of(loaded.model.items.ids).drop_columns(["item_id"])
    for field in newer.schema:
        values = newer[field.name].combine_chunks()
        if field.name in about.column_names:
            older = about[field.name].combine_chunks()
            if older.type == values.type:
                values = pc.if_else(listed, values, older)
            about = about.set_column(about.schema.get_field_index(field.name), field, values)
        else:
            about = about.append_column(field, values)
    return replace(loaded, about=about)


def with_new_items(loaded: LoadedModel, features: ItemFeatures, report: Report) -> LoadedModel:
    """The model with the items of ``features`` that it does not have, as far as their vectors let it score them.

    Raises SpaceMismatchError if the vectors are of another space than those it learned from, InputError if its table
    has lost what new items need.
    """
    new = [item for item in features.ids if item not in loaded.item_row_of]
    report.count(f"new items for {loaded.name}", len(new))
    note_other_forms(new, loaded.model.items.ids, f"--new-items beside {loaded.name}", report)
    if not new:
        report.warn(f"{loaded.name} has all items of --new-items already (--items brings newer columns)")
        return loaded
    kind = loaded.folds_in
    content = content_of(features, new, column=_column(loaded, features), report=report)
    require_same_space(loaded.space, content.space, "the model", "--new-items")
    added = kind.new_items(loaded.model, new, content)
    if kind.uses_content:
        added = replace(added, known=added.known & content.valid)
    if not added.known.any():
        report.warn(f"{loaded.name} knows items by their clicks and cannot score new ones (hybrid and content-knn can)")
    elif note := kind.new_items_note(loaded.model.settings):
        report.warn(f"{loaded.name}: {note}")
    try:
        whole = pa.concat_tables([loaded.about, features.about_of(new)], promote_options="permissive").combine_chunks()
    except (pa.ArrowTypeError, pa.ArrowInvalid) as error:
        raise InputError(f"the columns of --new-items do not fit the model's: {error}", fix="convert them") from error
    n = len(loaded.model.items.ids) + len(new)
    model, items = loaded.model, _appended(loaded.model.items, added)
    state = {name: _lengthened(array, n) if name in kind.item_state else array for name, array in model.state.items()}
    model = replace(model, items=items, users=_widened(model.users, n), state=state)
    return replace(loaded, model=model, users=_widened(loaded.users, n), about=whole)


def _column(loaded: LoadedModel, features: ItemFeatures) -> str | None:
    """The column of the space that the model learned from; None where there is none, or no telling."""
    fields = [features.table.schema.field(name) for name in embedding_columns(features.table.schema)]
    return next((field.name for field in fields if loaded.space is not None and space_of(field) == loaded.space), None)


def _appended(items: Items, added: Items) -> Items:
    """Both. The ``neighbours`` of new items: (old, new), what a click on an old one says for them."""
    n, m = len(items.ids), len(added.ids)
    links = None
    if items.neighbours is not None or added.neighbours is not None:
        old = sp.csr_matrix((n, n), dtype=np.float32) if items.neighbours is None else items.neighbours
        new = sp.csr_matrix((n, m), dtype=np.float32) if added.neighbours is None else added.neighbours
        links = sp.vstack([sp.hstack([old, new]), sp.csr_matrix((m, n + m), dtype=np.float32)], format="csr")
    return Items(
        items.ids + added.ids,
        np.concatenate([items.known, added.known]),
        _stacked(items.factors, added.factors, m),
        _stacked(items.bias, added.bias, m),
        links,
    )


def _stacked(
    old: npt.NDArray[np.float32] | None, new: npt.NDArray[np.float32] | None, m: int
) -> npt.NDArray[np.float32] | None:
    """Both, one below the other; a term that the model does not have is not begun for new items."""
    if old is None:
        return None
    return np.concatenate([old, np.zeros((m, *old.shape[1:]), np.float32) if new is None else new])


def _lengthened(array: npt.NDArray[Any], rows: int) -> npt.NDArray[Any]:
    """The array with rows of zeros at its end: so many in all."""
    return np.concatenate([array, np.zeros((rows - len(array), *array.shape[1:]), array.dtype)])


def _widened(users: Users, items: int) -> Users:
    """The same histories over more items."""
    history = users.history
    return replace(
        users, history=sp.csr_matrix((history.data, history.indices, history.indptr), (history.shape[0], items))
    )
