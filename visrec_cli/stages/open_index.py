"""The index that was asked for, built over the items, and what is known of its quality."""

from collections.abc import Mapping
from typing import cast

from visrec_cli.catalogue import find
from visrec_cli.errors import UsageProblem
from visrec_cli.runtime.reporting import Report
from visrec_cli.stages.answers import Index
from visrec_cli.tables.columns import Matrix

SETTINGS = {"exact": (), "annoy": ("trees", "search_k"), "faiss": ("nlist", "nprobe")}


def open_index(
    name: str, settings: Mapping[str, int | None], vectors: Matrix, k: int, *, passing: bool, report: Report
) -> Index:
    """Build the index over vectors, (n, d) of length 1. An approximate one is calibrated, and its recall is said.

    settings: those that are not None must belong to this index, else UsageProblem. passing: these are only the items
    that pass a condition, for which no index is built or kept. Raises UnavailableError for a missing extra.
    """
    given = {key: value for key, value in settings.items() if value is not None}
    make = find("index", name)
    for key in given:
        if key not in SETTINGS[name]:
            owner = next(other for other, keys in SETTINGS.items() if key in keys)
            raise UsageProblem(f"--{key.replace('_', '-')} belongs to --index {owner}", fix=f"--index {owner}")
    if passing and name != "exact":
        report.warn(f"--where leaves {len(vectors):,} items, which are searched exactly, without the {name} index")
        make = find("index", "exact")
    if passing or name == "exact":
        index = make()
        index.build(vectors)
        return cast(Index, index)
    index = make(**given, report=report)
    index.build(vectors)
    from visrec_cli.indexes.recall import calibrate

    recall, sampled = calibrate(index, k)
    report.warn(f"{name} recall@{k} {recall:.2f} on {sampled} sampled items ({index.effort})")
    return cast(Index, index)
