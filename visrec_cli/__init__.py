"""visrec: the Unix toolbox for visual recommendation.

Every stage of the command line is a function here, on the same tables, loaded when first used::

    import visrec_cli as visrec

    items = visrec.preprocess("./imgs", items="items.csv")
    table = visrec.fuse(visrec.embed_text(visrec.embed_images(items)))
    visrec.write_table(visrec.recommend(table.read_all(), items=["42"], k=10), "recs.parquet")

A stage takes a path, a pyarrow table or anything that speaks the Arrow stream protocol (polars, duckdb, pandas),
and gives a ``pyarrow.RecordBatchReader``.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_STAGES = {
    "preprocess": "visrec_cli.stages.preprocess",
    "embed_images": "visrec_cli.stages.embed_images",
    "train_encoder": "visrec_cli.stages.train_encoder",
    "export_encoder": "visrec_cli.stages.export_encoder",
    "embed_text": "visrec_cli.stages.embed_text",
    "fuse": "visrec_cli.stages.fuse",
    "concat": "visrec_cli.stages.concat",
    "interactions": "visrec_cli.stages.interactions",
    "split": "visrec_cli.stages.split",
    "Columns": "visrec_cli.tables.interaction_log",
    "Cleaning": "visrec_cli.logs.cleanup",
    "train_cf": "visrec_cli.stages.train_cf",
    "recommend": "visrec_cli.stages.recommend.items",
    "recommend_groups": "visrec_cli.stages.recommend.items.alike_groups",
    "recommend_users": "visrec_cli.stages.recommend.users",
    "Rules": "visrec_cli.options.recommend_users",
    "Newer": "visrec_cli.options.recommend_users",
    "follow": "visrec_cli.stages.recommend.users.follow",
    "evaluate": "visrec_cli.stages.eval",
    "show": "visrec_cli.stages.show",
    "describe": "visrec_cli.stages.show",
    "gallery": "visrec_cli.stages.show.gallery",
    "picture_map": "visrec_cli.stages.show.picture_map",
    "profile": "visrec_cli.stages.profile",
    "check": "visrec_cli.stages.check",
    "open_table": "visrec_cli.tables.readers",
    "write_table": "visrec_cli.tables.output",
    "Report": "visrec_cli.runtime.report",
}

__all__ = ["__version__", *_STAGES]


def __getattr__(name: str) -> Any:
    if name in _STAGES:
        return getattr(import_module(_STAGES[name]), name)
    raise AttributeError(f"module 'visrec_cli' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
