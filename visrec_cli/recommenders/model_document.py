"""Metadata of a model as JSON, validated against what its recommender requires."""

from dataclasses import replace
from typing import Annotated, Any

import msgspec
import pyarrow as pa

from visrec_cli.errors import InputError, UnavailableError
from visrec_cli.recommenders.base import Recommender
from visrec_cli.recommenders.model import Model
from visrec_cli.registry import find, has, made_by
from visrec_cli.tables.documents import Finite, Origin, Width

FORMAT = 1
EXTENSION = b"visrec.model"
NAME, PARAMETER = b"ARROW:extension:name", b"ARROW:extension:metadata"


class ModelDocument(msgspec.Struct):
    """Metadata of a model. Unknown keys are ignored; ``format`` decides.

    state: packed arrays. space: see tables.spaces. facts: for people, but for those that LoadedModel and Fit look at.
    """

    format: int = FORMAT
    recommender: str = "unknown"
    settings: dict[str, Any] = {}
    parts: list[tuple[str, Width]] = []
    offset: Finite = 0.0
    state: dict[str, Any] = {}
    facts: dict[str, Any] = {}
    space: dict[str, Any] | None = None


_Word = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+!-]{0,99}$")]


class PluginDocument(msgspec.Struct):
    """The package of a plug-in recommender, under ``facts.plugin``."""

    package: _Word
    version: _Word


def origin_of(where: str) -> Origin:
    """Whose note it is."""
    return Origin(f"{where}: what it says about itself cannot be read", fix="train it again")


def note_of(field: pa.Field, where: str) -> ModelDocument | None:
    """The note on a model's column ``entity``; None where it was lost.

    Raises InputError for one that cannot be read, or of another format version.
    """
    metadata = field.metadata or {}
    if metadata.get(NAME) != EXTENSION:
        return None
    origin = origin_of(where)
    raw = origin.typed(origin.json(metadata.get(PARAMETER, b"")), dict)
    version = origin.typed(raw.get("format"), int, "format")
    if version != FORMAT:
        facts = raw.get("facts")
        made = facts.get("version") if isinstance(facts, dict) else None
        raise InputError(
            f"{where} was made by visrec {made or 'another version'}, in model format {version}; this visrec reads "
            f"format {FORMAT}",
            fix="train it again, or use that version",
        )
    return origin.typed(raw, ModelDocument)


def required(model: Model, origin: Origin, where: str) -> Model:
    """The model with all settings of its recommender. Raises InputError where that could not go on from it,
    UnavailableError where it is a plug-in's that is not installed.
    """
    _require_plugin(model, origin, where)
    if not has("recommender", model.recommender):
        Recommender.require(model, origin)
        return model
    kind: type[Recommender] = find("recommender", model.recommender)
    model = replace(model, settings=origin.settings(model.settings, kind.settings, "settings"))
    kind.require(model, origin)
    return model


def _require_plugin(model: Model, origin: Origin, where: str) -> None:
    """Raise UnavailableError where another package trained the model than the one that has its recommender here."""
    plugin_facts = model.facts.get("plugin")
    if plugin_facts is None:
        return
    plugin = origin.typed(plugin_facts, PluginDocument, "facts.plugin")
    installed = made_by("recommender", model.recommender).get("plugin")
    if installed is None or installed["package"] != plugin.package:
        package = f"{plugin.package} {plugin.version}"
        other = f"is of {installed['package']} here" if installed else "is not installed here"
        if not installed and has("recommender", model.recommender):
            other = "is visrec's own here"
        raise UnavailableError(
            f"{where} was trained with the recommender '{model.recommender}' of the package {package}, which {other}",
            fix=f"install {package} if you trust it, or train the model again",
        )
