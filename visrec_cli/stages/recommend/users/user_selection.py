"""Selection of the users to serve."""

from collections.abc import Sequence

import numpy as np

from visrec_cli.errors import UsageError, did_you_mean, unknown
from visrec_cli.items.id_lists import user_ids
from visrec_cli.runtime.report import Report
from visrec_cli.stages.recommend.users.loaded_model import LoadedModel
from visrec_cli.stages.recommend.users.user_batches import UserBatches, user_batches
from visrec_cli.tables.readers import Tabular

_NEAR = 3  # of so many strangers the nearest known ids are looked for: among many users that takes its time


def asked_users(
    loaded: Sequence[LoadedModel], users: Sequence[str], listed: Tabular | None, everybody: bool
) -> Sequence[str]:
    """The ids that are asked about, each once. Raises UsageError for none, or for everybody and some."""
    if isinstance(users, str):
        raise UsageError("users are a list", fix='users=["42"]')
    if everybody and (users or listed is not None):
        raise UsageError(
            "--all-users selects every user and cannot be used with other users", fix="leave out one of them"
        )
    if everybody:
        return list(dict.fromkeys(user for one in loaded for user in one.users.ids))
    ids = list(dict.fromkeys([*map(str, users), *(user_ids(listed) if listed is not None else [])]))
    if "" in ids:
        raise UsageError("the id of a user is empty", fix="--user 42; is the variable set?")
    for user in ids:
        if any("\ud800" <= letter <= "\udfff" for letter in user):  # so Python keeps bytes that are no text
            raise UsageError(f"{user!r} is not an id of a user: it is not UTF-8", fix="ids are text, in UTF-8")
    if not ids:
        raise UsageError(
            "no user was given",
            fix="give --user ID, --users FILE, --all-users, --session ID,ID or --follow, or --item ID",
        )
    return ids


class Strangers:
    """Handles unknown users: they get the fallback and a note, or are rejected."""

    def __init__(self, loaded: Sequence[LoadedModel], report: Report, *, fallback: str | None) -> None:
        self._loaded, self._report, self._fallback, self._reported = loaded, report, fallback, 0

    def sort_out(self, block: UserBatches) -> UserBatches:
        """The block, or those of it who are known where there is no fallback."""
        known = block.known
        for place in np.flatnonzero(~known):
            self._tell(block.ids[place])
        if self._fallback is not None:
            self._report.count(f"users nobody knows, shown {self._fallback}", int((~known).sum()))
            return block
        return (
            block if known.all() else user_batches(self._loaded, [block.ids[place] for place in np.flatnonzero(known)])
        )

    def refuse_if_nobody(self, users: Sequence[str]) -> None:
        """Raise UsageError if none of these users is known and there is no fallback; with one, say so of a list."""
        if any(user in one.row_of for one in self._loaded for user in users):
            return
        known = self._loaded[0].users.ids
        if self._fallback is None:
            raise unknown("user", users[0], list(known), fix=self._near(users[0]))
        if len(users) > 1 and known:
            self._report.warn(f"no model knows any of these {len(users):,} users; it knows {', '.join(known[:3])} …")

    def _tell(self, user: str) -> None:
        in_a_model = any(user in one.row_of for one in self._loaded)
        words = "this user has no history" if in_a_model else "no model knows this user"
        near = "" if in_a_model or self._reported >= _NEAR else self._near(user)
        self._reported += not in_a_model
        if self._fallback is None:
            self._report.reject("recommend", f"{words}{f': {near}' if near else ''}", path=f"user {user}")
        elif near:
            self._report.warn(f"user '{user}' is unknown: {near}")

    def _near(self, user: str) -> str | None:
        return did_you_mean(user, self._loaded[0].users.ids)
