"""Everything that questions about users are answered from: models, and what is newer than they are."""

from collections.abc import Sequence
from dataclasses import dataclass

from visrec_cli.errors import UsageError
from visrec_cli.items.features import ItemFeatures, content_of, open_shop
from visrec_cli.logs.cleanup import Cleaning
from visrec_cli.logs.reader import Use, read_log
from visrec_cli.runtime.report import Report
from visrec_cli.stages.recommend.users.history import with_history
from visrec_cli.stages.recommend.users.loaded_model import LoadedModel, open_models
from visrec_cli.stages.recommend.users.new_items import with_columns, with_new_items
from visrec_cli.tables.readers import Tabular, is_path
from visrec_cli.tables.vectors import Matrix, embedding_columns


@dataclass(frozen=True)
class Newer:
    """items: newer columns of the models' items. new_items: items that came after training. history: clicks since."""

    items: Tabular | None = None
    new_items: Tabular | None = None
    history: Tabular | None = None


@dataclass(frozen=True)
class ServingContext:
    """The models as they are asked, and the shop of ``--items``."""

    served: list[LoadedModel]
    shop: ItemFeatures | None

    def looks(self, ids: Sequence[str], report: Report) -> Matrix | None:
        """(items, d) vectors of length 1 of ``--items``, None where it has none."""
        if self.shop is None or not embedding_columns(self.shop.table.schema):
            return None
        return content_of(self.shop, ids, column=None, report=report).vectors


def gather(models: Sequence[Tabular], newer: Newer, report: Report) -> ServingContext:
    """Open all of it. Raises UsageError where two of them are to come from stdin."""
    sources = [*models, newer.items, newer.new_items, newer.history]
    if sum(is_path(source) and str(source) == "-" for source in sources) > 1:
        raise UsageError("stdin can be one table, not two", fix="name the files of the others")
    served = open_models(models)
    for one in served:
        if not one.told:
            report.warn(
                f"{one.where} has lost what it says about itself: it scores the users that it holds, and a mean rating "
                "is missing from the scores"
            )
    shop = None if newer.items is None else open_shop(newer.items, id_column=None, report=report)
    if shop is not None:
        served = [with_columns(one, shop, report) for one in served]
    if newer.new_items is not None:
        arrived = open_shop(newer.new_items, id_column=None, report=report)
        served = [with_new_items(one, arrived, report) for one in served]
    if newer.history is not None:
        clicks, _ = read_log(newer.history, None, _use_of(served), report)
        report.count("interactions of --history", clicks.num_rows)
        served = [with_history(one, clicks, report) for one in served]
    return ServingContext(served, shop)


def _use_of(served: Sequence[LoadedModel]) -> Use:
    """How ``--history`` is taken: cleaned as the models' own logs were, so that only those without it need to know."""
    likes = any(not one.kind.predicts_ratings and one.cleaning.min_weight is None for one in served)
    events = next((one.cleaning.events for one in served if one.cleaning.events), {})
    weights = "likes" if likes else "other"
    return Use(weights, Cleaning(events=events), "--history", alone=True)
