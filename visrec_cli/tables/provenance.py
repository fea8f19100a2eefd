"""On what the models behind a list of recommendations were fitted: a note on its column ``source``.

Like the spaces of vectors it is field metadata, which passes through Arrow and Parquet, files and pipes. Where another
tool dropped it nothing is claimed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from visrec_cli.errors import InputError
from visrec_cli.tables.documents import Origin

COLUMN = "source"
_KEY = b"visrec.models"
_ON = ("known", "train")


@dataclass(frozen=True)
class Fit:
    """On what a model was fitted: ``known`` (training and validation rows) or ``train``; of how many interactions, and
    how many it was validated on (None: nobody says, or nothing was held back)."""

    on: str
    interactions: int | None = None
    validation: int | None = None

    @classmethod
    def of(cls, facts: Any) -> "Fit | None":
        """What the metadata of a model says, which may come from anywhere; None where it says nothing of the kind."""
        if not isinstance(facts, Mapping) or facts.get("fit_on") not in _ON:
            return None
        numbers = (facts.get(name) for name in ("interactions", "validation_interactions"))
        counts = (n if isinstance(n, int) and not isinstance(n, bool) and n >= 0 else None for n in numbers)
        return cls(facts["fit_on"], *counts)

    @property
    def facts(self) -> dict[str, Any]:
        """The inverse of ``of``."""
        facts_given = {"fit_on": self.on, "interactions": self.interactions, "validation_interactions": self.validation}
        return {name: value for name, value in facts_given.items() if value is not None}

    def describe(self) -> str:
        """The same in words."""
        rows = "training and validation rows"
        if self.on == "train":
            rows = "the training rows alone"
        elif self.validation is None:
            rows = "all rows but those for test"
        facts_given = [] if self.interactions is None else [f"{self.interactions:,} interactions"]
        facts_given += [] if self.validation is None else [f"validated on {self.validation:,}"]
        return f"{rows} ({'; '.join(facts_given)})" if facts_given else rows


def with_fits(field: pa.Field, fits: Mapping[str, Fit]) -> pa.Field:
    """The field of ``source`` with what is known of each model in it, by name."""
    if not fits:
        return field
    facts_given = json.dumps({name: fit.facts for name, fit in fits.items()}, sort_keys=True, separators=(",", ":"))
    return field.with_metadata({**(field.metadata or {}), _KEY: facts_given.encode()})


def passed_on(schema: pa.Schema) -> dict[bytes, bytes]:
    """The note of some recommendations, as metadata of a schema without the column ``source``."""
    at = schema.get_field_index(COLUMN)
    facts_given = {} if at < 0 else schema.field(at).metadata or {}
    return {_KEY: facts_given[_KEY]} if _KEY in facts_given else {}


def fits_of(schema: pa.Schema) -> dict[str, Fit]:
    """What recommendations say of their models, in the column ``source`` or passed on; empty where nothing does."""
    facts_given = passed_on(schema) or schema.metadata or {}
    try:
        models = Origin("the note of the models", fix="recommend anew").json(facts_given.get(_KEY, b"{}"))
    except InputError:
        return {}
    if not isinstance(models, dict):
        return {}
    return {name: fit for name, facts in models.items() if (fit := Fit.of(facts)) is not None}
