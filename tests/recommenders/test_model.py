"""One formula for all models, by hand; and a model as a table."""

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp

from visrec_cli.errors import InputError
from visrec_cli.recommenders.attribution import history_contributions
from visrec_cli.recommenders.model import Items, Model, Users
from visrec_cli.recommenders.serialization import from_table, to_table
from visrec_cli.tables.output import write_table
from visrec_cli.tables.readers import open_table
from visrec_cli.tables.spaces import Space

F = np.float32


def csr(rows: list[list[float]]) -> sp.csr_matrix:
    return sp.csr_matrix(np.array(rows, F))


def full() -> Model:
    """Two users, three items, every term of the formula."""
    return Model(
        "test",
        {"reg": 0.5},
        Users(
            ("007", "7"),
            csr([[2, 0, 0], [0, 1, 1]]),
            np.array([1_600_000_000_000, 1_600_000_001_000, 1_600_000_002_000]),
            np.array([[1, 0], [0, 1]], F),
            np.array([0.5, -0.5], F),
            csr([[0, 0.1], [0.2, 0]]),
        ),
        Items(
            ("a", "b", "c"),
            np.array([True, True, False]),
            np.array([[1, 2], [3, 4], [0, 0]], F),
            np.array([0.1, 0.2, 0], F),
            csr([[0, 10, 0], [20, 0, 0], [0, 0, 0]]),
        ),
        (("behaviour", 1), ("picture", 1)),
        offset=100.0,
        state={"map": np.arange(6, dtype=F).reshape(2, 3)},
        facts={"version": "0.1.0"},
    )


EXPECTED = [
    # offset + biases + factors + 2 · neighbours(a →) + 0.1 · history of user 7
    [100 + 0.5 + 0.1 + 1 + 0 + 0.1 * 0, 100 + 0.5 + 0.2 + 3 + 2 * 10 + 0.1 * 1, -np.inf],
    [100 - 0.5 + 0.1 + 2 + 20 + 0.2 * 2, 100 - 0.5 + 0.2 + 4 + 0 + 0, -np.inf],
]


def test_the_formula_by_hand() -> None:
    np.testing.assert_allclose(full().scores(), EXPECTED, rtol=1e-6)


def test_some_of_the_users() -> None:
    model = full()
    np.testing.assert_allclose(model.scores(model.users.take([1])), EXPECTED[1:], rtol=1e-6)
    some = model.users.take([1, 0, 1])
    assert some.ids == ("7", "007", "7")
    assert some.times is not None
    assert (some.times // 1000 % 10).tolist() == [1, 2, 0, 1, 2]
    assert model.users.take([]).history.shape == (0, 3)


def test_it_survives_a_file_polars_and_parquet(tmp_path) -> None:
    table = to_table(full(), pa.table({"title": ["A", "B", "C"]}), Space("lite0", 4, True))
    for name in ("m.arrow", "m.parquet", "m.arrows"):
        write_table(table.to_reader(), tmp_path / name)
        again, about, space = from_table(open_table(tmp_path / name).read_all())
        np.testing.assert_allclose(again.scores(), EXPECTED, rtol=1e-6)
        assert again.state["map"].tolist() == [[0, 1, 2], [3, 4, 5]]
        assert about.to_pydict() == {"item_id": ["a", "b", "c"], "title": ["A", "B", "C"]}
        assert space == Space("lite0", 4, True)
    through = open_table(pl.DataFrame(pl.from_arrow(table)).filter(pl.col("id") != "nobody")).read_all()
    again, _, _ = from_table(through)
    assert (again.recommender, again.users.ids) == ("test", ("007", "7"))


def test_without_metadata_it_still_scores() -> None:
    table = to_table(full())
    bare = pa.Table.from_arrays(table.columns, names=table.column_names)
    again, _, space = from_table(bare)
    np.testing.assert_allclose(again.scores() + 100, EXPECTED, rtol=1e-5)
    assert (again.recommender, space) == ("unknown", None)


def test_weights_of_zero_survive_and_say_nothing() -> None:
    model = full()
    history = sp.csr_matrix((np.array([2, 0, 1, 1], F), np.array([0, 1, 1, 2]), np.array([0, 2, 4])), (2, 3))
    users = Users(("a", "b"), history, factors=model.users.factors)
    again, _, _ = from_table(to_table(Model("test", {}, users, model.items)))
    assert again.users.history.nnz == 4
    assert history_contributions(again, again.users, 0, np.array([0, 1]))[1].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop_columns(["history"]), "is not a model"),
        (lambda t: t.set_column(0, "entity", pa.array(["thing"] * t.num_rows)), "values other than"),
        (lambda t: t.set_column(1, "id", pa.array(["x"] * t.num_rows)), "not unique"),
        (lambda t: t.slice(1), "names 'a', which has no row: rows of the model were removed"),
        (lambda t: _patched(t, b'"format":1', b'"format":9'), "model format 9"),
        (lambda t: _patched(t, b"{", b"<"), "cannot be read"),
    ],
)
def test_broken_models_are_refused(change, message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_table(change(to_table(full())))


def _patched(table: pa.Table, old: bytes, new: bytes) -> pa.Table:
    field = table.schema.field(0)
    metadata = {key: value.replace(old, new) for key, value in field.metadata.items()}
    return table.set_column(0, field.with_metadata(metadata), table["entity"])


def test_item_columns_must_not_be_ours() -> None:
    with pytest.raises(InputError, match="a column 'bias'"):
        to_table(full(), pa.table({"bias": [1, 2, 3]}))
