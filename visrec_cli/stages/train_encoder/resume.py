"""Training of a picture model continued from a checkpoint."""

from pathlib import Path
from typing import Any

from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.training.checkpoint import Checkpoint, load_checkpoint, require_epochs


def continued(path: Path, about: dict[str, Any], epochs: int, report: Report) -> Checkpoint:
    """The checkpoint, from which a training of so many ``epochs`` goes on.

    The rate falls along a cosine over all epochs. With another number of them than before it goes on along the new
    one: what comes out is not the model of a single training of that length. That is said, and kept in the facts of the
    checkpoint, as ``resumed``: after which epoch, and of how many. Raises UsageError for fewer epochs than are done;
    see load_checkpoint for the rest.
    """
    at = load_checkpoint(path, about)
    require_epochs(path, at, epochs, "--epochs ")
    if at.planned is not None and at.planned != epochs:
        report.warn(
            f"the learning rate goes on as in a training of {epochs} epochs; in {counted(at.done, 'epochs')} before it "
            f"was that of {at.planned}: the model is not that of one training"
        )
        at.facts["resumed"] = [*at.facts.get("resumed", ()), {"after": at.done, "of": at.planned}]
    return at
