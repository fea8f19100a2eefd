"""A loaded model with all users that it can serve."""

import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import scipy.sparse as sp

from visrec_cli.errors import InputError, UsageError
from visrec_cli.options.logs import Cleaning
from visrec_cli.recommenders.base import Recommender
from visrec_cli.recommenders.model import Model, Users, Vector
from visrec_cli.recommenders.model_document import origin_of
from visrec_cli.recommenders.serialization import from_table
from visrec_cli.registry import find, has
from visrec_cli.stages.recommend.users.fallback import popularity
from visrec_cli.tables.readers import Tabular, is_path, name_of, open_table
from visrec_cli.tables.spaces import Space
from visrec_cli.tables.table_folders import is_folder_of_tables
from visrec_cli.tables.text_schema import is_model


@dataclass(frozen=True)
class LoadedModel:
    """name: what ``--blend`` and the column ``source`` call it. users: the model's, and those folded in since; or
    sessions alone, and then crowd has the others.

    about: the items' columns, ``item_id`` first, row i belonging to item i. space: of the vectors that it learned from.
    """

    name: str
    where: str
    model: Model
    users: Users
    about: pa.Table
    space: Space | None
    crowd: Users | None = None

    @cached_property
    def row_of(self) -> dict[str, int]:
        """The row of each user."""
        return {user: row for row, user in enumerate(self.users.ids)}

    @cached_property
    def item_row_of(self) -> dict[str, int]:
        """The row of each item."""
        return {item: row for row, item in enumerate(self.model.items.ids)}

    @cached_property
    def popular(self) -> tuple[Vector, str]:
        """What strangers are offered: the score of each item, and what to call it."""
        return popularity(self.crowd or self.users, self.model.items.ids)

    @property
    def described(self) -> bool:
        """Whether the table still says which recommender made it."""
        return has("recommender", self.model.recommender)

    @property
    def kind(self) -> type[Recommender]:
        """Its recommender; where the table does not tell, the plain one, which takes the history for all there is."""
        kind: type[Recommender] = find("recommender", self.model.recommender) if self.described else Recommender
        return kind

    @property
    def folds_in(self) -> type[Recommender]:
        """Its recommender, for new users and items. Raises InputError where the table has forgotten which it was."""
        learned = self.model.items.factors is not None or self.model.users.neighbours is not None
        if not self.described and learned:
            raise InputError(
                f"{self.where} has lost its metadata, so nothing new can be folded in",
                fix="take the file that train-cf wrote: the metadata is the extension type of its column 'entity'",
            )
        return self.kind

    @cached_property
    def cleaning(self) -> Cleaning:
        """How the model's log was cleaned. Raises InputError where the model says something else of it."""
        described = self.model.facts.get("cleaning")
        return Cleaning() if described is None else origin_of(self.where).typed(described, Cleaning, "facts.cleaning")

    def fold_in(self, users: Users) -> Users:
        """The users (ids, history, times) as the model sees them, from what they like.

        What is merely seen (weight 0) is kept from the recommender: each would take it for something else, a rating of
        0, one click more. Raises InputError where the table has forgotten which recommender made it.
        """
        liked = users.history.data != 0
        if liked.all():
            return self._finite(self.folds_in.fold_in(self.model, users.ids, users.history, users.times))
        rows = np.repeat(np.arange(len(users.ids)), np.diff(users.history.indptr))[liked]
        cells = (users.history.data[liked], (rows, users.history.indices[liked]))
        likes = sp.csr_matrix(cells, users.history.shape, dtype=np.float32)
        times = None if users.times is None else users.times[liked]
        folded = self._finite(self.folds_in.fold_in(self.model, users.ids, likes, times))
        return replace(folded, history=users.history, times=users.times)

    def _finite(self, users: Users) -> Users:
        """The users. Raises InputError for one with NaN or infinity: huge weights, or huge numbers in the model."""
        for side in (users.factors, users.bias):
            if side is not None and not np.isfinite(side).all():
                row = int(np.flatnonzero(~np.isfinite(side.reshape(len(side), -1)).all(axis=1))[0])
                raise InputError(
                    f"{self.where}: numbers overflow as the clicks of user '{users.ids[row]}' are folded in",
                    fix="look for huge weights among the clicks, or train the model again",
                )
        return users


def open_models(sources: Sequence[Tabular]) -> list[LoadedModel]:
    """Models, each with a name of its own: its recommender's, or its file's where two have one recommender.

    Raises InputError for a table that is not a model, UsageError for one that is named twice.
    """
    read = [_open(source) for source in sources]
    many = Counter(one.name for one in read)
    named = [
        one if many[one.name] == 1 else replace(one, name=_stem(source, at))
        for at, (one, source) in enumerate(zip(read, sources, strict=True))
    ]
    again = [name for name, n in Counter(one.name for one in named).items() if n > 1]
    if again:
        raise UsageError(f"two models are called '{again[0]}'", fix="give their files different names")
    return named


def _open(source: Tabular) -> LoadedModel:
    where = name_of(source)
    if is_path(source) and Path(source).is_dir() and not is_folder_of_tables(source):
        raise InputError(
            f"{where} is a folder, and recommending to users needs a model", fix="visrec train-cf makes one"
        )
    reader = open_table(source)
    if not is_model(reader.schema):
        items = shlex.quote(where) if is_path(source) else "items.arrow"
        raise InputError(
            f"{where} is not a model, and users need one (its columns: {', '.join(reader.schema.names)})",
            fix=f"make one: visrec train-cf clicks.csv --items {items}",
        )
    model, about, space = from_table(reader.read_all(), where)
    if not model.items.ids:
        raise InputError(f"{where} has no items", fix="train it again")
    name = model.recommender if has("recommender", model.recommender) else _stem(source, 0)
    return LoadedModel(name, where, model, model.users, about, space)


def _stem(source: Tabular, at: int) -> str:
    if not is_path(source) or str(source) == "-":
        return f"model {at + 1}"
    return Path(source).name.split(".")[0]
