"""``recommend`` for users, by models of train-cf."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import pyarrow as pa

from visrec_cli.errors import UsageError
from visrec_cli.items.id_lists import item_ids
from visrec_cli.options.classes import options_of, takes
from visrec_cli.options.recommend_users import Newer, Rules, UserQuery
from visrec_cli.runtime.report import Report
from visrec_cli.runtime.threads import one_thread_a_product, side_by_side
from visrec_cli.stages.recommend.users.blend_weights import blend_of
from visrec_cli.stages.recommend.users.candidate_items import CandidateItems, allowed_of, candidates_of
from visrec_cli.stages.recommend.users.explanations import Reasons
from visrec_cli.stages.recommend.users.selection import Choice, Chooser, item_vectors
from visrec_cli.stages.recommend.users.serving_context import ServingContext, gather
from visrec_cli.stages.recommend.users.sessions import sessions_of, with_sessions
from visrec_cli.stages.recommend.users.user_batches import UserBatches, blocks_together, in_blocks
from visrec_cli.stages.recommend.users.user_selection import Strangers, asked_users
from visrec_cli.stages.recommend.users.user_table import UserTable
from visrec_cli.tables.provenance import Fit
from visrec_cli.tables.readers import Tabular


@takes(UserQuery)
def recommend_users(
    *models: Tabular,
    options: UserQuery | None = None,
    rules: Rules | None = None,
    newer: Newer | None = None,
    report: Report | None = None,
    **named: Any,
) -> pa.RecordBatchReader:
    """Recommend k items to each user, user by user, best first.

    Parameters
    ----------
    *models : Tabular
        Models of train-cf; several are blended. Without any, stdin.
    options : UserQuery | None, default=None
        The users or sessions, and what is added to each answer; or its fields by name.
    rules : Rules | None, default=None
        Which items may be recommended, and how they are chosen.
    newer : Newer | None, default=None
        Items and interactions that are newer than the models.
    report : Report | None, default=None
        Counts, rejects and notes.
    **named : Any
        Fields of the options.

    Returns
    -------
    pa.RecordBatchReader
        user_id, item_id, rank, score (on the model's own scale; of a blend see ranking.blend), source, the columns of
        explanations and history where asked for, and the item columns.

    Raises
    ------
    UsageError
        For unknown names and conditions.
    InputError
        For a table that is not a model.
    """
    report, rules, query = report or Report(), rules or Rules(), options_of(UserQuery, options, named)
    all_users = query.all_users
    context = gather(models or ("-",), newer or Newer(), report)
    if query.sessions or query.listed_sessions is not None:
        if query.users or query.listed is not None or all_users:
            raise UsageError(
                "sessions are of anonymous visitors and cannot be used with users", fix="run recommend once for each"
            )
        visits = sessions_of(query.sessions, query.listed_sessions, report)
        context = replace(context, loaded=[with_sessions(one, visits, report) for one in context.loaded])
        all_users = True
    loaded = context.loaded
    ids = asked_users(loaded, query.users, query.listed, all_users)
    candidates, chooser = chooser_of(context, rules, report)
    popular = loaded[0].popular[1]
    falls_back = query.fallback and rules.seen != "only"  # an unknown user has nothing to come back to
    unknown_users = Strangers(loaded, report, fallback=popular if falls_back else None)
    unknown_users.refuse_if_nobody(ids)
    sheet = UserTable(
        candidates,
        source=chooser.blend.source,
        fallback=popular,
        columns=query.columns,
        pictures=not all_users,
        reasons=Reasons(chooser, popular) if query.explain else None,
        latest=query.show_history,
        fits={one.name: fit for one in loaded if (fit := Fit.of(one.model.facts)) is not None},
    )
    report.expect(len(ids), "users")

    def batches() -> Iterator[pa.RecordBatch]:
        blocks = in_blocks(loaded, ids, len(candidates.ids))
        while some := list(islice(blocks, blocks_together(len(candidates.ids)))):
            with one_thread_a_product():  # also where a block is alone: scores do not depend on the number of cores
                done = side_by_side(answered, [unknown_users.sort_out(block) for block in some])
            for choice, batch in done:
                report.count("users", len(choice.user_batches.ids))
                report.count(f"users with fewer than {rules.k} answers", choice.short_of(rules.k))
                yield batch
            report.advance(sum(len(block.ids) for block in some))

    def answered(block: UserBatches) -> tuple[Choice, pa.RecordBatch]:
        choice = chooser.choose(block)
        return choice, sheet.batch(choice)

    return pa.RecordBatchReader.from_batches(sheet.schema, batches())


def chooser_of(context: ServingContext, rules: Rules, report: Report) -> tuple[CandidateItems, Chooser]:
    """What may be shown, and who chooses from it."""
    loaded = context.loaded
    blend = blend_of([one.name for one in loaded], rules.blend or {}, rules.blend_by)
    candidates = candidates_of(loaded, report)
    allow, deny = (None if listed is None else item_ids(listed) for listed in (rules.allow, rules.deny))
    allowed = allowed_of(candidates, where=rules.where, allow=allow, deny=deny, report=report)
    fallback = candidates.spread(loaded[0].popular[0], 0)
    vectors = None
    if rules.diversity > 0:
        vectors = context.looks(candidates.ids, report)
        vectors = item_vectors(loaded, candidates) if vectors is None else vectors
    if rules.keep_duplicates and candidates.groups is None:
        raise UsageError(
            "--keep-duplicates needs items with a column 'duplicate_of', for users", fix="leave out --keep-duplicates"
        )
    groups = None if rules.keep_duplicates else candidates.groups
    return candidates, Chooser(
        tuple(loaded), candidates, blend, rules.k, rules.seen, allowed, fallback, rules.diversity, vectors, groups
    )
