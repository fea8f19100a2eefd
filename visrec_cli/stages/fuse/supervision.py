"""Options of learned fusions, checked before any work."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from visrec_cli import registry
from visrec_cli.errors import UsageError, unknown
from visrec_cli.runtime.settings import check_needs, parsed
from visrec_cli.stages.fuse.layouts import PLACES

if TYPE_CHECKING:
    from visrec_cli.fusion.learned.base import Fuser

PAIRS, CLICKS = "pairs", "clicks:"


@dataclass(frozen=True)
class Learning:
    """How to learn. target: ``pairs``, ``clicks:LOG`` or the name of a column of labels; None where none was named.

    settings: of the fuser, all of them once ``checked``. validation, patience, seed, device: see FuserTrainingData.
    """

    target: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    validation: float = 0.1
    patience: int = 10
    seed: int = 0
    device: str = "auto"

    @property
    def kind(self) -> str:
        """pairs, clicks or label."""
        if self.target in (None, PAIRS):
            return "pairs"
        return "clicks" if str(self.target).startswith(CLICKS) else "label"


def find_method(method: str) -> "type[Fuser] | None":
    """The fuser of that name, None for a combiner, which learns nothing. Raises UsageError for an unknown name."""
    if method in registry.names("combiner"):
        return None
    if not registry.has("fuser", method):
        every = [*registry.names("combiner"), *registry.all_names("fuser"), *PLACES]
        raise unknown("fusion method", method, every)
    kind: type[Fuser] = registry.find("fuser", method)
    return kind


def check(
    method: str, kind: "type[Fuser] | None", learning: Learning, *, reduce: str | None, dim: int | None, weighted: bool
) -> Learning:
    """The learning with all settings of the method. Raises UsageError for what does not go together."""
    supervised = reduce is not None and registry.find("reduction", reduce).supervised
    if not 0 <= learning.validation < 1:
        raise UsageError(f"--validation {learning.validation} is not between 0 and 1", fix="--validation 0.1")
    if reduce is None and dim is not None and (kind is None or method == "weighted-softmax"):
        raise UsageError("--dim needs a reduction", fix="--reduce pca or --reduce whiten")
    if supervised and learning.kind != "label":
        raise UsageError(f"--reduce {reduce} separates labels and needs a column of them", fix="--target category")
    if kind is None:
        if learning.settings:
            raise UsageError(f"--method {method} has no settings", fix="leave out --set")
        if learning.target is not None and not supervised:
            raise UsageError(
                f"--method {method} learns nothing, so --target has no effect",
                fix=f"leave it out, or take one that learns: {', '.join(registry.all_names('fuser'))}",
            )
        return learning
    if weighted:
        raise UsageError(f"--method {method} learns the weights, so --weights has no effect", fix="leave out --weights")
    if reduce is not None and method != "weighted-softmax":
        raise UsageError(f"--method {method} has its own --dim and goes with no --reduce", fix="leave out --reduce")
    _check_target(kind, learning)
    settings = parsed(f"--method {method}", kind.settings, learning.settings)
    check_needs(kind.settings, learning.settings, {})
    return Learning(
        learning.target or PAIRS, settings, learning.validation, learning.patience, learning.seed, learning.device
    )


def _check_target(kind: "type[Fuser]", learning: Learning) -> None:
    forms = {PAIRS: "--target pairs", "label": "--target COLUMN of labels", "clicks": "--target clicks:LOG"}
    can = " or ".join(forms[one] for one in kind.targets)
    if learning.target is None and not kind.defaults:
        raise UsageError(f"--method {kind.name} needs a target to learn from", fix=can)
    if learning.kind not in kind.targets:
        raise UsageError(f"--method {kind.name} cannot learn from --target {learning.target}", fix=can)
