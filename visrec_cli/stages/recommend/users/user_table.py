"""Recommendations to users as a table: one row per recommendation, with item columns."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from visrec_cli.stages.recommend.items.item_columns import item_columns
from visrec_cli.stages.recommend.users.candidate_items import CandidateItems
from visrec_cli.stages.recommend.users.explanations import Reasons
from visrec_cli.stages.recommend.users.history_column import FIELD, pasts
from visrec_cli.stages.recommend.users.selection import Choice
from visrec_cli.tables.provenance import COLUMN, Fit, with_fits
from visrec_cli.tables.rows import take_rows

FIELDS = [
    pa.field("user_id", pa.string()),
    pa.field("item_id", pa.string()),
    pa.field("rank", pa.int32()),
    pa.field("score", pa.float32()),
    pa.field("source", pa.string()),
]
REASONS = [
    pa.field("because_item_id", pa.string()),
    pa.field("because_score", pa.float32()),
    pa.field("why", pa.string()),
]


class UserTable:
    """Makes batches of one schema.

    source, fallback: what the column ``source`` says of users whom a model knows, and of the others. columns: which of
    the items' columns go along (None: all). pictures: whether stored ones do. reasons: None leaves them out.
    latest: of so many of the user's latest items the first row tells; 0 leaves the column ``history`` out. fits: on
    what each model was fitted, for the metadata of ``source``.
    """

    def __init__(
        self,
        candidates: CandidateItems,
        *,
        source: str,
        fallback: str,
        columns: Sequence[str] | None,
        pictures: bool,
        reasons: Reasons | None = None,
        latest: int = 0,
        fits: Mapping[str, Fit] | None = None,
    ) -> None:
        self._candidates, self._source, self._fallback = candidates, source, f"fallback: {fallback}"
        self._reasons, self._latest = reasons, latest
        fields = [with_fits(field, fits or {}) if field.name == COLUMN else field for field in FIELDS]
        reserved = [*fields, *(REASONS if reasons else []), *([FIELD] if latest else [])]
        self._passed, passed = item_columns(
            candidates.about.schema, columns, reserved=[field.name for field in reserved], pictures=pictures
        )
        self.schema = pa.schema([*reserved, *passed])

    def source_of(self, known: bool) -> str:
        """What the column ``source`` says."""
        return self._source if known else self._fallback

    def batch(self, choice: Choice) -> pa.RecordBatch:
        """All that a block of users is shown, user by user, best first."""
        users, places = np.nonzero(choice.rows >= 0)
        rows = choice.rows[users, places]
        part = take_rows(self._candidates.about.select(["item_id", *self._passed]), rows)
        sources = np.where(choice.known, self.source_of(True), self.source_of(False))
        arrays = [
            pa.array(choice.user_batches.ids, pa.string()).take(pa.array(users)),
            part["item_id"],
            pa.array(places + 1, pa.int32()),
            pa.array(choice.scores[users, places], pa.float32()),
            pa.array(sources[users].tolist(), pa.string()),
            *self._why(choice),
            *([pasts(choice.past, users, self._latest, self._candidates)] if self._latest else []),
            *(part[name] for name in self._passed),
        ]
        whole = [a.combine_chunks() if isinstance(a, pa.ChunkedArray) else a for a in arrays]
        return pa.RecordBatch.from_arrays(whole, schema=self.schema)

    def _why(self, choice: Choice) -> list[pa.Array]:
        if self._reasons is None:
            return []
        reasons = self._reasons.of(choice)
        return [pa.array([reason[i] for reason in reasons], field.type) for i, field in enumerate(REASONS)]
