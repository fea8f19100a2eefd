"""Scores, slices, comparisons and gate verdicts of the runs, the reference and the baselines."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from visrec_cli.reports.evaluation import Verdict
from visrec_cli.runtime.report import Report
from visrec_cli.stages.eval.baselines import BaselineRules, baselines_of, rules_of
from visrec_cli.stages.eval.comparisons import Difference, compare
from visrec_cli.stages.eval.gates import Floor, judged_by_base, judged_by_floors
from visrec_cli.stages.eval.leaks import warn_of_leaks
from visrec_cli.stages.eval.metric_spec import MetricSpec, longest
from visrec_cli.stages.eval.runs import Run
from visrec_cli.stages.eval.slices import Slices
from visrec_cli.stages.eval.truth import Truth
from visrec_cli.stages.eval.user_scores import PerUserScores, score_run


@dataclass(frozen=True)
class Questions:
    """What is asked of the runs beyond their numbers.

    slices: parts of the truth. baselines: whether chance, the best-sellers and the like are to be beaten. reference:
    whom the others are compared with. floors, base, strictly: the gates, see gates.judged_by_base.
    """

    slices: Slices = field(default_factory=Slices)
    baselines: bool = False
    reference: str | None = None
    floors: tuple[Floor, ...] = ()
    base: Run | None = None
    strictly: bool = False


@dataclass(frozen=True)
class Judged:
    """runs: those given, then the base, then the baselines; scores: theirs. notes: sentences on how it was done."""

    runs: tuple[Run, ...] = ()
    scores: tuple[PerUserScores, ...] = ()
    differences: tuple[Difference, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    notes: dict[str, str] = field(default_factory=dict)


def judge(
    given: Sequence[Run],
    truth: Truth,
    asked: Sequence[MetricSpec],
    questions: Questions,
    report: Report,
    *,
    min_weight: float | None = None,
    embedding: str | None = None,
    seed: int = 0,
) -> Judged:
    """Score the runs and answer the questions. min_weight and embedding are for the baselines, as for the truth."""
    base, slices = questions.base, questions.slices
    runs = [*given, *([] if base is None else [base])]
    scores = [score_run(run, truth, asked, report, slices=slices.items) for run in runs]
    warn_of_leaks(truth, scores, report)
    notes = {"fitted on": fitted} if (fitted := _fitted(runs, report)) else {}
    if questions.baselines:
        fits = [fit for run in runs for fit in run.fits.values()]
        trained = 0 if truth.train is None else truth.train.num_rows
        rules = rules_of([one.notes for one in scores], fits, trained=trained)
        k = longest(asked) or max(one.notes.longest for one in scores)
        added = baselines_of(
            truth, rules, k=k, taken=[run.name for run in runs], min_weight=min_weight, embedding=embedding, seed=seed,
            report=report,
        )  # fmt: skip
        runs += added
        scores += [score_run(run, truth, asked, report, slices=slices.items) for run in added]
        notes["baselines"] = _rules(rules, truth, k)
    for one in scores:
        for name, users in slices.users.items():
            one.add_users(name, users)
    if slices.items:
        notes["slices of items"] = "only those items are relevant there; lists stay lists of all items"
    reference = questions.reference or (base.name if base is not None else None)
    differences = compare(scores, asked, reference=reference)
    if differences:
        notes["comparisons"] = (
            f"paired t tests of the same users, p corrected (Holm) for all {len(differences):,} of them; a difference "
            "holds if p < 0.05; d_z is the mean difference in its standard deviations"
        )
    given_scores = scores[: len(given)]
    verdicts = judged_by_floors(given_scores, questions.floors)
    if base is not None:
        verdicts += judged_by_base(given_scores, scores[len(given)], asked, strict=questions.strictly)
    return Judged(tuple(runs), tuple(scores), differences, verdicts, notes)


def _rules(rules: BaselineRules, truth: Truth, k: int) -> str:
    late = truth.validation is not None
    known = late and rules.fit_on == "known"
    out = [] if rules.again else ["in training"]
    out += ["for validation"] if late and (known or not rules.validated) else []
    left = f"what a user had {' or '.join(out)} is left out" if out else "nothing is left out"
    learned = "training and validation rows, as a run says of itself" if known else "training rows"
    return f"learned from the {learned}; lists of {k}; {left}, as by the runs"


def _fitted(runs: Sequence[Run], report: Report) -> str:
    """On what the models behind the runs were fitted, as far as their tables say; empty where none does."""
    ways = {fit.on for run in runs for fit in run.fits.values()}
    if len(ways) > 1:
        report.warn(
            "some runs are of models fitted on training and validation rows, others on the training rows alone: part "
            "of a difference between them is that (visrec train-cf --fit-on)"
        )
    descriptions = [f"{run.name}: {' + '.join(_described(run))}" for run in runs]
    return "; ".join(descriptions) if ways else ""


def _described(run: Run) -> list[str]:
    if not run.fits:
        return ["not said"]
    alone = len(run.fits) == 1
    return [fit.describe() if alone else f"{name}, {fit.describe()}" for name, fit in run.fits.items()]
