"""Training targets from table columns or a log: the pictures that they need, and the objective."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pyarrow as pa
import scipy.sparse as sp

from visrec_cli.encoders.finetuning.classification import Classification
from visrec_cli.encoders.finetuning.collaborative import CollaborativePreference
from visrec_cli.encoders.finetuning.objectives import Objective
from visrec_cli.encoders.finetuning.self_supervised import SelfSupervised
from visrec_cli.encoders.finetuning.similarity import MetricLearning
from visrec_cli.errors import InputError, UsageError, unknown
from visrec_cli.tables.vectors import Mask, Rows


class TrainingTarget(ABC):
    """wanted: (rows,) bool, whose pictures are needed. words: what it was asked as, for the model's metadata.

    together: numbers of what must not be torn apart by holding pictures back. holds_pictures: whether pictures are
    held back at all. classes: of the classifier, once the objective is made.
    """

    words: str
    wanted: Mask
    together: Rows | None = None
    holds_pictures: ClassVar[bool] = True
    classes: Sequence[str] = ()

    @abstractmethod
    def objective(self, train: Rows, held: Rows) -> Objective:
        """With these rows to learn from and to judge by. Raises InputError where nothing can be learned from them."""


class LabelTarget(TrainingTarget):
    """``labels:COLUMN`` or ``labels:FIRST,SECOND``."""

    def __init__(self, table: pa.Table, rest: str, *, loss: str) -> None:
        self._columns, self._loss = [name.strip() for name in rest.split(",") if name.strip()], loss
        if not self._columns:
            raise UsageError("--target labels names no column", fix="--target labels:category")
        self._labels = [_labels_of(table, name) for name in self._columns]
        self.words = f"labels:{','.join(self._columns)}"
        self.wanted = np.array([any(labels) for labels in zip(*self._labels, strict=True)], bool)

    def objective(self, train: Rows, held: Rows) -> Objective:
        """See TrainingTarget."""
        names, codes = [], np.full((len(self.wanted), len(self._columns)), -1, np.int64)
        for place, (column, labels) in enumerate(zip(self._columns, self._labels, strict=True)):
            known = sorted({label for row in train.tolist() if (label := labels[row])})
            number = {label: code for code, label in enumerate(known)}
            codes[:, place] = [number.get(label or "", -1) for label in labels]
            labelled = int((codes[train, place] >= 0).sum())
            if len(known) < 2:
                raise InputError(
                    f"column '{column}' has {'one class' if known else 'no class'} among the pictures to learn from"
                    + (f": '{known[0]}'" if known else ""),
                    fix="name a column with two classes or more: --target labels:COLUMN",
                )
            if len(known) > labelled / 2:
                raise InputError(
                    f"column '{column}' has {len(known):,} classes for {labelled:,} pictures: too few of each",
                    fix="name a column whose labels repeat: --target labels:COLUMN",
                )
            names.append(known)
        if self._loss == "contrast":
            return _pairs(_one_hot(codes), train, held, "label")
        self.classes = names[0]
        return Classification(names, codes, train, held)


class DuplicateTarget(TrainingTarget):
    """``duplicates``: what the column ``duplicate_of`` of preprocess says."""

    words = "duplicates"

    def __init__(self, table: pa.Table) -> None:
        if "duplicate_of" not in table.column_names:
            raise InputError("the table has no column 'duplicate_of'", fix="visrec preprocess FOLDER makes one")
        ids, others = table["item_id"].to_pylist(), table["duplicate_of"].to_pylist()
        names = [other or item for item, other in zip(ids, others, strict=True)]
        self.together = np.unique(np.array(names, object).astype(str), return_inverse=True)[1].astype(np.int64)
        self.wanted = np.ones(len(ids), bool)

    def objective(self, train: Rows, held: Rows) -> Objective:
        """See TrainingTarget."""
        assert self.together is not None
        return _pairs(_one_hot(self.together[:, None]), train, held, "duplicate")


class ClickTarget(TrainingTarget):
    """``clicks:LOG``: pictures that the same person clicked."""

    words = "clicks"

    def __init__(self, matrix: sp.csr_matrix) -> None:
        self._users = sp.csr_matrix(matrix.T > 0, dtype=np.float32)  # pictures × users
        self.wanted = np.asarray(self._users.sum(axis=1)).ravel() > 0

    def objective(self, train: Rows, held: Rows) -> Objective:
        """See TrainingTarget."""
        return _pairs(self._users, train, held, "user")


class PreferenceTarget(TrainingTarget):
    """``preference:LOG``: who likes what. Clicks are held back here, not pictures."""

    words = "preference"
    holds_pictures = False

    def __init__(self, matrix: sp.csr_matrix, held: sp.csr_matrix, *, seed: int) -> None:
        self._liked, self._held, self._seed = matrix, held, seed
        self.wanted = np.asarray((matrix + held).sum(axis=0)).ravel() > 0

    def objective(self, train: Rows, held: Rows) -> Objective:
        """See TrainingTarget."""
        usable = np.zeros(len(self.wanted), np.float32)
        usable[train] = 1
        liked, kept = (sp.csr_matrix(one @ sp.diags(usable)) for one in (self._liked, self._held))
        for matrix in (liked, kept):
            matrix.eliminate_zeros()
        if liked.nnz < 2:
            raise InputError("the log and the pictures have fewer than two clicks in common", fix="check their ids")
        return CollaborativePreference(liked, kept, train, seed=self._seed)


class AloneTarget(TrainingTarget):
    """``self``: no labels at all."""

    words = "self"
    holds_pictures = False

    def __init__(self, rows: int) -> None:
        self.wanted = np.ones(rows, bool)

    def objective(self, train: Rows, held: Rows) -> Objective:
        """See TrainingTarget."""
        return SelfSupervised(np.concatenate([train, held]))


def _labels_of(table: pa.Table, name: str) -> list[str | None]:
    if name not in table.column_names:
        raise unknown("column", name, table.column_names)
    kind = table.schema.field(name).type
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    if not (pa.types.is_string(plain) or pa.types.is_large_string(plain) or pa.types.is_integer(plain)
            or pa.types.is_boolean(plain) or pa.types.is_null(plain)):  # fmt: skip
        raise InputError(
            f"column '{name}' is {kind}: labels are words or whole numbers", fix="name another: --target labels:COLUMN"
        )
    words = table[name].cast(plain).cast(pa.string()).to_pylist()
    return [word.strip() or None if word is not None else None for word in words]


def _one_hot(codes: Rows) -> sp.csr_matrix:
    """(rows, groups) of 1 where a row has the code; −1 is none. Codes of different columns are different groups."""
    parts = []
    for column in codes.T:
        with_label = np.flatnonzero(column >= 0)
        ones = np.ones(len(with_label), np.float32)
        parts.append(
            sp.csr_matrix((ones, (with_label, column[with_label])), shape=(len(codes), int(column.max(initial=0)) + 1))
        )
    return sp.csr_matrix(sp.hstack(parts))


def _pairs(groups: sp.csr_matrix, train: Rows, held: Rows, what: str) -> Objective:
    found = MetricLearning(groups, train, held)
    if found.pairs < 2:
        raise InputError(
            f"no two pictures to learn from share a {what}: there are no similar pairs", fix="take another --target"
        )
    return found
