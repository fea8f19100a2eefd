"""``eval``: evaluation of recommendation lists of any tool."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from visrec_cli.errors import UsageError
from visrec_cli.options.classes import options_of, takes
from visrec_cli.options.eval import EvalOptions, Gates
from visrec_cli.reports.evaluation import Verdict
from visrec_cli.runtime.report import Report
from visrec_cli.stages.eval import class_retrieval
from visrec_cli.stages.eval.class_retrieval import add_classes, open_same_class, open_similar
from visrec_cli.stages.eval.click_estimates import click_facts, click_through, users_of
from visrec_cli.stages.eval.click_log import open_log
from visrec_cli.stages.eval.comparisons import Difference, table_of
from visrec_cli.stages.eval.gates import Floor, floors_of
from visrec_cli.stages.eval.metadata import facts_of
from visrec_cli.stages.eval.metric_spec import MetricSpec, needs, wanted
from visrec_cli.stages.eval.results import SCHEMA, results_of
from visrec_cli.stages.eval.run_scores import Judged, Questions, judge
from visrec_cli.stages.eval.runs import Run, names_of, open_run
from visrec_cli.stages.eval.slices import slices_of
from visrec_cli.stages.eval.truth import Truth
from visrec_cli.stages.eval.truth_reader import open_truth
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


@takes(EvalOptions)
def evaluate(
    *runs: Tabular, options: EvalOptions | None = None, report: Report | None = None, **named: Any
) -> Evaluation:
    """Judge recommendations by what turned out to be relevant, or by what was clicked.

    Parameters
    ----------
    *runs : Tabular
        Tables of recommendations, of any tool (see tables.recommendations); with ``class_column``, of similar items.
    options : EvalOptions | None, default=None
        What they are judged by, and in which metrics.
    report : Report | None, default=None
        Gets counts and notes.
    **named : Any
        Fields of EvalOptions, instead of those of ``options``.

    Returns
    -------
    Evaluation
        Results by run, metric and slice, with what they are made of.

    Raises
    ------
    UsageError
        No run, no truth, unknown metrics, or options that contradict each other.
    InputError
        Tables that cannot be used.
    """
    report, asks = report or Report(), options_of(EvalOptions, options, named)
    gates, floors, seed = asks.gates, floors_of(asks.gates.fail_under), asks.seed
    asked = _asked(asks, floors)
    if not runs:
        raise UsageError("there are no runs to evaluate", fix="visrec eval recs.arrow --truth test.csv")
    called = names_of(runs, asks.names)
    user, item = asks.columns.user, asks.columns.item
    known = _truth(asks, asked, report)
    log = None if asks.logged is None else open_log(asks.logged, seed=seed, report=report)
    if known is None:
        assert log is not None
        known, asked = users_of(log), ()
    open_one = open_run if asks.class_column is None else open_similar
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
        slices = slices_of(known, asks.by, report, users=asks.users)
        questions = Questions(slices, asks.baselines, asks.reference, floors, base, gates.strictly)
        done = judge(
            opened, known, asked, questions, report, min_weight=asks.min_weight, embedding=asks.embedding, seed=seed
        )
        facts = facts_of(known, done.scores, asks.min_weight) | done.notes
        if asks.resamples:
            facts["intervals"] = f"95 %, of users drawn anew {asks.resamples:,} times (BCa bootstrap), seed {seed}"
    if asks.class_column is not None:
        add_classes(done.scores, known, asks.class_column, report)
        facts |= class_retrieval.facts_of(known, asks.class_column)
    results = results_of(done.scores, asked, resamples=asks.resamples, seed=seed)
    if log is not None:
        for run in opened:
            rows = click_through(
                run, log, ks=asks.ks, policy=asks.policy, resamples=asks.resamples, seed=seed, report=report
            )
            results = pa.concat_tables([results, pa.Table.from_pylist(rows, schema=SCHEMA)])
        facts |= click_facts(log, asks.policy)
    return Evaluation(results, done.scores, known, facts, done.runs, done.differences, done.verdicts)


def _asked(asks: EvalOptions, floors: Sequence[Floor]) -> tuple[MetricSpec, ...]:
    """The metrics, with those of gates. Raises UsageError for what contradicts itself or has no effect."""
    truth, class_column, logged = asks.truth, asks.class_column, asks.logged
    if (truth is not None) + (class_column is not None) > 1 or truth is class_column is logged is None:
        raise UsageError("no ground truth", fix="give --truth LOG, --class COLUMN of --items, or --logged LOG")
    asked = wanted(asks.metrics or _default(class_column, asks.ks), asks.ks)
    asked = tuple(dict.fromkeys((*asked, *(floor.metric for floor in floors))))
    if truth is class_column is None and (asks.metrics or asks.by or asks.baselines or asks.gates != Gates()):
        raise UsageError(
            "metrics, slices, baselines and gates need a truth",
            fix="--truth LOG; a log of clicks alone gives click rates",
        )
    _check_lengths(asks.metrics, asks.ks, logged)
    if asks.embedding is not None and not asks.baselines and "vectors" not in needs(asked):
        raise UsageError("--column needs a metric that uses vectors, or --baselines", fix="-m diversity@10")
    return asked


def _truth(asks: EvalOptions, asked: Sequence[MetricSpec], report: Report) -> Truth | None:
    """What is relevant, by a log or by classes; None where only clicks are asked for."""
    if asks.class_column is not None:
        if asks.items is None:
            raise UsageError("classes are a column of the items", fix="--items TABLE")
        return open_same_class(
            asks.items,
            asks.class_column,
            id_column=asks.id_column,
            needs=needs(asked),
            embedding=asks.embedding,
            report=report,
        )
    if asks.truth is None:
        return None
    likes = any("ratings" not in one.kind.needs for one in asked)
    return open_truth(asks.truth, asks, needs=needs(asked), likes=likes, report=report)


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
