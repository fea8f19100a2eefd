"""``train-cf --private``: options that would leak what the noise protects, and so are refused."""

import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.errors import InputError, UsageError
from visrec_cli.logs.holdout import Parts
from visrec_cli.options.train_cf import TrainCfOptions
from visrec_cli.recommenders.base import Recommender
from visrec_cli.registry import find, names
from visrec_cli.runtime.report import Report


def private_kind(options: TrainCfOptions) -> type[Recommender]:
    """The private form of the recommender.

    Parameters
    ----------
    options : TrainCfOptions
        As they were given.

    Returns
    -------
    type[Recommender]
        Its class in the registry.

    Raises
    ------
    UsageError
        For a recommender without such a form, for options that would reveal single users, and without ``items``.
    """
    able = names("private-recommender")
    if options.model not in able:
        raise UsageError(
            f"{options.model} cannot be trained with --private", fix=f"--model {' or --model '.join(able)}, which can"
        )
    cleaning = options.cleaning
    revealing = {
        "--tune": options.tune,
        "--log": options.log,
        "--save-checkpoint": options.save_checkpoint,
        "--resume": options.resume,
        "--validation": options.validation,
        "--k-core": cleaning.k_core,
        "--half-life": cleaning.half_life,
    }
    given = next((flag for flag, value in revealing.items() if value), None)
    if given is not None:
        raise UsageError(f"{given} would reveal single users, whom --private protects", fix="leave out one of them")
    if options.items is None:
        raise UsageError(
            "--private needs the catalogue: the list of items in the log is private too", fix="--items items.arrow"
        )
    kind: type[Recommender] = find("private-recommender", options.model)
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
