"""Small models made by hand, of planted tastes, so that these tests need no training."""

from typing import Any

import numpy as np
import pyarrow as pa
import scipy.sparse as sp

from tests.contracts.recommender_suite import GROUPS, ITEMS_EACH, USERS_EACH, planted
from visrec_cli.recommenders.data import Log
from visrec_cli.recommenders.model import Items, Model, Users, users_of
from visrec_cli.recommenders.serialization import to_table

COLOURS = ("red", "blue")
NEWCOMER = "nobody"


def group_of(item: str) -> int:
    return int(item[1:]) // ITEMS_EACH


def taste_of(user: str) -> int:
    return int(user[1:]) // USERS_EACH


def log(**changes: Any) -> Log:
    """The planted log: users u0 … u59 of four tastes, items i0 … i47 of four groups."""
    return planted(**changes)[0]


def about(items: int) -> pa.Table:
    """Columns of the items: title, price, colour."""
    rows = range(items)
    return pa.table({
        "title": [f"thing {row}" for row in rows],
        "price": [float(row) for row in rows],
        "colour": [COLOURS[row % 2] for row in rows],
        "image_path": [f"imgs/i{row}.png" for row in rows],
    })  # fmt: skip


def factor_model(of: Log | None = None, **changes: Any) -> Model:
    """Users and items by the first four singular vectors of the log, with popularity as a bias."""
    of = of or log()
    u, s, v = np.linalg.svd(of.matrix.toarray(), full_matrices=False)
    users = users_of(of, factors=(u[:, :GROUPS] * s[:GROUPS]).astype(np.float32))
    bias = (0.1 * of.clicks_of_items / of.clicks_of_items.max()).astype(np.float32)
    items = Items(of.items, of.touched, np.ascontiguousarray(v[:GROUPS].T, np.float32), bias)
    settings = {"embedding_size": GROUPS, "unobserved_weight": 0.1, "reg": 0.01, "nu": 1.0}
    return Model(changes.pop("recommender", "als"), settings, users, items, (("behaviour", GROUPS),), **changes)


def knn_model(of: Log | None = None) -> Model:
    """Items alike by the cosine of their clicks."""
    of = of or log()
    lengths = np.sqrt(np.maximum(of.clicks_of_items, 1))
    scaled = of.matrix.multiply(1 / lengths).tocsr()
    links = (scaled.T @ scaled).tolil()
    links.setdiag(0)
    links = sp.csr_matrix(links.tocsr().astype(np.float32))
    links.eliminate_zeros()
    links.sort_indices()
    return Model("item-knn", {}, Users(of.users, of.matrix, of.times), Items(of.items, of.touched, neighbours=links))


def table_of(model: Model, **changes: Any) -> pa.Table:
    return to_table(model, about(len(model.items.ids)), **changes)
