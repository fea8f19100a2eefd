"""Inspection of ``.pth`` files before torch unpickles them.

torch runs no code of the file, but a few bytes of it may ask for gigabytes: ``bytearray(4000000000)``, or a thousand
copies of one list. Of what torch knows, only that passes which says where numbers lie.
"""

import pickletools
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from visrec_cli.errors import InputError

_NUMBERS = re.compile(
    r"torch\._utils _rebuild_(tensor|tensor_v2|tensor_v3|qtensor|sparse_tensor|parameter|parameter_with_state)"
    r"|torch \w+Storage|torch\.storage \w+Storage|torch [a-z]\w*|torch\.serialization _get_layout"
    r"|torch\.nn\.parameter Parameter"
)
_COPIES = {
    "collections OrderedDict", "collections Counter", "torch Size", "torch Tensor", "_codecs encode", "builtins set",
    "builtins complex", "torch._tensor _rebuild_from_type_v2",
}  # fmt: skip
_MOST = 100  # calls that copy what they are given; files of weights have one or two beside the empty OrderedDicts
_FIRST = 5  # pickles at the head of a file of the form before torch 1.6; the numbers follow


def require_plain(path: Path) -> None:
    """Raise InputError where the file would have torch make more than it holds."""
    copies = 0
    for called, empty in _calls(path):
        if called in _COPIES:
            copies += not empty
        elif not _NUMBERS.fullmatch(called):
            raise _refusal(path, f"it holds {called.replace(' ', '.')}, and not weights alone")
        if copies > _MOST:
            raise _refusal(path, f"it makes more than {_MOST} copies of what it holds")


def _refusal(path: Path, why: str) -> InputError:
    return InputError(f"'{path}' cannot be read as weights: {why}", fix="save the weights alone, or as safetensors")


def _calls(path: Path) -> Iterator[tuple[str, bool]]:
    """Each place where the pickles name something to be called, and whether it is called with nothing."""
    for ops in _pickles(path):
        kept: dict[object, str] = {}
        named, put = "", 0
        for op, arg, _ in ops:
            if op.name in ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"):
                place = put if op.name == "MEMOIZE" else arg
                put += 1
                kept.pop(place, None)
                if named:
                    kept[place] = named
                continue
            if named:
                yield named, op.name == "EMPTY_TUPLE"
            named = ""
            if op.name in ("GLOBAL", "INST"):
                named = str(arg).replace("__builtin__ ", "builtins ")  # as protocol 2 has it
            elif op.name == "STACK_GLOBAL":
                named = "something by another protocol than 2"
            elif op.name in ("GET", "BINGET", "LONG_BINGET"):
                named = kept.get(arg, "")


def _pickles(path: Path) -> Iterator[Iterator[tuple[pickletools.OpcodeInfo, object, int | None]]]:
    """The opcodes of each, from where torch takes it: it goes by the first bytes."""
    with path.open("rb") as file:
        if file.read(4) == b"PK\3\4":
            with zipfile.ZipFile(path) as archive:
                for one in archive.infolist():
                    if one.filename.endswith("data.pkl"):
                        yield pickletools.genops(archive.read(one))
            return
        file.seek(0)
        for _ in range(_FIRST):
            yield pickletools.genops(file)
