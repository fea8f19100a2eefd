"""Candidate items: the union of all models' items, and which of them may be recommended."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from visrec_cli.errors import InputError
from visrec_cli.logs.item_groups import groups_of
from visrec_cli.recommenders.top_k import tie_order
from visrec_cli.runtime.report import Report
from visrec_cli.stages.recommend.users.loaded_model import LoadedModel
from visrec_cli.tables.unicode_forms import note_other_forms
from visrec_cli.tables.vectors import Mask, Rows


@dataclass(frozen=True)
class CandidateItems:
    """Row i of ``about`` (``item_id`` first) belongs to ids[i]; row r of model m stands in row places[m][r] here."""

    ids: tuple[str, ...]
    about: pa.Table
    places: tuple[Rows, ...]

    @cached_property
    def tie_order(self) -> Rows:
        """Who goes first among equal scores; see recommenders.top_k."""
        return tie_order(self.ids)

    @cached_property
    def row_of(self) -> dict[str, int]:
        """The row of each item."""
        return {item: row for row, item in enumerate(self.ids)}

    @cached_property
    def groups(self) -> Rows | None:
        """(items,) known duplicates (column ``duplicate_of``) share a number; None where no item is one of another."""
        if "duplicate_of" not in self.about.column_names or not self.about["duplicate_of"].drop_null().length():
            return None
        return groups_of(self.ids, self.about, "duplicate_of")

    def spread(self, values: npt.NDArray[np.float32], at: int) -> npt.NDArray[np.float32]:
        """(items,) values of the items of model ``at``, -inf for the others."""
        whole = np.full(len(self.ids), -np.inf, np.float32)
        whole[self.places[at]] = values
        return whole


def candidates_of(loaded: Sequence[LoadedModel], report: Report) -> CandidateItems:
    """The union: the first model's items in their order, then what each further one adds."""
    row_of: dict[str, int] = {}
    tables, places = [], []
    for one in loaded:
        new = [row for row, item in enumerate(one.model.items.ids) if item not in row_of]
        note_other_forms([one.model.items.ids[row] for row in new], row_of, f"{one.name} beside other models", report)
        row_of.update({one.model.items.ids[row]: len(row_of) + n for n, row in enumerate(new)})
        tables.append(one.about if len(new) == len(one.model.items.ids) else one.about.take(pa.array(new, pa.int64())))
        places.append(np.array([row_of[item] for item in one.model.items.ids], np.int64))
    try:
        about = tables[0] if len(tables) == 1 else pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowTypeError, pa.ArrowInvalid) as error:
        raise InputError(
            f"the models' item columns do not fit together: {error}", fix="give both the same --items"
        ) from error
    return CandidateItems(tuple(row_of), about, tuple(places))


def allowed_of(
    candidates: CandidateItems,
    *,
    where: str | None,
    allow: Sequence[str] | None,
    deny: Sequence[str] | None,
    report: Report,
) -> Mask:
    """(items,) bool: which items may be recommended. Raises InputError if there is none."""
    allowed = np.ones(len(candidates.ids), bool)
    if where is not None:
        from visrec_cli.ranking.filters import rows_where

        allowed &= rows_where(candidates.about, where)
        report.count("items pass --where", int(allowed.sum()))
    for listed, may, flag in ((allow, True, "--allow"), (deny, False, "--deny")):
        if listed is None:
            continue
        rows = [candidates.row_of[item] for item in listed if item in candidates.row_of]
        unknown_ids = len(listed) - len(rows)
        note_other_forms(listed, candidates.ids, f"{flag} beside the models", report)
        if may and not rows:
            raise InputError(
                f"no model has any item of {flag} ({', '.join(map(repr, listed[:3]))})",
                fix=f"items are called {', '.join(map(repr, candidates.ids[:3]))}",
            )
        report.count(f"items of {flag} that no model has", unknown_ids)
        named = np.zeros(len(candidates.ids), bool)
        named[rows] = True
        allowed &= named if may else ~named
    if not allowed.any():
        flags = [f"--where {where!r}"] if where is not None else []
        flags += [flag for flag, listed in (("--allow", allow), ("--deny", deny)) if listed is not None]
        raise InputError(f"no item passes {' and '.join(flags)}", fix="loosen the condition")
    return allowed
