"""``visrec fuse``."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from visrec_cli.options.destination import Destination
from visrec_cli.options.files import Reads, Writes
from visrec_cli.options.parsers import listed, settings_of
from visrec_cli.options.parsers import weights as parsed
from visrec_cli.options.requirements import CommandValues, Condition, Excludes, Needs
from visrec_cli.options.shared import Device, MatrixIds, Quiet, RowIds, VectorsFormat, VectorsOutput
from visrec_cli.registry import has, names
from visrec_cli.runtime.report import Report

if TYPE_CHECKING:
    import pyarrow as pa

_LEARNED = names("fuser")
_IN_EPOCHS = [name for name in _LEARNED if name not in ("cca", "weighted-softmax")]  # with early stopping
_IN_TORCH = [name for name in _LEARNED if name != "cca"]
_OF_ITS_OWN_SIZE = [name for name in _LEARNED if name != "weighted-softmax"]
_PLACES = "tsne|umap"


def _of_a_plugin(line: CommandValues) -> bool:
    method = line.values["method"]
    return method not in _LEARNED and has("fuser", method)


_PLUGIN = Condition("a method of a plug-in", _of_a_plugin)
_LEARNS = Needs(f"--method {'|'.join(_LEARNED)}", _PLUGIN)


def _ridge_is_given(line: CommandValues) -> bool:
    """Whether cca needs no held-back pairs, because its ridge is given."""
    ridge = str(settings_of(line.values["set_"] or []).get("ridge", "0"))
    return line.values["method"] == "cca" and ridge.strip("0.") != ""


_NOTHING_TO_CHOOSE = Excludes(Condition("a --set ridge for cca, where nothing is left to choose", _ridge_is_given))


def _result(line: CommandValues) -> str:
    return "a table" if line.values["method"] in _PLACES.split("|") else "vectors"


def _list_methods(wanted: bool) -> None:
    if wanted:
        from visrec_cli.commands.recommender_list import show_methods

        show_methods()
        raise typer.Exit


def command(
    tables: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TABLE]…", help="Tables with embeddings; several are joined by item_id. Default: stdin."
        ),
        Reads(),
    ] = None,
    method: Annotated[
        str,
        typer.Option(
            "--method",
            help="concat (concatenate), mean (average, within one space), or one of --methods: learned, tsne, umap.",
        ),
    ] = "concat",
    methods: Annotated[
        bool,
        typer.Option("--methods", callback=_list_methods, is_eager=True, help="List all methods and their settings."),
    ] = False,
    target: Annotated[
        str | None,
        typer.Option(
            "--target",
            metavar="COLUMN|pairs|clicks:LOG",
            help="Training target: labels in a column, the picture and text of each item, or an interaction log.",
        ),
        Reads(),
        Needs(f"--method {'|'.join(_LEARNED)}", _PLUGIN, "--reduce lda"),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", "-s", metavar="NAME=VALUE", help="Setting of the method; repeat, or separate with commas."
        ),
        _LEARNS,
    ] = None,
    columns: Annotated[
        str, typer.Option("--columns", metavar="A,B", help="Embedding columns to fuse, in this order (default: all).")
    ] = "",
    weights: Annotated[
        str,
        typer.Option("--weights", metavar="image=2,text=1", help="Weight of each column (default: 1)."),
        Excludes(f"--method {'|'.join(_LEARNED)}"),
    ] = "",
    normalise: Annotated[
        str, typer.Option("--normalise", help="l2: scale each column to length 1 first; none: leave it as it is.")
    ] = "l2",
    missing: Annotated[
        str,
        typer.Option(
            "--missing", help="For items that lack a column: zero, mean (of all items), drop (the item) or fail."
        ),
    ] = "zero",
    reduce: Annotated[
        str | None,
        typer.Option(
            "--reduce",
            metavar="pca|whiten|lda",
            help="Reduce to --dim dimensions, fitted on this table (lda: by --target).",
        ),
        Needs("--method concat|mean|weighted-softmax"),
    ] = None,
    dim: Annotated[
        int | None,
        typer.Option("--dim", min=1, help="Dimensions to keep with --reduce (default: 128) or to learn (default: 64)."),
        Needs(
            "--reduce",
            f"--method {'|'.join(_OF_ITS_OWN_SIZE)}|{_PLACES}",
            _PLUGIN,
            fix="--reduce pca or --reduce whiten",
        ),
    ] = None,
    validation: Annotated[
        float,
        typer.Option(
            "--validation", metavar="SHARE", help="Share of items held back for validation and early stopping."
        ),
        _LEARNS,
        _NOTHING_TO_CHOOSE,
    ] = 0.1,
    patience: Annotated[
        int,
        typer.Option("--patience", min=1, metavar="N", help="Stop after N epochs without improvement."),
        Needs(f"--method {'|'.join(_IN_EPOCHS)}", _PLUGIN),
        Excludes(Condition("--validation 0", lambda line: line.values["validation"] == 0)),
    ] = 10,
    seed: Annotated[
        int,
        typer.Option("--seed", min=0, help="Random seed; on a CPU the same seed gives the same bytes."),
        Needs(f"--method {'|'.join(_LEARNED)}|umap", _PLUGIN),
        _NOTHING_TO_CHOOSE,
    ] = 0,
    device: Annotated[Device, Needs(f"--method {'|'.join(_IN_TORCH)}", _PLUGIN)] = "auto",
    into: Annotated[
        str, typer.Option("--into", help="Name of the new column."), Excludes(f"--method {_PLACES}")
    ] = "embedding",
    half: Annotated[
        bool,
        typer.Option("--half", help="Store float16: half the size; duckdb cannot scan it."),
        Excludes(f"--method {_PLACES}"),
    ] = False,
    ids: MatrixIds = None,
    row_ids: RowIds = False,
    output: Annotated[VectorsOutput, Writes(_result, over=("tables",), stdout=True)] = "-",
    format: VectorsFormat = None,
    quiet: Quiet = False,
) -> None:
    """Fuse several embeddings of each item into one column, `embedding`.

    Every column is scaled to length 1, so that none dominates. The fitted recipe is stored with the new column, so that
    `visrec recommend --image new.jpg` can project a new picture into the same space. Learned methods hold back a tenth
    of the items, stop early, and report their validation result. After two-tower or cca, text queries find images that
    have no text.

    Examples:

        visrec embed-images ./imgs | visrec fuse -o catalogue.arrow

        visrec fuse image.arrow text.arrow --weights image=2,text=1 -o catalogue.arrow

        visrec fuse catalogue.arrow --reduce whiten --dim 64 -o small.npy --format npy

        visrec fuse catalogue.arrow --method two-tower --into joint_embedding -o joint.arrow

        visrec fuse catalogue.arrow --method attention --target category --set score=multiplicative -o mixed.arrow

        visrec fuse catalogue.arrow --reduce lda --target category -o told-apart.arrow

        visrec fuse catalogue.arrow --method tsne --dim 2 -o places.arrow
    """
    from visrec_cli.commands.runner import run_stage

    settings = settings_of(set_ or [])
    factors = parsed(weights, flag="--weights", example="image=2,text=1")

    def stage(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.fuse import fuse

        npy: dict[str, Any] = {"ids": ids, "row_ids": row_ids} if ids or row_ids else {}
        return fuse(
            *(tables or ["-"]),
            method=method,
            columns=listed(columns) or (),
            weights=factors,
            normalise=normalise,
            missing=missing,
            reduce=reduce,
            dim=dim,
            into=into,
            half=half,
            target=target,
            settings=settings,
            validation=validation,
            patience=patience,
            seed=seed,
            device=device,
            report=report,
            **npy,
        )

    run_stage(stage, Destination(output=output, format=format, quiet=quiet), column=into, noun="items")
