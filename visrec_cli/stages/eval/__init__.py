"""``eval``: evaluation of recommendation lists of any tool."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from visrec_cli.errors import UsageError
from visrec_cli.options.logs import Columns
from visrec_cli.reports.evaluation import Verdict
from visrec_cli.runtime.report import Report
from visrec_cli.stages.eval import class_retrieval
from visrec_cli.stages.eval.class_retrieval import add_classes, open_same_class, open_similar
from visrec_cli.stages.eval.click_estimates import click_facts, click_through, users_of
from visrec_cli.stages.eval.click_log import open_log
from visrec_cli.stages.eval.comparisons import Difference, table_of
from visrec_cli.stages.eval.gates import Gates, floors_of
from visrec_cli.stages.eval.metadata import facts_of
from visrec_cli.stages.eval.metric_spec import needs, wanted
from visrec_cli.stages.eval.propensity import Policy
from visrec_cli.stages.eval.results import SCHEMA, results_of
from visrec_cli.stages.eval.run_scores import Judged, Questions, judge
from visrec_cli.stages.eval.runs import Run, names_of, open_run
from visrec_cli.stages.eval.slices import slices_of
from visrec_cli.stages.eval.truth import Truth
from visrec_cli.stages.eval.truth_reader import open_truth
from visrec_cli.stages.eval.uncertainty import RESAMPLES
from visrec_cli.stages.eval.user_scores import PerUserScores
from visrec_cli.tables.readers import Tabular

METRICS = ("ndcg@10", "recall@20", "precision@10", "hit@10", "map@10", "mrr@10")


@dataclass(frozen=True)
class Evaluation:
    """results: the table of docs/contract.md, one row per run, metric and slice. scores: of every user, run by run.

    facts: what was judged by which rules, a sentence each. runs: what was judged, to be read again. differences:
    between runs, metric by metric. verdicts: of the gates.
    """

    results: pa.Table
    scores: tuple[PerUserScores, ...]
    truth: Truth
    facts: dict[str, str]
    runs: tuple[Run, ...]
    differences: tuple[Difference, ...] = ()
    verdicts: tuple[Verdict, ...] = ()

    @property
    def comparisons(self) -> pa.Table:
        """The differences as a table, with p values, effects and sentences."""
        return table_of(self.differences)


def evaluate(
    *runs: Tabular,
    truth: Tabular | None = None,
    train: Tabular | None = None,
    items: Tabular | None = None,
    class_column: str | None = None,
    embedding: str | None = None,
    logged: Tabular | None = None,
    policy: Policy | None = None,
    metrics: Sequence[str] = (),
    ks: Sequence[int] = (),
    names: Sequence[str] = (),
    by: Sequence[str] = (),
    users: Tabular | None = None,
    baselines: bool = False,
    reference: str | None = None,
    gates: Gates | None = None,
    min_weight: float | None = None,
    nothing_relevant: str = "skip",
    fold: int | None = None,
    columns: Columns | None = None,
    id_column: str | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    report: Report | None = None,
) -> Evaluation:
    """Judge recommendations by what turned out to be relevant.

    runs: tables of recommendations, of any tool (see tables.recommendations); names: what they are called, by default
    the stems of their files. truth: a log; where it has a column ``split``, its test rows are the truth, and the others
    what came before. train: what came before, otherwise. items: the catalogue; embedding: which of its columns says
    how alike items are. metrics: ``ndcg@10``; those without @k at all of ``ks``. Instead of a truth, class_column: the
    runs are lists of similar items, and relevant to an item is what is of its class. Beside or instead of a truth,
    logged: what was shown and clicked, from which the click rates of the runs are estimated, shown by ``policy``
    (beside a truth, every run is read twice).

    by: slices (see slices.KINDS), among them by columns of the items or of the table ``users``. baselines: adds what
    everything must beat. reference: the run that the others are compared with (default: the one of a gate, or the
    first). gates: what is asked of the runs. resamples: of the intervals; 0 leaves them out. Raises UsageError for
    unknown metrics and contradictions, InputError for what cannot be used.
    """
    report, gates = report or Report(), gates or Gates()
    if (truth is not None) + (class_column is not None) > 1 or truth is class_column is logged is None:
        raise UsageError("no ground truth", fix="give --truth LOG, --class COLUMN of --items, or --logged LOG")
    floors = floors_of(gates.fail_under)
    asked = wanted(metrics or _default(class_column, ks), ks)
    asked = tuple(dict.fromkeys((*asked, *(floor.metric for floor in floors))))
    if truth is class_column is None and (metrics or by or baselines or gates != Gates()):
        raise UsageError(
            "metrics, slices, baselines and gates need a truth",
            fix="--truth LOG; a log of clicks alone gives click rates",
        )
    _check_lengths(metrics, ks, logged)
    if embedding is not None and not baselines and "vectors" not in needs(asked):
        raise UsageError("--column needs a metric that uses vectors, or --baselines", fix="-m diversity@10")
    if not runs:
        raise UsageError("there are no runs to evaluate", fix="visrec eval recs.arrow --truth test.csv")
    called = names_of(runs, names)
    user, item = (columns.user, columns.item) if columns else (None, None)
    if class_column is not None:
        if items is None:
            raise UsageError("classes are a column of the items", fix="--items TABLE")
        known = open_same_class(
            items, class_column, id_column=id_column, needs=needs(asked), embedding=embedding, report=report
        )
    elif truth is not None:
        known = open_truth(
            truth,
            train=train,
            items=items,
            min_weight=min_weight,
            nothing_relevant=nothing_relevant,
            fold=fold,
            columns=columns,
            id_column=id_column,
            needs=needs(asked),
            embedding=embedding,
            likes=any("ratings" not in one.kind.needs for one in asked),
            report=report,
        )
    log = None if logged is None else open_log(logged, seed=seed, report=report)
    if truth is class_column is None:
        assert log is not None
        known, asked = users_of(log), ()
    open_one = open_run if class_column is None else open_similar
    opened = tuple(
        open_one(run, name=name, user=user, item=item, report=report) for run, name in zip(runs, called, strict=True)
    )
    base = None
    if gates.worse_than is not None:
        name = open_run(gates.worse_than).name
        base = open_one(
            gates.worse_than, name=f"{name} (base)" if name in called else name, user=user, item=item, report=report
        )
    done, facts = Judged(opened), dict[str, str]()
    if asked:
        questions = Questions(
            slices_of(known, by, report, users=users), baselines, reference, floors, base, gates.strictly
        )
        done = judge(opened, known, asked, questions, report, min_weight=min_weight, embedding=embedding, seed=seed)
        facts = facts_of(known, done.scores, min_weight) | done.notes
        if resamples:
            facts["intervals"] = f"95 %, of users drawn anew {resamples:,} times (BCa bootstrap), seed {seed}"
    if class_column is not None:
        add_classes(done.scores, known, class_column, report)
        facts |= class_retrieval.facts_of(known, class_column)
    results = results_of(done.scores, asked, resamples=resamples, seed=seed)
    if log is not None:
        for run in opened:
            rows = click_through(run, log, ks=ks, policy=policy, resamples=resamples, seed=seed, report=report)
            results = pa.concat_tables([results, pa.Table.from_pylist(rows, schema=SCHEMA)])
        facts |= click_facts(log, policy)
    return Evaluation(results, done.scores, known, facts, done.runs, done.differences, done.verdicts)


def _check_lengths(metrics: Sequence[str], ks: Sequence[int], logged: Tabular | None) -> None:
    """Raise UsageError for lengths that no metric takes, and no log of clicks."""
    open_ended = [one for one in wanted(metrics) if one.k is None and one.kind.takes_k] if metrics else [True]
    if ks and logged is None and not open_ended:
        raise UsageError(
            "-k needs a metric that takes a length and names none",
            fix=f"-m {metrics[0].partition('@')[0]}, or leave out -k",
        )


def _default(class_column: str | None, ks: Sequence[int]) -> list[str]:
    """The metrics when nobody names any; where lengths are named, of those lengths."""
    names = METRICS if class_column is None else class_retrieval.METRICS
    return list(dict.fromkeys(name.partition("@")[0] for name in names)) if ks else list(names)
