"""Options of ``train-cf`` whose needs the recommender, or the log, decides: refused before anything is learned."""

from visrec_cli.errors import UsageError
from visrec_cli.options.train_cf import TrainCfOptions
from visrec_cli.recommenders.base import Recommender
from visrec_cli.runtime.command_line import CommandLine

_ANYWHERE = ("auto", "cpu")


def check_for_recommender(kind: type[Recommender], options: TrainCfOptions, line: CommandLine) -> None:
    """Refuse what this recommender would not look at. Raises UsageError."""
    files = {"--log": options.log, "--save-checkpoint": options.save_checkpoint, "--resume": options.resume}
    device = options.device
    in_epochs = "epochs" in kind.settings
    given = next((flag for flag, value in files.items() if value), None)
    if given is not None and not in_epochs:
        raise UsageError(
            f"{given} needs a recommender that learns in epochs, and {kind.name} is fitted in one step",
            fix=f"leave out {given}, or take one in epochs, as als",
        )
    line.require(in_epochs, "patience", f"a recommender that learns in epochs, and {kind.name} is fitted in one step")
    if device not in _ANYWHERE and not kind.uses_device:
        raise UsageError(
            f"--device {device} needs a recommender that can use it, and {kind.name} computes on the CPU",
            fix="leave out --device",
        )
    if options.column is not None and not (kind.uses_content or kind.needs_content):
        raise UsageError(
            f"--column needs a recommender that uses item features, and {kind.name} does not",
            fix="leave out --column, or take one that does, as hybrid",
        )


def check_for_judging(judged: bool, line: CommandLine, *, metric: str | None) -> None:
    """Refuse what is about judging where there is nothing to judge by. Raises UsageError."""
    fix = "--validation 0.1, --tune 10, or a split with validation rows"
    if metric is not None and not judged:
        raise UsageError("--metric needs validation data", fix=fix)
    line.require(judged, "patience", "validation data", fix=fix)
