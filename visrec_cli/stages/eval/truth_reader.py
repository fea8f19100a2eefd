"""The truth of an evaluation, read from logs: its own column ``split`` or ``fold``, or a table of what came before."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.errors import InputError, UsageError
from visrec_cli.items.features import ItemFeatures, open_features
from visrec_cli.logs.cleanup import clean
from visrec_cli.logs.holdout import rows_by_part
from visrec_cli.logs.matrix import log_of
from visrec_cli.logs.reader import Use, read_log
from visrec_cli.options.classes import options_of, takes
from visrec_cli.options.eval_truth import TruthOptions
from visrec_cli.options.logs import Cleaning, Columns
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.stages.eval.item_stats import item_stats_of
from visrec_cli.stages.eval.truth import Truth, past_of, widened
from visrec_cli.tables.interaction_log import without_zeros
from visrec_cli.tables.readers import Tabular, name_of
from visrec_cli.tables.time import are_positions
from visrec_cli.tables.unicode_forms import note_other_forms

_SHOWN = 3
_KEPT = ("user_id", "item_id", "weight", "timestamp", "event", "split", "fold")


@takes(TruthOptions)
def open_truth(
    source: Tabular,
    options: TruthOptions | None = None,
    *,
    needs: Collection[str] = (),
    likes: bool = True,
    report: Report | None = None,
    **named: Any,
) -> Truth:
    """Read the truth of an evaluation.

    With a column ``split`` (or ``fold``), its test rows are the truth, and the others came before.

    Parameters
    ----------
    source : Tabular
        Held-out interactions or judgements, or a log with a column ``split`` or ``fold``.
    options : TruthOptions | None, default=None
        How it is read.
    needs : Collection[str], default=()
        What the metrics have to know of the items: history, popularity, vectors, categories or ratings.
    likes : bool, default=True
        Whether lists are judged, to which every row is a like; errors of ratings take rows as they are.
    report : Report | None, default=None
        Gets counts and notes.
    **named : Any
        Fields of TruthOptions, instead of those of ``options``.

    Returns
    -------
    Truth
        What is relevant to each user, and what was known before.

    Raises
    ------
    InputError
        Nothing is relevant to anybody, or a table that cannot be used.
    UsageError
        Options that contradict the tables, or needs that they cannot meet.
    """
    report, options = report or Report(), options_of(TruthOptions, options, named)
    train, items, min_weight, columns = options.train, options.items, options.min_weight, options.columns
    features = None if items is None else open_features(items, id_column=options.id_column, report=report)
    where = name_of(source)
    use = Use("likes" if likes else "other", Cleaning(min_weight=min_weight), called=where, alone=True)
    table, learned, validation = _apart(_log(source, columns, use, report, zeros=True), options.fold, where)
    judged = pc.unique(table["user_id"])
    table = without_zeros(table, where, report)
    learned, validation = (
        None if part is None else without_zeros(part, where, report) for part in (learned, validation)
    )
    if train is not None:
        if learned is not None:
            raise UsageError(
                f"{name_of(source)} contains its training rows, so --train has no effect", fix="drop --train"
            )
        learned = _log(train, columns, Use("other", called=name_of(train), alone=True), report)
        if _in_order_alone(table) or _in_order_alone(learned):
            # of another file: what is 5 there may come after 9 here
            learned = learned.drop_columns([name for name in learned.column_names if name == "timestamp"])
    table = clean(table, Cleaning(), report)
    weights = table["weight"].to_numpy()
    relevant = table if min_weight is None else table.filter(pa.array(weights >= min_weight))
    if not relevant.num_rows:
        raise InputError(
            f"{name_of(source)}: no weight reaches {min_weight:g}: the largest is {weights.max():g}",
            fix="a smaller --min-weight",
        )
    before = [part for part in (learned, validation) if part is not None]
    past = clean(pa.concat_tables(before), Cleaning(), Report()) if before else None
    ratings = "ratings" in needs
    users = pc.unique((table if ratings else relevant)["user_id"])
    empty = _without_relevant(judged, relevant, options.nothing_relevant, report)
    if options.nothing_relevant == "zero":
        users = pc.unique(pa.concat_arrays([users, empty]))
    users = users.take(pc.sort_indices(users))
    if train is not None and past is not None:
        for column, noun in (("user_id", "users"), ("item_id", "items")):
            note_other_forms(past[column], table[column], f"--train beside {where}", report, noun=noun)
    if features is not None:
        note_other_forms(table["item_id"], features.ids, f"{where} beside --items", report)
    ids = _catalogue(features, past, table if ratings else relevant)
    log = widened(log_of(relevant, items=ids, users=users.to_pylist()))
    item_stats = item_stats_of(ids, past, features, needs=needs, embedding=options.embedding, report=report)
    like = float(weights.mean()) if min_weight is None else min_weight
    return Truth(
        users,
        pa.array(ids, pa.string()),
        log.matrix,
        None if past is None else past_of(past, users, ids),
        replace(item_stats, like=like),
        log.times,
        learned,
        validation,
        features,
        past_of(table, users, ids) if ratings else None,
        empty=len(empty),
        empty_is_zero=options.nothing_relevant == "zero",
    )


def _without_relevant(judged: pa.Array, relevant: pa.Table, way: str, report: Report) -> pa.Array:
    """The users who were judged, and to whom nothing is relevant; the report says which, and what becomes of them."""
    empty = judged.filter(pc.invert(pc.is_in(judged, pc.unique(relevant["user_id"]))))
    if len(empty):
        who = ", ".join(repr(one) for one in empty[:_SHOWN].to_pylist()) + (" …" if len(empty) > _SHOWN else "")
        done = "counted as 0" if way == "zero" else "left out (trec_eval counts 0: --nothing-relevant zero)"
        report.warn(f"{counted(len(empty), 'users')} judged, with nothing relevant: {who}: {done}")
    return empty


def _in_order_alone(table: pa.Table) -> bool:
    return "timestamp" in table.column_names and are_positions(table["timestamp"])


def _log(source: Tabular, columns: Columns | None, use: Use, report: Report, *, zeros: bool = False) -> pa.Table:
    """A log without the columns that no metric asks for."""
    table, _ = read_log(source, columns, use, report, zeros=zeros)
    return table.select([name for name in table.column_names if name in _KEPT])


def _apart(table: pa.Table, fold: int | None, where: str) -> tuple[pa.Table, pa.Table | None, pa.Table | None]:
    """The rows that are the truth, those for training and those for validation (None where there are none)."""
    if "fold" in table.column_names:
        folds = pc.unique(table["fold"]).sort().to_pylist()
        if fold is None or fold not in folds:
            raise UsageError(
                f"{where} is in folds {', '.join(map(str, folds[:10]))}: which one is the test?", fix="--fold 0"
            )
        held = pc.equal(table["fold"], fold)
        return *(table.filter(rows).drop_columns(["fold"]) for rows in (held, pc.invert(held))), None
    if fold is not None:
        raise UsageError(f"{where} has no column 'fold'", fix="visrec split --folds 5 makes one; or drop --fold")
    if "split" not in table.column_names:
        return table, None, None
    parts = rows_by_part(table)
    if not parts["test"].num_rows:
        raise InputError(f"{where}: column 'split' leaves no test rows", fix="call those rows 'test'")
    learned, validation = (parts[name] if parts[name].num_rows else None for name in ("train", "validation"))
    return parts["test"], learned, validation


def _catalogue(features: ItemFeatures | None, past: pa.Table | None, relevant: pa.Table) -> list[str]:
    """All item ids: the table's in its order, then others of the logs, sorted."""
    known = features.table["item_id"].combine_chunks() if features else pa.array([], pa.string())
    logs = [table["item_id"].combine_chunks() for table in (past, relevant) if table is not None]
    others = pc.unique(pa.concat_arrays(logs))
    others = others.filter(pc.invert(pc.is_in(others, known)))
    return [*known.to_pylist(), *others.take(pc.sort_indices(others)).to_pylist()]
