"""Command lines run in this process, each in a folder of its own, with all that they do to the outside."""

import contextlib
import functools
import hashlib
import inspect
import io
import os
import re
import shutil
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

from tests.conftest import MODELS
from visrec_cli.app import run as visrec
from visrec_cli.commands.lazy_commands import Verbs
from visrec_cli.runtime.command_line import options_in


@dataclass(frozen=True)
class Spy:
    """A function that is called on the way, ``package.module:Class.function``, and one of its arguments: what it is
    given is noted. instead: what is called in its place, where it would take long."""

    target: str
    argument: str
    instead: Callable[..., Any] | None = None


@dataclass(frozen=True)
class Outcome:
    """What a line did. files: those that are new or other than before, by name, as hashes of their bytes.
    noted: what the spies saw."""

    code: int
    out: bytes
    err: str
    files: dict[str, str]
    noted: Mapping[Spy, tuple[str, ...]] = field(default_factory=dict)


def run(
    line: list[str], desk: Path, place: Path, *, stdin: str = "", spies: Sequence[Spy] = (), keep: Path | None = None
) -> Outcome:
    """Run ``visrec LINE`` in a copy of ``desk`` at ``place``; nothing of one run is left to another.

    stdin: a file of the desk. keep: where what is made is put.
    """
    shutil.copytree(desk, place, copy_function=shutil.copyfile, symlinks=True)
    cache = place.with_name(place.name + "-cache")
    cache.mkdir()
    (cache / "models").symlink_to(MODELS)
    before = _files(place)
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True), io.StringIO()
    given = place / stdin if stdin else Path(os.devnull)
    noted: dict[Spy, list[str]] = {spy: [] for spy in spies}
    with contextlib.ExitStack() as stack:
        environment = {"VISREC_CACHE_DIR": str(cache), "HF_HUB_OFFLINE": "1", "COLUMNS": "100"}
        stack.enter_context(mock.patch.dict(os.environ, environment))
        stack.enter_context(contextlib.chdir(place))
        stack.enter_context(mock.patch("sys.stdin", stack.enter_context(given.open())))
        stack.enter_context(mock.patch("sys.stdout", out))
        stack.enter_context(mock.patch("sys.stderr", err))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")  # of libraries; other tests look at them
        for spy, seen in noted.items():
            stack.enter_context(_noting(spy, seen))
        code = visrec(line)
    after = _files(place)
    files = {name: hashed for name, hashed in after.items() if before.get(name) != hashed}
    for name in files if keep is not None else ():
        (keep / name).parent.mkdir(exist_ok=True)
        shutil.copy(place / name, keep / name)
    shutil.rmtree(place)
    return Outcome(
        code,
        out.buffer.getvalue(),
        _plain(err.getvalue(), place),
        files,
        {spy: tuple(seen) for spy, seen in noted.items()},
    )


def foreign_options(verbs: Iterable[str], said: str) -> list[str]:
    """The options that messages name, and that none of the verbs has."""
    had = {name for verb in verbs for one in Verbs()[verb].params for name in (*one.opts, *one.secondary_opts)}
    return [name for name in options_in(said) if name not in had]


@contextlib.contextmanager
def _noting(spy: Spy, noted: list[str]) -> Iterator[None]:
    """Let the function do what it does, and note what it is given."""
    module, _, path = spy.target.partition(":")
    *owners, name = path.split(".")
    owner: Any = import_module(module)
    for one in owners:
        owner = getattr(owner, one)
    real: Callable[..., Any] = getattr(owner, name)
    signature = inspect.signature(real)  # of the function below, where another spy looks on already

    @functools.wraps(real)
    def noting(*arguments: Any, **named: Any) -> Any:
        bound = signature.bind(*arguments, **named)
        bound.apply_defaults()
        noted.append(repr(bound.arguments[spy.argument]))
        return (spy.instead or real)(*arguments, **named)

    with mock.patch.object(owner, name, noting):
        yield


def _files(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _plain(text: str, place: Path) -> str:
    """Words without where and how fast."""
    return re.sub(r"\d+(\.\d+)? (ms|s)\b", "TIME", text.replace(str(place), "."))
