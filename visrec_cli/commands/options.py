"""Options that many commands share, with one wording."""

from typing import Annotated

import typer

Source = Annotated[
    str,
    typer.Argument(
        metavar="[TABLE|FOLDER]",
        help="A table (Arrow, Parquet, CSV, NDJSON, NPY), a folder of pictures, or - for stdin.",
    ),
]
Table = Annotated[
    str, typer.Argument(metavar="[TABLE]", help="A table (Arrow, Parquet, CSV, NDJSON, NPY), or - for stdin.")
]
Output = Annotated[
    str,
    typer.Option(
        "--output", "-o", metavar="FILE", help="Where to write: .arrow .parquet .npy .csv .ndjson; - is stdout."
    ),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="NAME",
        help="Format where the name does not say: arrow, stream, parquet, npy, csv, tsv, ndjson.",
    ),
]
Rejects = Annotated[
    str | None,
    typer.Option("--rejects", metavar="FILE", help="Write what could not be used, with path, stage and reason."),
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 if anything could not be used.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing on stderr but errors.")]
IdColumn = Annotated[str | None, typer.Option("--id-column", metavar="NAME", help="The column that names the items.")]
Device = Annotated[
    str, typer.Option("--device", help="auto, cpu, cuda, cuda:1, mps. auto takes a GPU when there is one.")
]
BatchSize = Annotated[
    int, typer.Option("--batch-size", min=1, help="Items per batch; halved when the device is out of memory.")
]
