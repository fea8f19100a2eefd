"""The interactions that a training does not learn from, and what it is worth on them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import scipy.sparse as sp

from visrec_cli.errors import UsageError
from visrec_cli.logs.holdout import held_back
from visrec_cli.recommenders.data import Log
from visrec_cli.recommenders.model import Model
from visrec_cli.registry import find
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.stages.train_cf.plan import Plan
from visrec_cli.stages.train_cf.validation import Validation

_JUDGES = 5_000  # users asked for the value that is reported; while training, a smaller panel will do
_PANEL = 2_000


@dataclass(frozen=True)
class HeldOut:
    """train: what is learned from. truth: (users, items) csr of what is held back, None where nothing is."""

    plan: Plan
    train: Log
    truth: sp.csr_matrix | None

    @property
    def judged(self) -> bool:
        """Whether there is something to judge by."""
        return self.truth is not None

    @cached_property
    def panel(self) -> Validation | None:
        """The users who judge while a model is trained."""
        return self._validation(_PANEL)

    def _validation(self, users: int) -> Validation | None:
        if self.truth is None:
            return None
        return Validation(self.train.matrix, self.truth, self.plan.measure, seed=self.plan.options.seed, at_most=users)

    def judgement(self, model: Model, best_epoch: int, trials: int, report: Report) -> dict[str, Any]:
        """Score the model on what was held back, beside popularity, and say both. Returns facts for its metadata."""
        judges = self._validation(_JUDGES)
        assert judges is not None
        measure, value = self.plan.measure, judges.score(model)
        facts: dict[str, Any] = {"metric": measure.name, "validation": round(value, 6)}
        words = f"validation {measure.name} {value:.4f}"
        if best_epoch:
            facts["epochs"] = best_epoch
            words += f" after {counted(best_epoch, 'epochs')}"
        if trials:
            facts["trials"] = trials
            words += f", best of {trials} trials"
        if measure.name != "rmse" and self.plan.kind.name != "popularity":
            plain = judges.score(find("recommender", "popularity")().fit(self.train, None, None))
            words += f" (popularity: {plain:.4f})"
            if value < plain:
                report.warn(
                    f"{self.plan.kind.name} is worse than plain popularity on the validation part: try --tune 30, or "
                    "another --model"
                )
        report.say(words)
        return facts


def hold_out(plan: Plan, log: Log, held: Log | None, report: Report) -> HeldOut:
    """What the log brought to judge by (``held``), else the share that the plan holds back.

    Raises UsageError where both are said.
    """
    if held is not None and plan.options.validation is not None:
        raise UsageError(
            "--validation holds a share back, and the column 'split' already defines the validation rows",
            fix="leave out --validation, or split the log anew: visrec split --replace --validation N",
        )
    if held is not None:
        return HeldOut(plan, log, held.matrix)
    if plan.held_share:
        mask = held_back(log, plan.held_share, plan.options.seed, latest=plan.kind.needs_times)
        if mask.any():
            return HeldOut(plan, log.only(~mask), log.only(mask).matrix)
        report.warn("every user has a single interaction: none could be held back for validation")
    return HeldOut(plan, log, None)
