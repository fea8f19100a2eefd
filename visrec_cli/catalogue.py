"""The menu: every member of every family, by name, as ``module:attribute``. A new member is one line here.

Loading happens in ``find``; reading this module costs nothing.
"""

import unicodedata
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from visrec_cli.errors import UnavailableError, UsageProblem

MENU: dict[str, dict[str, str]] = {
    "image-encoder": {
        "lite0": "visrec_cli.encoders.lite0:Lite0ImageEncoder",
        "timm": "visrec_cli.encoders.timm_images:TimmImageEncoder",
        "st": "visrec_cli.encoders.sentence:ClipImageEncoder",
        "file": "visrec_cli.encoders.checkpoint:open_checkpoint",
        "onnx": "visrec_cli.encoders.compiled.exported:ExportedImageEncoder",
        "colour": "visrec_cli.encoders.handmade:HandmadeImageEncoder",
        "lbp": "visrec_cli.encoders.handmade:HandmadeImageEncoder",
        "hog": "visrec_cli.encoders.handmade:HandmadeImageEncoder",
    },
    "text-encoder": {
        "minilm": "visrec_cli.encoders.sentence:MiniLmTextEncoder",
        "st": "visrec_cli.encoders.sentence:SentenceTextEncoder",
    },
    "combiner": {
        "concat": "visrec_cli.fusion.combine:concat",
        "mean": "visrec_cli.fusion.combine:mean",
    },
    "fuser": {
        "weighted-softmax": "visrec_cli.fusion.learned.weighted:WeightedSoftmax",
        "attention": "visrec_cli.fusion.learned.attention:Attention",
        "gated": "visrec_cli.fusion.learned.gated:Gated",
        "cross-attention": "visrec_cli.fusion.learned.cross_attention:CrossAttention",
        "two-tower": "visrec_cli.fusion.learned.two_tower:TwoTower",
        "cca": "visrec_cli.fusion.learned.cca:Cca",
    },
    "reduction": {
        "pca": "visrec_cli.fusion.reduce:Pca",
        "whiten": "visrec_cli.fusion.reduce:Whiten",
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
        "content-knn": "visrec_cli.recommenders.content_knn:ContentKnn",
        "item-knn": "visrec_cli.recommenders.item_knn:ItemKnn",
        "user-knn": "visrec_cli.recommenders.user_knn:UserKnn",
        "ease": "visrec_cli.recommenders.ease:Ease",
        "graph-filter": "visrec_cli.recommenders.graph_filter:GraphFilter",
        "als": "visrec_cli.recommenders.als:Als",
        "als-explicit": "visrec_cli.recommenders.als_explicit:AlsExplicit",
        "sgd-mf": "visrec_cli.recommenders.sgd_mf:SgdMf",
        "bpr": "visrec_cli.recommenders.bpr:Bpr",
        "vbpr": "visrec_cli.recommenders.vbpr:Vbpr",
        "two-tower": "visrec_cli.recommenders.two_tower:TwoTower",
        "sasrec": "visrec_cli.recommenders.sasrec:SasRec",
        "gru": "visrec_cli.recommenders.gru:Gru",
        "hybrid": "visrec_cli.recommenders.hybrid:Hybrid",
    },
    "private-recommender": {
        "two-tower": "visrec_cli.recommenders.private:PrivateTwoTower",
    },
    "metric": {
        "ndcg": "visrec_cli.metrics.gains:Ndcg",
        "ndcg-graded": "visrec_cli.metrics.gains:NdcgGraded",
        "ndcg-exp": "visrec_cli.metrics.gains:NdcgExp",
        "recall": "visrec_cli.metrics.ranking:Recall",
        "recall-min": "visrec_cli.metrics.ranking:RecallMin",
        "precision": "visrec_cli.metrics.ranking:Precision",
        "f1": "visrec_cli.metrics.ranking:F1",
        "hit": "visrec_cli.metrics.ranking:Hit",
        "map": "visrec_cli.metrics.ranking:Map",
        "map-all": "visrec_cli.metrics.ranking:MapAll",
        "mrr": "visrec_cli.metrics.ranking:Mrr",
        "auc": "visrec_cli.metrics.ranking:Auc",
        "rmse": "visrec_cli.metrics.ratings:Rmse",
        "mae": "visrec_cli.metrics.ratings:Mae",
        "accuracy": "visrec_cli.metrics.ratings:Accuracy",
        "r-precision": "visrec_cli.metrics.retrieval:RPrecision",
        "map-r": "visrec_cli.metrics.retrieval:MapR",
        "coverage": "visrec_cli.metrics.coverage:Coverage",
        "user-coverage": "visrec_cli.metrics.coverage:UserCoverage",
        "gini": "visrec_cli.metrics.coverage:Gini",
        "popularity": "visrec_cli.metrics.popularity:Popularity",
        "novelty": "visrec_cli.metrics.popularity:Novelty",
        "tail-share": "visrec_cli.metrics.popularity:TailShare",
        "serendipity": "visrec_cli.metrics.popularity:Serendipity",
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


def names(family: str) -> list[str]:
    """The members of a family."""
    return list(MENU[family])


def find(family: str, name: str) -> Any:
    """The class (or function) of a family's member. Raises UsageProblem naming the nearest names for an unknown one."""
    menu = MENU[family]
    if name not in menu:
        raise unknown(f"{family.replace('-', ' ')}", name, list(menu))
    module, attribute = menu[name].split(":")
    return getattr(import_module(module), attribute)


def unknown(what: str, name: str, known: list[str], *, fix: str | None = None) -> UsageProblem:
    """A refusal that shows the nearest of the known names."""
    return UsageProblem(
        f"unknown {what} '{name}'", fix=fix or did_you_mean(name, known, " or ") or f"one of {', '.join(known[:20])}"
    )


def did_you_mean(name: str, known: Sequence[str], join: str = ", ") -> str | None:
    """The nearest of the known names as a question; it says where only the Unicode form differs, which nobody sees."""
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    if not near:
        return None
    same = near[0] != name and unicodedata.normalize("NFC", near[0]) == unicodedata.normalize("NFC", name)
    form = " (the same letters in another Unicode form: é as one sign, or as two)" if same else ""
    return f"did you mean {join.join(near)}?{form}"


def missing_extra(package: str, extra: str, *, note: str = "") -> UnavailableError:
    """The refusal for an optional package that is not installed, with the line that installs it."""
    return UnavailableError(f"{package} is not installed{note}", fix=f"pip install 'visrec-cli[{extra}]'")
