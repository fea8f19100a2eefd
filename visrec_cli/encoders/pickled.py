"""Inspection of ``.pth`` files before torch unpickles them.

torch runs no code of the file, but a few bytes of it may allocate gigabytes: ``bytearray(4000000000)``, or a thousand
copies of one list. Of the calls that torch allows, only those pass that describe where numbers are stored.
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
_MOST = 100  # copying calls; files of weights have one or two, apart from empty OrderedDicts
_FIRST = 5  # pickles at the start of a file in the format before torch 1.6; the numbers follow


def require_plain(path: Path) -> None:
    """Check that unpickling a file needs no more memory than its contents.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    InputError
        If it may need more.
    """
    copies = 0
    for called, empty in _calls(path):
        if called in _COPIES:
            copies += not empty
        elif not _NUMBERS.fullmatch(called):
            raise _refusal(path, f"it contains {called.replace(' ', '.')}, not only weights")
        if copies > _MOST:
            raise _refusal(path, f"it makes more than {_MOST} copies of its contents")


def _refusal(path: Path, why: str) -> InputError:
    return InputError(f"'{path}' cannot be read as weights: {why}", fix="save the weights alone, or as safetensors")


def _calls(path: Path) -> Iterator[tuple[str, bool]]:
    """Each callable that the pickles name, and whether it is called without arguments."""
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
                named = str(arg).replace("__builtin__ ", "builtins ")  # as in protocol 2
            elif op.name == "STACK_GLOBAL":
                named = "a name of another protocol than 2"
            elif op.name in ("GET", "BINGET", "LONG_BINGET"):
                named = kept.get(arg, "")


def _pickles(path: Path) -> Iterator[Iterator[tuple[pickletools.OpcodeInfo, object, int | None]]]:
    """The opcodes of each pickle that torch reads; like torch, this goes by the first bytes of the file."""
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
