"""Checks of output files, made before any work.

For every file that an option ``Writes``: the format of its name (or --format) can hold the result; its folder exists
and is writable; no two outputs are the same file; and none is an input, unless the result contains that input.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from glob import has_magic
from pathlib import Path, PurePath
from typing import Any

from visrec_cli.errors import OutputError, UsageError
from visrec_cli.options.files import ENDINGS, HOLDS, WHOLE, Reads, Writes
from visrec_cli.options.requirements import CommandValues, either


@dataclass(frozen=True)
class _Output:
    """One file that is to be written."""

    flag: str
    target: str
    one: Writes
    what: str


def check_outputs(declared: Mapping[str, Writes | Reads], line: CommandValues) -> None:
    """Raise UsageError for an output that cannot hold its result or would destroy an input, OutputError for a place
    where nothing can be written."""
    outputs = list(_outputs(declared, line))
    for output in outputs:
        _check_name(output, line)
    _check_twice(outputs)
    _check_inputs(outputs, declared, line)
    for output in outputs:
        _check_place(output)


def check_stdin(declared: Mapping[str, Writes | Reads], line: CommandValues) -> None:
    """Raise UsageError where two inputs are to come from stdin: whichever is read second would find it empty."""
    flags = [
        line.flag(name)
        for name, one in declared.items()
        if isinstance(one, Reads)
        for source in _texts(line.values.get(name))
        if source == "-" or source.endswith(":-")  # clicks:- is a log
    ]
    if len(flags) > 1:
        raise UsageError(
            f"stdin can be read once, and {flags[0]} and {flags[1]} both name it", fix="give a file for one of them"
        )


def _outputs(declared: Mapping[str, Writes | Reads], line: CommandValues) -> Iterator[_Output]:
    for name, one in declared.items():
        if isinstance(one, Writes):
            what = one.what if isinstance(one.what, str) else one.what(line)
            value = line.values.get(name)
            if name == "output" and value is None and line.has("format"):
                value = "-"  # show writes only if -o or --format is given
            for target in _texts(value):
                yield _Output(line.flag(name), target, one, what)


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def _check_name(output: _Output, line: CommandValues) -> None:
    """Refuse a name, or a --format, that cannot hold what is written."""
    from visrec_cli.tables.writers import ENDINGS as TABLES

    target, what = output.target, output.what
    if target == "-" and not output.one.stdout:
        raise UsageError(f"{output.flag} needs the name of a file, not -", fix=f"{output.flag} FILE")
    endings, formats = ENDINGS.get(what, ()), HOLDS.get(what, ())
    if target != "-" and Path(target).suffix.lower() in endings:
        return
    if endings and not formats:
        raise UsageError(
            f"'{target}': {what} is a file that ends in {either(endings)}",
            fix=f"{output.flag} {Path(target).stem}{endings[0]}",
        )
    if not formats:
        return
    known = [ending for ending, name in TABLES.items() if name in formats]
    ways = f"use one of {', '.join([*known, *endings])}"
    stated = line.values.get("format") if output.flag == "--output" else None
    if target != "-" and stated is None and Path(target).suffix.lower() not in TABLES:
        also = ", or --format" if output.flag == "--output" and "format" in line.parameters else ""
        raise UsageError(f"'{target}': the file ending identifies no format", fix=f"{ways}{also}")
    form = _format(output, line)
    if form not in formats:
        why = "holds one matrix of vectors, and not" if form == "npy" else "cannot hold"
        raise UsageError(f"{'' if target == '-' else f'{target}: '}{form} {why} {what}", fix=ways)
    if form == "npy" and target == "-":
        raise UsageError("NPY needs ids beside it and cannot go through a pipe", fix="-o x.npy, or pipe Arrow")


def _format(output: _Output, line: CommandValues) -> str | None:
    """The format of a table; None for other content. Raises UsageError if the name has no known ending."""
    from visrec_cli.tables.output import format_of

    if output.what not in HOLDS:
        return None
    return format_of(output.target, line.values.get("format") if output.flag == "--output" else None)


def _check_twice(outputs: list[_Output]) -> None:
    """Refuse two outputs in one file, or both on stdout."""
    taken: dict[str, _Output] = {}
    for output in outputs:
        place = output.target if output.target == "-" else os.path.realpath(output.target)
        if place in taken and not _device(output.target):
            raise UsageError(
                f"{taken[place].flag} and {output.flag} are one {'stream' if place == '-' else 'file'}",
                fix=f"give {output.flag} another name",
            )
        taken[place] = output


def _check_inputs(outputs: list[_Output], declared: Mapping[str, Writes | Reads], line: CommandValues) -> None:
    """Refuse an output that would replace what is read."""
    inputs = {
        os.path.realpath(path): name
        for name, one in declared.items()
        if isinstance(one, Reads)
        for text in _texts(line.values.get(name))
        for path in _paths(text)
    }
    for output in outputs:
        _check_part(output, declared, line)
        name = next((inputs[path] for path in inputs if _replaces(output, path)), None)
        kept = name in output.one.over and _format(output, line) in (None, *WHOLE)  # CSV and NPY drop columns
        if name is not None and not kept and not _device(output.target):
            argument = line.parameters[name].param_type_name == "argument"
            read = "the input" if argument else f"the file of {line.flag(name)}"
            raise UsageError(
                f"{output.flag} {output.target} would replace {read}", fix=f"give {output.flag} another name"
            )


def _replaces(output: _Output, path: str) -> bool:
    """Whether the output would be, or hold, the file at this real path."""
    if output.target == "-":
        return False
    place = os.path.realpath(output.target)
    inside = os.path.relpath(path, place)
    return path == place or any(fnmatch(inside, form) for form in output.one.within)


def _check_part(output: _Output, declared: Mapping[str, Writes | Reads], line: CommandValues) -> None:
    """Refuse an output that is, or would be when the line is run again, a part of a table in many files."""
    if output.target == "-" or _device(output.target):
        return
    place = os.path.realpath(output.target)
    for name, one in declared.items():
        for text in _texts(line.values.get(name)) if isinstance(one, Reads) else ():
            if _holds(text, place):
                raise UsageError(
                    f"{output.flag} {output.target} would be a part of the input, {text}",
                    fix=f"give {output.flag} a name outside of it",
                )


def _holds(text: str, place: str) -> bool:
    """Whether a pattern, or a folder of tables, that is read holds the file at a real path."""
    if has_magic(text) and not os.path.lexists(text):
        return PurePath(place).match(os.path.join(os.path.realpath("."), text))  # noqa: PTH118  # text may be absolute
    if not place.startswith(f"{os.path.realpath(text)}{os.sep}"):
        return False
    from visrec_cli.tables.table_folders import is_folder_of_tables

    return is_folder_of_tables(text)


def _paths(text: str) -> Iterator[str]:
    """The files that a value may name: the value, or the path in a spec (``clicks:log.csv``, ``file:w.pt?arch=x``)."""
    yield from () if text == "-" else (text, *([text.partition(":")[2].partition("?")[0]] if ":" in text else []))


def _check_place(output: _Output) -> None:
    """Refuse a folder that does not exist or is not writable."""
    from visrec_cli.tables.atomic import check_place

    if output.target == "-":
        return
    path = Path(output.target)
    if not output.one.within:
        check_place(path)
        return
    present = next(one for one in (path.absolute(), *path.absolute().parents) if one.exists())
    if not present.is_dir() or not os.access(present, os.W_OK):
        why = "permission denied" if present.is_dir() else f"{present} is a file"
        raise OutputError(f"cannot make the folder {output.target}: {why}", fix=f"give {output.flag} another name")


def _device(target: str) -> bool:
    """Whether the target is written in place and never replaced, such as /dev/null."""
    path = Path(target)
    return target != "-" and path.exists() and not path.is_file() and not path.is_dir()
