"""A *space*: which encoder, weights, preprocessing and recipe made an embedding column.

It is kept as the parameter of the Arrow extension type ``visrec.embedding`` over a plain fixed-size list. Written as
field metadata it needs no registration: pyarrow and duckdb read the plain list, polars keeps it through a filter
or a join, where ordinary field metadata is lost. Vectors of two different spaces are never compared.
"""

import base64
import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Annotated, Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from visrec_cli.tables.documents import Origin, Width

EXTENSION = b"visrec.embedding"
_NAME, _PARAMETER = b"ARROW:extension:name", b"ARROW:extension:metadata"
_PACKED = {"f32": "<f4", "i64": "<i8"}  # little-endian, whatever the machine


@dataclass(frozen=True)
class Source:
    """One modality of a fused space: the column that it came from and that column's own space (None if unknown)."""

    column: str
    space: "Space | None"
    dimension: int


@dataclass(frozen=True)
class Space:
    """What made a column of vectors.

    encoder: its spec, such as ``lite0`` or ``timm:resnet50``. weights: hash of the weights. preprocessing: all that
    happens before the encoder. normalised: rows have length 1. sources and transform: of a fused or reduced column,
    what it was made from and the fitted arrays (see pack_array), so that new items can be put into the same space.
    """

    encoder: str
    dimension: int
    normalised: bool
    weights: str | None = None
    preprocessing: dict[str, Any] = field(default_factory=dict)
    kind: str = "image"
    sources: tuple[Source, ...] = ()
    transform: dict[str, Any] | None = None

    def to_json(self) -> str:
        """Canonical JSON: sorted keys, no clock, no host name."""
        return json.dumps(self.document(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)

    def document(self) -> dict[str, Any]:
        """What to_json writes, to stand in a larger document."""
        return asdict(self)

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits that two columns share exactly when their spaces are equal."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    def __hash__(self) -> int:
        return hash(self.to_json())

    def field(self, name: str, *, half: bool = False) -> pa.Field:
        """The Arrow field of an embedding column in this space."""
        kind = pa.list_(pa.float16() if half else pa.float32(), self.dimension)
        return pa.field(name, kind, metadata={_NAME: EXTENSION, _PARAMETER: self.to_json().encode()})

    def describe(self) -> str:
        """A few words for people: ``lite0, 1280 numbers``, ``concat of image_embedding + text_embedding, …``."""
        made = f"{self.encoder} of {' + '.join(s.column for s in self.sources)}" if self.sources else self.encoder
        return f"{made}, {self.dimension} numbers{', normalised' if self.normalised else ''}"


class SourceDocument(msgspec.Struct, forbid_unknown_fields=True):
    """A Source as JSON."""

    column: str
    space: "SpaceDocument | None"
    dimension: Width


class SpaceDocument(msgspec.Struct, forbid_unknown_fields=True):
    """A Space as JSON. It has no version of its own: what is not known may change what the vectors are."""

    encoder: str
    dimension: Width
    normalised: bool
    weights: str | None
    preprocessing: dict[str, Any]
    kind: str
    sources: Annotated[list[SourceDocument], msgspec.Meta(max_length=64)]
    transform: dict[str, Any] | None


class _Preprocessing(msgspec.Struct):
    """What is looked at in a space's preprocessing; the rest is only compared."""

    scaled_to: Width | None = None


class _Transform(msgspec.Struct):
    """What anybody looks at in a space's transform; fusion.recipe knows the whole."""

    method: str | None = None
    reduction: dict[str, Any] | None = None


def space_of(arrow_field: pa.Field, where: str = "the table") -> Space | None:
    """The space written in a field, or None: metadata adds checks, never meaning. Raises InputError on a broken one."""
    metadata = arrow_field.metadata or {}
    if metadata.get(_NAME) != EXTENSION or _PARAMETER not in metadata:
        return None
    origin = Origin(
        f"{where}: the space of column '{arrow_field.name}' cannot be read",
        fix="the file comes from a newer visrec or was edited; embed again, or drop the field's metadata",
    )
    space = space_from(origin.json(metadata[_PARAMETER]), origin)
    kind = arrow_field.type
    if pa.types.is_fixed_size_list(kind) and kind.list_size != space.dimension:
        raise origin.wrong("dimension", f"it says {space.dimension} numbers, and the column has {kind.list_size}")
    return space


def space_from(raw: Any, origin: Origin, path: str = "") -> Space:
    """The inverse of Space.to_json, after ``origin.json``, also within a document. Raises InputError for no space."""
    return _space(origin.typed(raw, SpaceDocument, path), origin, path)


def _space(document: SpaceDocument, origin: Origin, path: str) -> Space:
    origin.typed(document.preprocessing, _Preprocessing, f"{path}.preprocessing")
    if document.transform is not None:
        origin.typed(document.transform, _Transform, f"{path}.transform")
    sources = []
    for at, one in enumerate(document.sources):
        inner = f"{path}.sources[{at}]"
        space = None if one.space is None else _space(one.space, origin, f"{inner}.space")
        if space is not None and space.dimension != one.dimension:
            raise origin.wrong(f"{inner}.dimension", f"it says {one.dimension}, and its space {space.dimension}")
        sources.append(Source(one.column, space, one.dimension))
    words = {name: getattr(document, name) for name in document.__struct_fields__}
    return Space(**{**words, "sources": tuple(sources)})


def as_stored(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The array as pack_array keeps it: whole numbers as int64, all others as float32; the shape stays."""
    array = np.asarray(array)
    kind = np.int64 if array.dtype.kind in "iub" else np.float32
    return np.asarray(array, kind, order="C")  # not ascontiguousarray, which gives a number an axis


def pack_array(array: npt.NDArray[Any]) -> dict[str, Any]:
    """An array as JSON: shape and base64 of its little-endian bytes, as ``f32`` or ``i64`` (see as_stored).

    ``Origin.array`` (tables.documents) reads it. The first release kept numbers with the shape [1], and whole ones as
    ``f32``.
    """
    data = as_stored(array)
    name = "i64" if data.dtype == np.int64 else "f32"
    return {"shape": list(data.shape), name: base64.b64encode(data.astype(_PACKED[name]).tobytes()).decode()}
