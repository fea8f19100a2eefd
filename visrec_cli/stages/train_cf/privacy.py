"""``train-cf --private``: options that would leak what the noise protects, and so are refused."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.errors import InputError, UsageError
from visrec_cli.logs.holdout import Parts
from visrec_cli.recommenders.base import Recommender
from visrec_cli.registry import find, names
from visrec_cli.runtime.report import Report


def private_kind(model: str, asked: Mapping[str, object]) -> type[Recommender]:
    """The private form of a recommender. asked: by flag, what goes with no privacy unless it is empty.

    Raises UsageError for a recommender that has no such form, and for what was asked.
    """
    able = names("private-recommender")
    if model not in able:
        raise UsageError(
            f"{model} cannot be trained with --private", fix=f"--model {' or --model '.join(able)}, which can"
        )
    given = next((flag for flag, value in asked.items() if value), None)
    if given is not None:
        raise UsageError(f"{given} would reveal single users, whom --private protects", fix="leave out one of them")
    kind: type[Recommender] = find("private-recommender", model)
    return kind


def for_privacy(parts: Parts, items: list[str], fit_on: str, report: Report) -> Parts:
    """The rows that a private model is fitted on, once, as they are: nothing is chosen on any, for that would tell.

    items: of the catalogue. Raises UsageError where ``fit_on`` train leaves nothing out, InputError without rows.
    """
    if fit_on == "train":
        if parts.validation is None:
            raise UsageError(
                "--fit-on train: nothing is held back with --private, and the log has no validation rows",
                fix="leave it out",
            )
        report.count("validation interactions not looked at", parts.validation.num_rows)
    rows = of_the_catalogue(parts.known if fit_on == "known" else parts.train, items, report)
    return Parts(rows, None, rows)


def of_the_catalogue(table: pa.Table, items: list[str], report: Report) -> pa.Table:
    """The interactions with items that everybody may know of. Raises InputError where there are none."""
    listed = pc.is_in(table["item_id"], pa.array(items, pa.string()))
    report.count("interactions with items that --items does not list", pc.sum(pc.invert(listed)).as_py() or 0)
    table = table.filter(listed)
    if not table.num_rows:
        raise InputError("no item of the log is in --items", fix="give the catalogue that the log is of")
    return table
