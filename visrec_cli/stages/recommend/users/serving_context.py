"""The serving context: models, with newer items and interactions."""

from collections.abc import Sequence
from dataclasses import dataclass

from visrec_cli.errors import UsageError
from visrec_cli.items.features import ItemFeatures, content_of, open_features
from visrec_cli.logs.reader import Use, read_log
from visrec_cli.options.logs import Cleaning
from visrec_cli.options.recommend_users import Newer
from visrec_cli.runtime.report import Report
from visrec_cli.stages.recommend.users.history import with_history
from visrec_cli.stages.recommend.users.loaded_model import LoadedModel, open_models
from visrec_cli.stages.recommend.users.new_items import with_columns, with_new_items
from visrec_cli.tables.readers import Tabular, is_path
from visrec_cli.tables.vectors import Matrix, embedding_columns


@dataclass(frozen=True)
class ServingContext:
    """The models as they are asked, and the items of ``--items``."""

    loaded: list[LoadedModel]
    features: ItemFeatures | None

    def looks(self, ids: Sequence[str], report: Report) -> Matrix | None:
        """(items, d) vectors of length 1 of ``--items``, None where it has none."""
        if self.features is None or not embedding_columns(self.features.table.schema):
            return None
        return content_of(self.features, ids, column=None, report=report).vectors


def gather(models: Sequence[Tabular], newer: Newer, report: Report) -> ServingContext:
    """Open all of it. Raises UsageError where two of them are to come from stdin."""
    sources = [*models, newer.items, newer.new_items, newer.history]
    if sum(is_path(source) and str(source) == "-" for source in sources) > 1:
        raise UsageError("stdin can be one table, not two", fix="name the files of the others")
    loaded = open_models(models)
    for one in loaded:
        if not one.described:
            report.warn(
                f"{one.where} has lost its metadata: it scores the users that it holds, and a mean rating "
                "is missing from the scores"
            )
    features = None if newer.items is None else open_features(newer.items, id_column=None, report=report)
    if features is not None:
        loaded = [with_columns(one, features, report) for one in loaded]
    if newer.new_items is not None:
        arrived = open_features(newer.new_items, id_column=None, report=report)
        loaded = [with_new_items(one, arrived, report) for one in loaded]
    if newer.history is not None:
        clicks, _ = read_log(newer.history, None, _use_of(loaded), report)
        report.count("interactions of --history", clicks.num_rows)
        loaded = [with_history(one, clicks, report) for one in loaded]
    return ServingContext(loaded, features)


def _use_of(loaded: Sequence[LoadedModel]) -> Use:
    """How ``--history`` is taken: cleaned as the models' own logs were, so that only those without it need to know."""
    likes = any(not one.kind.predicts_ratings and one.cleaning.min_weight is None for one in loaded)
    events = next((one.cleaning.events for one in loaded if one.cleaning.events), {})
    weights = "likes" if likes else "other"
    return Use(weights, Cleaning(events=events), "--history", alone=True)
