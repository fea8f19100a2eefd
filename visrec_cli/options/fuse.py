"""Options of ``fuse``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from visrec_cli.options.classes import CommandLineType
from visrec_cli.options.files import Reads
from visrec_cli.options.parsers import listed, settings_of
from visrec_cli.options.parsers import weights as parsed
from visrec_cli.options.requirements import CommandValues, Condition, Excludes, Needs
from visrec_cli.options.shared import Device, MatrixIds, RowIds
from visrec_cli.registry import has, names

PAIRS, CLICKS = "pairs", "clicks:"
LAYOUTS = ("tsne", "umap")

_LEARNED = names("fuser")
_IN_EPOCHS = [name for name in _LEARNED if name not in ("cca", "weighted-softmax")]  # with early stopping
_IN_TORCH = [name for name in _LEARNED if name != "cca"]
_OF_ITS_OWN_SIZE = [name for name in _LEARNED if name != "weighted-softmax"]
_PLACES = "|".join(LAYOUTS)


def _of_a_plugin(line: CommandValues) -> bool:
    method = line.values["method"]
    return method not in _LEARNED and has("fuser", method)


_PLUGIN = Condition("a method of a plug-in", _of_a_plugin)
_LEARNS = Needs(f"--method {'|'.join(_LEARNED)}", _PLUGIN)


def _ridge_is_given(line: CommandValues) -> bool:
    """Whether cca needs no held-back pairs, because its ridge is given."""
    ridge = str(settings_of(line.values["set"]).get("ridge", "0"))
    return line.values["method"] == "cca" and ridge.strip("0.") != ""


_NOTHING_TO_CHOOSE = Excludes(Condition("a --set ridge for cca, where nothing is left to choose", _ridge_is_given))


def _weights(text: str) -> dict[str, float]:
    return parsed(text, flag="--weights", example="image=2,text=1")


@dataclass(frozen=True, kw_only=True)
class FuseOptions:
    """Which embedding columns are fused, and how.

    Attributes
    ----------
    method : str, default="concat"
        A combiner (``concat``, ``mean``), a fuser that learns, or a layout (``tsne``, ``umap``), which adds columns of
        coordinates instead of vectors.
    target : str, default=None
        What a fuser or a supervised reduction learns: ``pairs`` (the picture and the text of an item), ``clicks:LOG``,
        or the name of a column of labels. None: ``pairs``, for fusers that can.
    settings : Mapping[str, Any], default=None
        Settings of the fuser, by name; its defaults for all others.
    columns : Sequence[str], default=()
        Columns to fuse, in this order. Empty: all that are not themselves fused from others of the table.
    weights : Mapping[str, float], default=None
        Factor of each column, by its name with or without ``_embedding``; above 0, and 1 for columns that are not
        named.
    normalise : str, default="l2"
        ``l2`` scales each column to length 1 first, ``none`` leaves it as it is.
    missing : str, default="zero"
        What becomes of an item that lacks a column: ``zero`` (the column adds nothing), ``mean`` (the average vector
        stands in), ``drop`` (no vector) or ``fail``.
    reduce : str, default=None
        ``pca``, ``whiten`` or ``lda`` to ``dim`` dimensions, fitted on this table. None: no reduction.
    dim : int, default=None
        Dimensions to keep or to learn, 1 or more; for layouts 2 or 3. None: 128 with ``reduce``, 64 learned, 2 for
        layouts.
    validation : float, default=0.1
        Share of the items held back for validation and early stopping, from 0 to below 1.
    patience : int, default=10
        Epochs without improvement after which training stops, 1 or more.
    seed : int, default=0
        Random seed; on a CPU the same seed gives the same bytes.
    device : str, default="auto"
        ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
    into : str, default="embedding"
        Name of the new column.
    half : bool, default=False
        Whether it is float16 instead of float32.
    ids : str, default=None
        File with the ids of an NPY matrix, one per line.
    row_ids : bool, default=False
        Whether row numbers are the ids of an NPY matrix.
    """

    method: Annotated[
        str,
        typer.Option(
            "--method",
            help="concat (concatenate), mean (average, within one space), or one of --methods: learned, tsne, umap.",
        ),
    ] = "concat"
    target: Annotated[
        str | None,
        typer.Option(
            "--target",
            metavar="COLUMN|pairs|clicks:LOG",
            help="Training target: labels in a column, the picture and text of each item, or an interaction log.",
        ),
        Reads(),
        Needs(f"--method {'|'.join(_LEARNED)}", _PLUGIN, "--reduce lda"),
    ] = None
    settings: Annotated[
        Mapping[str, Any] | None,
        typer.Option(
            "--set", "-s", metavar="NAME=VALUE", help="Setting of the method; repeat, or separate with commas."
        ),
        _LEARNS,
        CommandLineType(list[str] | None, None, settings_of),
    ] = None
    columns: Annotated[
        Sequence[str],
        typer.Option("--columns", metavar="A,B", help="Embedding columns to fuse, in this order (default: all)."),
        CommandLineType(str, "", listed),
    ] = ()
    weights: Annotated[
        Mapping[str, float] | None,
        typer.Option("--weights", metavar="image=2,text=1", help="Weight of each column (default: 1)."),
        Excludes(f"--method {'|'.join(_LEARNED)}"),
        CommandLineType(str, "", _weights),
    ] = None
    normalise: Annotated[
        str, typer.Option("--normalise", help="l2: scale each column to length 1 first; none: leave it as it is.")
    ] = "l2"
    missing: Annotated[
        str,
        typer.Option(
            "--missing", help="For items that lack a column: zero, mean (of all items), drop (the item) or fail."
        ),
    ] = "zero"
    reduce: Annotated[
        str | None,
        typer.Option(
            "--reduce",
            metavar="pca|whiten|lda",
            help="Reduce to --dim dimensions, fitted on this table (lda: by --target).",
        ),
        Needs("--method concat|mean|weighted-softmax"),
    ] = None
    dim: Annotated[
        int | None,
        typer.Option("--dim", min=1, help="Dimensions to keep with --reduce (default: 128) or to learn (default: 64)."),
        Needs(
            "--reduce",
            f"--method {'|'.join(_OF_ITS_OWN_SIZE)}|{_PLACES}",
            _PLUGIN,
            fix="--reduce pca or --reduce whiten",
        ),
    ] = None
    validation: Annotated[
        float,
        typer.Option(
            "--validation", metavar="SHARE", help="Share of items held back for validation and early stopping."
        ),
        _LEARNS,
        _NOTHING_TO_CHOOSE,
    ] = 0.1
    patience: Annotated[
        int,
        typer.Option("--patience", min=1, metavar="N", help="Stop after N epochs without improvement."),
        Needs(f"--method {'|'.join(_IN_EPOCHS)}", _PLUGIN),
        Excludes(Condition("--validation 0", lambda line: line.values["validation"] == 0)),
    ] = 10
    seed: Annotated[
        int,
        typer.Option("--seed", min=0, help="Random seed; on a CPU the same seed gives the same bytes."),
        Needs(f"--method {'|'.join(_LEARNED)}|umap", _PLUGIN),
        _NOTHING_TO_CHOOSE,
    ] = 0
    device: Annotated[Device, Needs(f"--method {'|'.join(_IN_TORCH)}", _PLUGIN)] = "auto"
    into: Annotated[str, typer.Option("--into", help="Name of the new column."), Excludes(f"--method {_PLACES}")] = (
        "embedding"
    )
    half: Annotated[
        bool,
        typer.Option("--half", help="Store float16: half the size; duckdb cannot scan it."),
        Excludes(f"--method {_PLACES}"),
    ] = False
    ids: MatrixIds = None
    row_ids: RowIds = False

    @property
    def target_kind(self) -> str:
        """pairs, clicks or label."""
        if self.target in (None, PAIRS):
            return "pairs"
        return "clicks" if str(self.target).startswith(CLICKS) else "label"
