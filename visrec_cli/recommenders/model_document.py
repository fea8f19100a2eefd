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

    Attributes
    ----------
    format : int, default=FORMAT
        Version of the format.
    recommender : str, default="unknown"
        Name of the recommender.
    settings : dict[str, Any], default={}
        Its settings.
    parts : list[tuple[str, Width]], default=[]
        Name and width of each block of the factors.
    offset : Finite, default=0.0
        Added to every score.
    state : dict[str, Any], default={}
        Packed arrays by name.
    facts : dict[str, Any], default={}
        Metadata for people; ``LoadedModel`` and ``Fit`` read some of it.
    space : dict[str, Any] | None, default=None
        Embedding space of the item vectors, see ``tables.spaces``; None if not known.
    """

    format: int = FORMAT
    recommender: str = "unknown"
    settings: dict[str, Any] = {}
    parts: list[tuple[str, Width]] = []
    offset: Finite = 0.0
    state: dict[str, Any] = {}
    facts: dict[str, Any] = {}
    space: dict[str, Any] | None = None


_Token = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+!-]{0,99}$")]


class PluginDocument(msgspec.Struct):
    """The package of a plug-in recommender, under ``facts.plugin``."""

    package: _Token
    version: _Token


def origin_of(where: str) -> Origin:
    """Name the metadata of a model in error messages."""
    return Origin(f"{where}: the metadata of the model cannot be read", fix="train it again")


def note_of(field: pa.Field, where: str) -> ModelDocument | None:
    """Read the metadata that a model keeps on its column ``entity``.

    Parameters
    ----------
    field : pa.Field
        The column's field.
    where : str
        Name of the file, for messages.

    Returns
    -------
    ModelDocument | None
        The metadata; None if they were lost.

    Raises
    ------
    InputError
        If they cannot be read, or belong to another version of the format.
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
    """Complete the settings of a model, and check that its recommender can go on from it.

    Parameters
    ----------
    model : Model
        The model.
    origin : Origin
        Names the metadata in error messages.
    where : str
        Name of the file, for messages.

    Returns
    -------
    Model
        The model with all settings of its recommender.

    Raises
    ------
    InputError
        If the recommender cannot go on from it.
    UnavailableError
        If the recommender is a plug-in that is not installed.
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
    """Raise UnavailableError if another package trained the model than the one that has its recommender here."""
    plugin_facts = model.facts.get("plugin")
    if plugin_facts is None:
        return
    plugin = origin.typed(plugin_facts, PluginDocument, "facts.plugin")
    installed = made_by("recommender", model.recommender).get("plugin")
    if installed is None or installed["package"] != plugin.package:
        package = f"{plugin.package} {plugin.version}"
        other = f"belongs to {installed['package']} here" if installed else "is not installed here"
        if not installed and has("recommender", model.recommender):
            other = "belongs to visrec itself here"
        raise UnavailableError(
            f"{where} was trained with the recommender '{model.recommender}' of the package {package}, which {other}",
            fix=f"install {package} if you trust it, or train the model again",
        )
