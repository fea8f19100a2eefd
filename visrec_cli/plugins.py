"""Plug-ins: members of the families that other installed packages bring, by entry points (docs/adding.md).

Reading the entry points of all packages takes a quarter of a second. So the registry (``registry``) asks here only for
a name that no built-in member has, and where all names are listed.
"""

import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from visrec_cli.errors import UnavailableError

GROUPS: dict[str, tuple[str, ...]] = {
    "visrec.encoders": ("image-encoder", "text-encoder"),
    "visrec.recommenders": ("recommender",),
    "visrec.metrics": ("metric",),
    "visrec.indexes": ("index",),
    "visrec.fusers": ("fuser",),
}
"""The entry-point groups, and the families that each may have members of."""

_BASES: dict[str, tuple[str, ...]] = {
    "image-encoder": ("visrec_cli.encoders.base:ImageEncoder",),
    "text-encoder": ("visrec_cli.encoders.base:TextEncoder",),
    "recommender": ("visrec_cli.recommenders.base:Recommender",),
    "metric": ("visrec_cli.metrics.base:Metric", "visrec_cli.metrics.base:Exposure"),
    "fuser": ("visrec_cli.fusion.learned.base:Fuser",),
    "index": (),
}
_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "recommender": ("name", "summary"),
    "metric": ("name", "sentence", "formula", "source"),
    "fuser": ("name", "summary", "targets"),
    "index": ("name", "build", "search", "try_harder"),
}
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")  # other signs mean something in a spec, a list or a metric's length

_loaded: dict[str, "Plugin"] = {}  # by the package of its modules
skipped: list[str] = []
"""Plug-ins that were passed over in this process, and why, for ``app.main`` to say."""


@dataclass(frozen=True)
class Plugin:
    """An entry point. value: ``module:attribute`` of its class. package, version: of the distribution."""

    group: str
    name: str
    package: str
    version: str
    value: str

    def __str__(self) -> str:
        return f"the plug-in '{self.name}' of {self.package} {self.version}"

    @property
    def origin(self) -> dict[str, str]:
        """What a model or a recipe says of it, so that it can be found again."""
        return {"package": self.package, "version": self.version}


@cache
def installed() -> tuple[Plugin, ...]:
    """All of them, in an order that does not depend on the file system."""
    from importlib.metadata import entry_points

    every, groups = entry_points(), list(GROUPS)
    found = {
        Plugin(group, one.name, *_distribution(one), one.value) for group in groups for one in every.select(group=group)
    }
    return tuple(sorted(found, key=lambda one: (groups.index(one.group), one.name, one.package, one.value)))


def _distribution(entry: Any) -> tuple[str, str]:
    """Name and version of the package that an entry point comes from."""
    try:
        return str(entry.dist.name), str(entry.dist.version)
    except Exception:  # a folder of metadata that has lost its file METADATA
        return "unknown", "0"


def obstacle(plugin: Plugin, taken: Sequence[str]) -> str | None:
    """Why its name cannot be used, None where it can. taken: the names of built-in members in its group."""
    if plugin.name in taken:
        return "visrec itself has a member of that name"
    if not _NAME.fullmatch(plugin.name):
        return "a name has small letters and digits, with single hyphens between them"
    others = [one for one in installed() if (one.group, one.name) == (plugin.group, plugin.name) and one != plugin]
    return f"{others[0].package} {others[0].version} has the same name" if others else None


@cache
def load(plugin: Plugin) -> dict[str, Any]:
    """Its class, by the family that it belongs to; two where an encoder is for pictures and for texts.

    Raises UnavailableError where it cannot be imported, or is not what its group asks for.
    """
    module, _, attribute = plugin.value.partition(":")
    try:
        found: Any = import_module(module.strip())
        for part in attribute.split("[")[0].strip().split("."):
            found = getattr(found, part)
    except (Exception, SystemExit) as error:  # whatever a package of others may do as it is imported
        first = str(error).splitlines()[0] if str(error) else ""
        raise _broken(plugin, f"{type(error).__name__}: {first}".rstrip(": ")) from error
    several = found if isinstance(found, tuple) else (found,)
    members = {family: kind for kind in several if (family := _family(plugin.group, kind)) is not None}
    if not several or len(members) < len(several):
        wanted = " or ".join(base.partition(":")[2] for family in GROUPS[plugin.group] for base in _BASES[family])
        raise _broken(plugin, f"{plugin.value} is no subclass of {wanted}" if wanted else f"{plugin.value} is no class")
    for family, kind in members.items():
        _require_contract(plugin, family, kind)
    _loaded[module.partition(".")[0].strip()] = plugin
    return members


def owner(error: BaseException) -> Plugin | None:
    """The plug-in whose code failed; None where it was visrec's own."""
    found, at = None, error.__traceback__
    while at is not None:  # from the outermost call to the innermost: whoever called a library last
        package = str(at.tb_frame.f_globals.get("__name__", "")).partition(".")[0]
        if package in _loaded or package == "visrec_cli":
            found = _loaded.get(package)
        at = at.tb_next
    return found


def _family(group: str, kind: Any) -> str | None:
    if not inspect.isclass(kind):
        return None
    for family in GROUPS[group]:
        bases = tuple(_named(base) for base in _BASES[family])
        if not bases or issubclass(kind, bases):
            return family
    return None


def _require_contract(plugin: Plugin, family: str, kind: Any) -> None:
    lacking = sorted(getattr(kind, "__abstractmethods__", ()))
    lacking += [name for name in _ATTRIBUTES.get(family, ()) if not hasattr(kind, name)]
    if lacking:
        raise _broken(plugin, f"{plugin.value} has no {', '.join(lacking)}")
    if family in _ATTRIBUTES and kind.name != plugin.name:
        raise _broken(plugin, f"its class is named '{kind.name}', its entry point '{plugin.name}'")


def _named(place: str) -> Any:
    module, attribute = place.split(":")
    return getattr(import_module(module), attribute)


def _broken(plugin: Plugin, why: str) -> UnavailableError:
    return UnavailableError(
        f"{plugin} cannot be loaded: {why}",
        fix=f"pip install -U {plugin.package}, or pip uninstall {plugin.package}",
    )


def blocked(plugin: Plugin, why: str) -> UnavailableError:
    """The refusal of a plug-in whose name cannot be used."""
    return UnavailableError(f"{plugin} cannot be used: {why}", fix=f"pip uninstall {plugin.package}")


def skip(error: UnavailableError) -> None:
    """Note a plug-in that was not asked for and cannot be used; each is noted once."""
    note = f"{error.what}; it is skipped"
    if note not in skipped:
        skipped.append(note)
