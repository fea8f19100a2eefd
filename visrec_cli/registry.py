"""The registry: every member of every family, by name, as ``module:attribute``. A new built-in member is one line here.

Loading happens in ``find``; reading this module costs nothing. Members of other packages (plug-ins) are looked for
only where a name is no built-in, and where all are listed.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

from visrec_cli.errors import UnavailableError, unknown

if TYPE_CHECKING:
    from visrec_cli.plugins import Plugin

IMAGE_ENCODER, TEXT_ENCODER = "lite0", "minilm"
"""The encoders that are taken where none is named. Both come with the package: they need no network."""

REGISTRY: dict[str, dict[str, str]] = {
    "image-encoder": {
        "lite0": "visrec_cli.encoders.lite0:Lite0ImageEncoder",
        "timm": "visrec_cli.encoders.timm_images:TimmImageEncoder",
        "st": "visrec_cli.encoders.sentence:ClipImageEncoder",
        "file": "visrec_cli.encoders.checkpoint_images:open_checkpoint",
        "onnx": "visrec_cli.encoders.compiled.exported:ExportedImageEncoder",
        "colour": "visrec_cli.encoders.classical:ClassicalImageEncoder",
        "lbp": "visrec_cli.encoders.classical:ClassicalImageEncoder",
        "hog": "visrec_cli.encoders.classical:ClassicalImageEncoder",
    },
    "text-encoder": {
        "minilm": "visrec_cli.encoders.sentence:MiniLmTextEncoder",
        "st": "visrec_cli.encoders.sentence:SentenceTextEncoder",
    },
    "combiner": {
        "concat": "visrec_cli.fusion.combiners:concat",
        "mean": "visrec_cli.fusion.combiners:mean",
    },
    "fuser": {
        "weighted-softmax": "visrec_cli.fusion.learned.weighted:WeightedSoftmax",
        "attention": "visrec_cli.fusion.learned.attention:Attention",
        "gated": "visrec_cli.fusion.learned.gated:Gated",
        "cross-attention": "visrec_cli.fusion.learned.cross_attention:CrossAttention",
        "two-tower": "visrec_cli.fusion.learned.two_tower:TwoTowerFuser",
        "cca": "visrec_cli.fusion.learned.cca:Cca",
    },
    "reduction": {
        "pca": "visrec_cli.fusion.reductions:Pca",
        "whiten": "visrec_cli.fusion.reductions:Whiten",
        "lda": "visrec_cli.fusion.discriminant:Lda",
    },
    "index": {
        "exact": "visrec_cli.indexes.exact:ExactIndex",
        "annoy": "visrec_cli.indexes.annoy:AnnoyIndex",
        "faiss": "visrec_cli.indexes.faiss:FaissIndex",
    },
    "recommender": {
        "random": "visrec_cli.recommenders.random:Random",
        "popularity": "visrec_cli.recommenders.popularity:Popularity",
        "content-knn": "visrec_cli.recommenders.neighbours.content_knn:ContentKnn",
        "item-knn": "visrec_cli.recommenders.neighbours.item_knn:ItemKnn",
        "user-knn": "visrec_cli.recommenders.neighbours.user_knn:UserKnn",
        "ease": "visrec_cli.recommenders.ease:Ease",
        "graph-filter": "visrec_cli.recommenders.graph_filter:GraphFilter",
        "als": "visrec_cli.recommenders.als.model:Als",
        "als-explicit": "visrec_cli.recommenders.als.explicit:AlsExplicit",
        "sgd-mf": "visrec_cli.recommenders.sgd_mf.model:SgdMf",
        "bpr": "visrec_cli.recommenders.bpr.model:Bpr",
        "vbpr": "visrec_cli.recommenders.vbpr.model:Vbpr",
        "two-tower": "visrec_cli.recommenders.two_tower.model:TwoTower",
        "sasrec": "visrec_cli.recommenders.sequential.sasrec:SasRec",
        "gru": "visrec_cli.recommenders.sequential.gru:Gru",
        "hybrid": "visrec_cli.recommenders.hybrid:Hybrid",
    },
    "private-recommender": {
        "two-tower": "visrec_cli.recommenders.two_tower.private:PrivateTwoTower",
    },
    "metric": {
        "ndcg": "visrec_cli.metrics.gains:Ndcg",
        "ndcg-graded": "visrec_cli.metrics.gains:NdcgGraded",
        "ndcg-exp": "visrec_cli.metrics.gains:NdcgExp",
        "recall": "visrec_cli.metrics.accuracy:Recall",
        "recall-min": "visrec_cli.metrics.accuracy:RecallMin",
        "precision": "visrec_cli.metrics.accuracy:Precision",
        "f1": "visrec_cli.metrics.accuracy:F1",
        "hit": "visrec_cli.metrics.accuracy:Hit",
        "map": "visrec_cli.metrics.accuracy:Map",
        "map-all": "visrec_cli.metrics.accuracy:MapAll",
        "mrr": "visrec_cli.metrics.accuracy:Mrr",
        "auc": "visrec_cli.metrics.accuracy:Auc",
        "rmse": "visrec_cli.metrics.ratings:Rmse",
        "mae": "visrec_cli.metrics.ratings:Mae",
        "accuracy": "visrec_cli.metrics.ratings:Accuracy",
        "r-precision": "visrec_cli.metrics.retrieval:RPrecision",
        "map-r": "visrec_cli.metrics.retrieval:MapR",
        "coverage": "visrec_cli.metrics.coverage:Coverage",
        "user-coverage": "visrec_cli.metrics.coverage:UserCoverage",
        "gini": "visrec_cli.metrics.coverage:Gini",
        "popularity": "visrec_cli.metrics.novelty:MeanPopularity",
        "novelty": "visrec_cli.metrics.novelty:Novelty",
        "tail-share": "visrec_cli.metrics.novelty:TailShare",
        "serendipity": "visrec_cli.metrics.novelty:Serendipity",
        "diversity": "visrec_cli.metrics.diversity:Diversity",
        "miscalibration": "visrec_cli.metrics.diversity:Miscalibration",
    },
    "click-through": {
        "ctr-logged": "visrec_cli.metrics.off_policy:Logged",
        "ctr-ips": "visrec_cli.metrics.off_policy:Ips",
        "ctr-snips": "visrec_cli.metrics.off_policy:Snips",
        "ctr-dr": "visrec_cli.metrics.off_policy:DoublyRobust",
        "ctr-ess": "visrec_cli.metrics.off_policy:EffectiveSample",
    },
}


_GROUP = {
    "image-encoder": "visrec.encoders",
    "text-encoder": "visrec.encoders",
    "recommender": "visrec.recommenders",
    "metric": "visrec.metrics",
    "index": "visrec.indexes",
    "fuser": "visrec.fusers",
}
"""The entry-point group of each family that plug-ins may add to."""

_TAKEN = {
    "visrec.encoders": ("image-encoder", "text-encoder"),
    "visrec.recommenders": ("recommender",),
    "visrec.metrics": ("metric", "click-through"),
    "visrec.indexes": ("index",),
    "visrec.fusers": ("fuser", "combiner"),
}
"""The families whose names a plug-in of the group may not take."""

_RESERVED = {"visrec.recommenders": ("unknown",), "visrec.fusers": ("tsne", "umap")}
"""Further names that mean something: a model that has lost its note, layouts in two dimensions."""


def names(family: str) -> list[str]:
    """The built-in members of a family."""
    return list(REGISTRY[family])


def all_names(family: str) -> list[str]:
    """The members of a family, plug-ins last. A plug-in that cannot be used is left out, and noted."""
    if family in ("image-encoder", "text-encoder"):
        return [name for name, _ in members(family)]  # which of the two a plug-in is, only its class says
    return [*REGISTRY[family], *(plugin.name for plugin in _plugins(family))]


def members(family: str) -> Iterator[tuple[str, Any]]:
    """Name and class of every member, plug-ins last. A plug-in that cannot be used is left out, and noted."""
    for name in REGISTRY[family]:
        yield name, find(family, name)
    for plugin in _plugins(family):
        from visrec_cli import plugins

        try:
            found = plugins.load(plugin)
        except UnavailableError as error:
            plugins.skip(error)
            continue
        if family in found:
            yield plugin.name, found[family]


def has(family: str, name: str) -> bool:
    """Whether there is a member of that name. Raises UnavailableError for a plug-in that cannot be used."""
    return name in REGISTRY[family] or _of_plugin(family, name) is not None


def find(family: str, name: str) -> Any:
    """The class (or function) of a family's member. Raises UsageError naming the nearest names for an unknown one,
    UnavailableError for a plug-in that cannot be used.
    """
    if name in REGISTRY[family]:
        module, attribute = REGISTRY[family][name].split(":")
        return getattr(import_module(module), attribute)
    found = _of_plugin(family, name)
    if found is None:
        raise unknown(f"{family.replace('-', ' ')}", name, all_names(family))
    return found


def plugin_of(family: str, name: str) -> "Plugin | None":
    """The plug-in that has a name; None where a built-in has it, or nobody. Raises UnavailableError for one whose
    name cannot be used.
    """
    group = _GROUP.get(family)
    if group is None or name in taken(group):
        return None
    from visrec_cli import plugins

    named = [one for one in plugins.installed() if (one.group, one.name) == (group, name)]
    if not named:
        return None
    why = plugins.obstacle(named[0], taken(group))
    if why is not None:
        raise plugins.blocked(named[0], why)
    return named[0]


def made_by(family: str, name: str) -> dict[str, Any]:
    """What a file made by this member says of it: the package, if it is a plug-in; else nothing."""
    plugin = plugin_of(family, name)
    return {} if plugin is None else {"plugin": plugin.origin}


def taken(group: str) -> tuple[str, ...]:
    """The names that no plug-in of an entry-point group can have."""
    return (*(name for family in _TAKEN[group] for name in REGISTRY[family]), *_RESERVED.get(group, ()))


def _plugins(family: str) -> "list[Plugin]":
    """The plug-ins of a family's group whose names can be used; the others are noted."""
    if family not in _GROUP:
        return []
    from visrec_cli import plugins

    usable = []
    for plugin in plugins.installed():
        if plugin.group == _GROUP[family]:
            why = plugins.obstacle(plugin, taken(plugin.group))
            if why is None:
                usable.append(plugin)
            else:
                plugins.skip(plugins.blocked(plugin, why))
    return usable


def _of_plugin(family: str, name: str) -> Any:
    """The class of a plug-in, None where none has the name. Raises UnavailableError for one that cannot be used."""
    plugin = plugin_of(family, name)
    if plugin is None:
        return None
    from visrec_cli import plugins

    return plugins.load(plugin).get(family)
