"""Options of learned fusions, checked before any work."""

from dataclasses import replace
from typing import TYPE_CHECKING

from visrec_cli import registry
from visrec_cli.errors import UsageError, unknown
from visrec_cli.options.fuse import PAIRS, FuseOptions
from visrec_cli.runtime.settings import check_needs, parsed
from visrec_cli.stages.fuse.layouts import PLACES

if TYPE_CHECKING:
    from visrec_cli.fusion.learned.base import Fuser


def find_method(method: str) -> "type[Fuser] | None":
    """The fuser of that name, None for a combiner, which learns nothing. Raises UsageError for an unknown name."""
    if method in registry.names("combiner"):
        return None
    if not registry.has("fuser", method):
        every = [*registry.names("combiner"), *registry.all_names("fuser"), *PLACES]
        raise unknown("fusion method", method, every)
    kind: type[Fuser] = registry.find("fuser", method)
    return kind


def check(kind: "type[Fuser] | None", options: FuseOptions) -> FuseOptions:
    """The options with the target and all settings of a method that learns.

    Parameters
    ----------
    kind : type[Fuser] | None
        Of the method; None for a combiner.
    options : FuseOptions
        As they were given.

    Returns
    -------
    FuseOptions
        With ``target`` and every one of ``settings``.

    Raises
    ------
    UsageError
        For what does not go together, and for unknown names or values of settings.
    """
    method, reduce, settings = options.method, options.reduce, options.settings or {}
    supervised = reduce is not None and registry.find("reduction", reduce).supervised
    if not 0 <= options.validation < 1:
        raise UsageError(f"--validation {options.validation} is not between 0 and 1", fix="--validation 0.1")
    if reduce is None and options.dim is not None and (kind is None or method == "weighted-softmax"):
        raise UsageError("--dim needs a reduction", fix="--reduce pca or --reduce whiten")
    if supervised and options.target_kind != "label":
        raise UsageError(f"--reduce {reduce} separates labels and needs a column of them", fix="--target category")
    if kind is None:
        if settings:
            raise UsageError(f"--method {method} has no settings", fix="leave out --set")
        if options.target is not None and not supervised:
            raise UsageError(
                f"--method {method} learns nothing, so --target has no effect",
                fix=f"leave it out, or take one that learns: {', '.join(registry.all_names('fuser'))}",
            )
        return options
    if options.weights:
        raise UsageError(f"--method {method} learns the weights, so --weights has no effect", fix="leave out --weights")
    if reduce is not None and method != "weighted-softmax":
        raise UsageError(f"--method {method} has its own --dim and goes with no --reduce", fix="leave out --reduce")
    _check_target(kind, options)
    every = parsed(f"--method {method}", kind.settings, settings)
    check_needs(kind.settings, settings, {})
    return replace(options, target=options.target or PAIRS, settings=every)


def _check_target(kind: "type[Fuser]", options: FuseOptions) -> None:
    forms = {PAIRS: "--target pairs", "label": "--target COLUMN of labels", "clicks": "--target clicks:LOG"}
    can = " or ".join(forms[one] for one in kind.targets)
    if options.target is None and not kind.defaults:
        raise UsageError(f"--method {kind.name} needs a target to learn from", fix=can)
    if options.target_kind not in kind.targets:
        raise UsageError(f"--method {kind.name} cannot learn from --target {options.target}", fix=can)
