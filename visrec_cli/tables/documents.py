"""The one door for JSON that comes with a file: of a known type and a sane size, or refused with the place in it.

What a column, a model, a checkpoint or an encoder says of itself may come from anywhere. Here it becomes a
``msgspec.Struct``, so that whoever uses it need not doubt that a number is one. The documents stand beside what reads
them; here are the types that they share.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Annotated, Any, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from visrec_cli.errors import InputError, UsageError
from visrec_cli.runtime.settings import Setting

T = TypeVar("T")
Shape = Sequence[int | None]
"""What an array must look like; None: any length."""

DEEPEST = 64  # levels of a document: far more than any has, and far fewer than what Python can go down
_LARGEST_SETTING = 1 << 31  # of whole numbers: sizes and counts, each of them far below
_LEAST, _MOST = -(1 << 63), (1 << 64) - 1  # whole numbers that others can read too

Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]
Width = Annotated[int, msgspec.Meta(ge=1, le=1 << 20)]
"""Numbers in a vector."""
Finite = Annotated[float, msgspec.Meta(ge=-1.7976931348623157e308, le=1.7976931348623157e308)]
"""Neither NaN nor infinite."""
Positive = Annotated[float, msgspec.Meta(ge=0, le=1.7976931348623157e308)]
"""From 0 on, and no infinity."""


class PackedArray(msgspec.Struct, forbid_unknown_fields=True):
    """An array as tables.spaces.pack_array writes it: its shape, and its bytes in base64 under their kind."""

    shape: Annotated[list[Count], msgspec.Meta(max_length=8)]
    f32: str | None = None
    i64: str | None = None


@dataclass(frozen=True)
class Origin:
    """Whose document it is, in the words of the refusal, and what to do about a wrong one."""

    where: str
    fix: str

    def wrong(self, path: str, what: str) -> InputError:
        """The refusal of what stands at a place such as ``state.map.weights``."""
        return InputError(f"{self.where}: {path.lstrip('.')}{': ' if path else ''}{what}", fix=self.fix)

    def read(self, text: str | bytes, kind: type[T]) -> T:
        """The document. Raises InputError for text that is not JSON, or another document."""
        return self.typed(self.json(text), kind)

    def json(self, text: str | bytes) -> Any:
        """Any JSON that this program could write. Raises InputError.

        Refused are a key that stands twice, more levels than DEEPEST, whole numbers beyond 64 bits, and half
        characters: each of them fails later, in whatever happens to touch it.
        """
        try:
            raw = json.loads(text, object_pairs_hook=_unique)  # noqa: TID251  # this is the door
        except (ValueError, RecursionError) as error:
            raise self.wrong("", f"it is not JSON: {_why(error)}") from error
        waiting: list[tuple[str, Any, int]] = [("", raw, 1)]
        while waiting:
            path, value, level = waiting.pop()
            if level > DEEPEST:
                raise self.wrong(path[:40], f"it goes down more than {DEEPEST} levels")
            if isinstance(value, dict):
                waiting += [(f"{path}.{name}", one, level + 1) for name, one in value.items()]
                value = "".join(value)
            elif isinstance(value, list):
                waiting += [(f"{path}[{at}]", one, level + 1) for at, one in enumerate(value)]
            if isinstance(value, str) and not _is_text(value):
                raise self.wrong(_printable(path), "it holds half of a character")
            if isinstance(value, int) and not _LEAST <= value <= _MOST:
                raise self.wrong(path, "it is not a number of 64 bits")
        return raw

    def typed(self, raw: Any, kind: type[T], path: str = "") -> T:
        """``raw`` as a ``kind``: a Struct, or any type that msgspec knows. Raises InputError."""
        try:
            return msgspec.convert(raw, kind)
        except msgspec.ValidationError as error:
            what, _, place = str(error).replace("`", "").partition(" - at $")
            raise self.wrong(path + place, f"{what[:1].lower()}{what[1:]}") from error

    def array(self, raw: Any, path: str, shape: Shape | None = None) -> npt.NDArray[Any]:
        """A packed array of finite numbers. Raises InputError, also where its shape is not the one that is needed."""
        packed = self.typed(raw, PackedArray, path)
        text = packed.i64 if packed.f32 is None else packed.f32
        if text is None or None not in (packed.f32, packed.i64):
            raise self.wrong(path, "it has either f32 or i64")
        try:
            content = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise self.wrong(path, f"it is no base64 ({error})") from error
        kind = np.dtype("<f4" if packed.i64 is None else "<i8")
        if len(content) != kind.itemsize * prod(packed.shape):
            raise self.wrong(path, f"it has {len(content)} bytes, and a shape of {packed.shape} {kind.name} numbers")
        array = np.frombuffer(content, kind).reshape(packed.shape).astype(kind.newbyteorder("="))
        if not np.isfinite(array).all():
            raise self.wrong(path, "it holds NaN or infinity")
        if shape is not None:
            self.require_shape(array, shape, path)
        return array

    def arrays(self, raw: Mapping[str, Any], path: str, shapes: Mapping[str, Shape]) -> dict[str, npt.NDArray[Any]]:
        """Packed arrays by name: those of ``shapes``, and what else there is. Raises InputError for one that lacks."""
        missing = next((name for name in shapes if name not in raw), None)
        if missing is not None:
            raise self.wrong(f"{path}.{missing}", "it is not there")
        return {name: self.array(one, f"{path}.{name}", shapes.get(name)) for name, one in raw.items()}

    def settings(self, raw: Mapping[str, Any], knobs: Mapping[str, Setting], path: str) -> dict[str, Any]:
        """All of these settings, by default where an earlier version did not know them; others stay as they are.

        One that is AUTO by default has become a number. Raises InputError for a value that the setting cannot have.
        """
        found = dict(raw)
        for name, knob in knobs.items():
            kind: Any = knob.kind or type(knob.default)
            value = found.get(name, knob.default)
            if type(value) is not kind and not (kind is float and type(value) is int):
                raise self.wrong(f"{path}.{name}", f"expected {kind.__name__}, got {type(value).__name__}")
            if kind is int and value > _LARGEST_SETTING:
                raise self.wrong(f"{path}.{name}", f"it is larger than {_LARGEST_SETTING}")
            try:
                found[name] = knob.parse(name, value)
            except UsageError as error:
                raise self.wrong(f"{path}.{name}", error.what) from error
        return found

    def require_shape(self, array: npt.NDArray[Any], shape: Shape, path: str) -> None:
        """Raise InputError unless the array looks so."""
        fits = len(shape) == array.ndim and all(
            want is None or want == length for want, length in zip(shape, array.shape, strict=True)
        )
        if not fits:
            wanted = ", ".join("any" if one is None else str(one) for one in shape)
            raise self.wrong(path, f"its shape is {list(array.shape)}, and [{wanted}] is needed")


class _RepeatedKeyError(ValueError):
    """A key that stands twice in one object."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _RepeatedKeyError
    return found


def _why(error: ValueError | RecursionError) -> str:
    """What is wrong with a text, in our words: the parser's are about Python."""
    if isinstance(error, json.JSONDecodeError):
        if error.pos >= len(error.doc.rstrip()):
            return "unexpected end"
        after = "text after its end," if error.msg == "Extra data" else "syntax error"
        line = f"line {error.lineno:,}, " if "\n" in error.doc.rstrip() else ""
        return f"{after} at {line}character {error.colno:,}"
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8" + (f", from byte {error.start + 1:,} on" if error.encoding == "utf-8" else "")
    if isinstance(error, RecursionError):
        return f"it goes down more than {DEEPEST} levels"
    if isinstance(error, _RepeatedKeyError):
        return "a key stands twice in one object"
    return "a number has thousands of digits"  # more than Python makes a number of


def _is_text(value: str) -> bool:
    return value.isascii() or _printable(value) == value


def _printable(value: str) -> str:
    return value.encode("utf-8", "replace").decode("utf-8")
