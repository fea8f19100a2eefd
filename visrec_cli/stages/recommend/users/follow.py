"""``recommend --follow``: answers to a stream of events."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

from visrec_cli.errors import InputError, UsageError, VisrecError
from visrec_cli.options.recommend_users import Newer, Rules
from visrec_cli.runtime.report import Report
from visrec_cli.stages.recommend.users import chooser_of
from visrec_cli.stages.recommend.users.explanations import Reasons
from visrec_cli.stages.recommend.users.follower import Follower, error_of, event_of
from visrec_cli.stages.recommend.users.serving_context import gather
from visrec_cli.stages.recommend.users.user_table import UserTable
from visrec_cli.tables.failures import in_short
from visrec_cli.tables.readers import Tabular, is_path

LONGEST = 1 << 20  # bytes of a line: whatever comes, memory stays


def follow(
    *models: Tabular,
    events: Iterable[bytes | str | Mapping[str, Any]],
    columns: Sequence[str] | None = (),
    explain: bool = False,
    fallback: bool = True,
    rules: Rules | None = None,
    newer: Newer | None = None,
    report: Report | None = None,
) -> Iterator[dict[str, Any]]:
    """Answer each event as it comes, in order; clicks are remembered and count from the next answer on.

    events: lines of JSON, or objects. ``{"user_id": "42"}`` asks; ``{"user_id": "42", "item_id": "7", "weight": 1}``
    is a click, and asks unless ``"answer": false``; ``{"items": ["1", "2"]}`` asks for somebody without a name; ``k``
    is optional. columns: item columns beside each item (None: all). The other arguments are recommend_users'.

    Yields ``{"user_id", "source", "items": [{"item_id", "score", …}]}``, best first, or ``{"error", "line"}`` for an
    event that cannot be answered. Raises UsageError and InputError for models and rules, before the first event.
    """
    report, rules = report or Report(), rules or Rules()
    if not models or any(is_path(model) and str(model) == "-" for model in models):
        raise UsageError(
            "--follow reads events on stdin, so the model must be a file", fix="visrec recommend als.arrow --follow"
        )
    context = gather(models, newer or Newer(), report)
    candidates, chooser = chooser_of(context, rules, report)
    popular = context.loaded[0].popular[1]
    reasons = Reasons(chooser, popular) if explain else None
    sheet = UserTable(
        candidates, source=chooser.blend.source, fallback=popular, columns=columns, pictures=False, reasons=reasons
    )
    follower = Follower(chooser, sheet, fallback=fallback and rules.seen != "only")
    return _answers(follower, events, report)


def _answers(
    follower: Follower, events: Iterable[bytes | str | Mapping[str, Any]], report: Report
) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(events, 1):
        if isinstance(line, bytes | str) and not line.strip():
            continue
        try:
            if isinstance(line, bytes | str) and len(line) > LONGEST:
                raise InputError(f"a line of more than {LONGEST:,} bytes")
            answer = follower.answer(event_of(line))
        except VisrecError as error:
            answer = error_of(error.what, number)
            report.count("errors")
        except Exception as error:  # one event must not end the answers to all others
            what = f"{type(error).__name__}: {in_short(error)}"
            answer = error_of(f"a bug in visrec: {what}", number)
            report.count("errors")
            report.warn(
                f"event {number:,} failed by a bug in visrec; the others were answered ({what}); please report it"
            )
        if answer is None:
            report.count("clicks without an answer")
        else:
            report.count("answers")
            yield answer


def lines_of(raw: BinaryIO) -> Iterator[bytes]:
    """The lines as they come; of one that is too long no more is kept than shows that it is."""
    while line := raw.readline(LONGEST + 2):
        rest = line
        while len(rest) == LONGEST + 2 and not rest.endswith(b"\n"):
            rest = raw.readline(LONGEST + 2)
        yield line
