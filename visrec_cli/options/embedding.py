"""Options that ``embed-images`` and ``embed-text`` share."""

from dataclasses import dataclass
from typing import Annotated

import typer

from visrec_cli.options.shared import Device, Engine, IdColumn, Precise, Threads
from visrec_cli.options.types import Cache


@dataclass(frozen=True, kw_only=True)
class EmbeddingOptions:
    """How an encoder runs, and which column it adds.

    Attributes
    ----------
    normalise : bool, default=True
        Whether each vector is scaled to length 1. An encoder that is open already decides for itself, as it does on
        device, engine and precise.
    half : bool, default=False
        Whether the column is float16 instead of float32.
    device : str, default="auto"
        ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
    precise : bool, default=False
        Whether torch computes in full precision, from pictures decoded whole. Its vectors are in another space.
    engine : str, default="auto"
        See encoders.compiled.engines.
    threads : int | None, default=None
        Threads that decode, and that compute where the encoder takes one picture at a time. None: one per usable core.
    cache : Cache, default=True
        Whether vectors are kept between runs, or the folder that keeps them.
    id_column : str | None, default=None
        The column that names the items. None: found by its usual names.
    """

    normalise: Annotated[bool, typer.Option("--normalise/--no-normalise", help="Scale each vector to length 1.")] = True
    half: Annotated[bool, typer.Option("--half", help="Store float16: half the size; duckdb cannot scan it.")] = False
    device: Device = "auto"
    precise: Precise = False
    engine: Engine = "auto"
    threads: Threads = None
    cache: Cache = True
    id_column: IdColumn = None
