"""Options that several commands share."""

from collections.abc import Sequence
from typing import Annotated

import typer

from visrec_cli.options.files import Reads, Writes
from visrec_cli.options.requirements import Excludes, NeedsInput

Source = Annotated[
    str,
    typer.Argument(
        metavar="[TABLE|FOLDER]",
        help="A table (Arrow, Parquet, CSV, NDJSON, NPY; or a folder or pattern of its parts), a folder of pictures, "
        "or - for stdin.",
    ),
    Reads(),
]
Table = Annotated[
    str,
    typer.Argument(
        metavar="[TABLE]",
        help="A table (Arrow, Parquet, CSV, NDJSON, NPY; or a folder or pattern of its parts), or - for stdin.",
    ),
    Reads(),
]
_MATRIX = NeedsInput("an NPY matrix: other tables name their items")
MatrixIds = Annotated[
    str | None,
    typer.Option("--ids", metavar="FILE", help="File with the ids of an NPY matrix, one per line."),
    Reads(),
    Excludes("--row-ids"),
    _MATRIX,
]
RowIds = Annotated[
    bool,
    typer.Option("--row-ids", help="Use the row numbers 0, 1, 2 … as ids of an NPY matrix, or a table without ids."),
    NeedsInput("an NPY matrix or a table without ids"),
]
Output = Annotated[
    str,
    typer.Option("--output", "-o", metavar="FILE", help="Output file: .arrow, .parquet, .csv, .ndjson; - is stdout."),
    Writes("a table", stdout=True),
]
VectorsOutput = Annotated[
    str,
    typer.Option("--output", "-o", metavar="FILE", help="Output file: .arrow, .parquet, .npy, .ndjson; - is stdout."),
    Writes("vectors", over=("source",), stdout=True),
]
ModelOutput = Annotated[
    str,
    typer.Option("--output", "-o", metavar="FILE", help="Output file: .arrow, .parquet, .ndjson; - is stdout."),
    Writes("a model", stdout=True),
]
_FORMAT = "Output format, if the file name has no known ending: arrow, stream, parquet"
Format = Annotated[str | None, typer.Option("--format", metavar="NAME", help=f"{_FORMAT}, csv, tsv, ndjson.")]
VectorsFormat = Annotated[str | None, typer.Option("--format", metavar="NAME", help=f"{_FORMAT}, npy, ndjson.")]
ModelFormat = Annotated[str | None, typer.Option("--format", metavar="NAME", help=f"{_FORMAT}, ndjson.")]
AnyFormat = Annotated[str | None, typer.Option("--format", metavar="NAME", help=f"{_FORMAT}, npy, csv, tsv, ndjson.")]
Rejects = Annotated[
    str | None,
    typer.Option("--rejects", metavar="FILE", help="Write rejected inputs to FILE, with path, stage and reason."),
    Writes("a table", stdout=True),
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with code 1 if any input was rejected.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors on stderr.")]
IdColumn = Annotated[str | None, typer.Option("--id-column", metavar="NAME", help="Column with the ids of the items.")]
ImageColumn = Annotated[
    str | None,
    typer.Option("--image-column", metavar="NAME", help="Column of pictures or paths (default: image, image_path, …)."),
]
SeveralPictures = Annotated[
    bool,
    typer.Option("--several-pictures", help="Take rows with the same id as the pictures of one item."),
    NeedsInput("a table, whose rows name pictures"),
]
Device = Annotated[
    str, typer.Option("--device", help="Device: auto, cpu, cuda, cuda:1 or mps; auto uses a GPU if there is one.")
]
Precise = Annotated[
    bool,
    typer.Option(
        "--precise",
        help="Compute with torch in full precision and decode pictures at full size (another vector space).",
    ),
]
Engine = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="NAME",
        help="Engine: auto, onnx, openvino, openvino-bf16 or torch; auto is onnxruntime on a CPU, torch on a GPU.",
    ),
]
Threads = Annotated[
    int | None, typer.Option("--threads", min=1, help="Number of threads (default: one per usable core).")
]
BatchSize = Annotated[
    int, typer.Option("--batch-size", min=1, help="Items per batch; halved when the device is out of memory.")
]

TrainingLog = Annotated[
    Sequence[str],
    typer.Option(
        "--log",
        metavar="FILE",
        help="Write loss and validation per epoch to FILE, as a table (.csv, .arrow, …) or plot (.svg, .png, .pdf).",
    ),
    Writes("curves"),
]
SaveCheckpoint = Annotated[
    str | None,
    typer.Option(
        "--save-checkpoint", metavar="FILE", help="Save the state of training to FILE, again and again while it runs."
    ),
    Writes("a checkpoint", over=("resume",)),
]
Resume = Annotated[
    str | None,
    typer.Option("--resume", metavar="FILE", help="Continue from a checkpoint; the number of epochs may be raised."),
    Reads(),
]
