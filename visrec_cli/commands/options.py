"""Options that several commands share."""

from typing import Annotated

import typer

from visrec_cli.commands.file_options import Reads, Writes
from visrec_cli.commands.option_requirements import Excludes, NeedsInput

Source = Annotated[
    str,
    typer.Argument(
        metavar="[TABLE|FOLDER]",
        help="A table (Arrow, Parquet, CSV, NDJSON, NPY), a folder of pictures, or - for stdin.",
    ),
    Reads(),
]
Table = Annotated[
    str, typer.Argument(metavar="[TABLE]", help="A table (Arrow, Parquet, CSV, NDJSON, NPY), or - for stdin."), Reads()
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
    bool, typer.Option("--row-ids", help="Use the row numbers 0, 1, 2 … as ids of an NPY matrix."), _MATRIX
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

# Columns and cleaning of an interaction log; commands.interaction_options turns them into objects.
LogFile = Annotated[
    str,
    typer.Argument(metavar="[LOG]", help="Interactions (CSV, TSV, Parquet, NDJSON, Arrow), or - for stdin."),
    Reads(),
]
UserColumn = Annotated[
    str | None,
    typer.Option("--user-column", metavar="NAME", help="User column (default: user_id, user, customer_id, …)."),
]
ItemColumn = Annotated[
    str | None, typer.Option("--item-column", metavar="NAME", help="Item column (default: item_id, movieId, asin, …).")
]
WeightColumn = Annotated[
    str | None,
    typer.Option(
        "--weight-column",
        metavar="NAME",
        help="Weight column (default: weight, rating, …); 'none' gives every row the weight 1.",
    ),
]
TimeColumn = Annotated[
    str | None,
    typer.Option(
        "--time-column",
        metavar="NAME",
        help="Time column (default: timestamp, date, t_dat, …); 'none' ignores times.",
    ),
]
EventColumn = Annotated[
    str | None,
    typer.Option(
        "--event-column",
        metavar="NAME",
        help="Event column (default: event, behavior, …); 'none' ignores events.",
    ),
]
NoHeader = Annotated[
    bool,
    typer.Option(
        "--no-header",
        help="Read CSV or TSV without a header: user, item, rating, timestamp (as in u.data).",
    ),
    NeedsInput("a log as CSV or TSV"),
]
Events = Annotated[
    str | None,
    typer.Option("--events", metavar="view=1,buy=5", help="Weight of each event; drop all other events."),
    NeedsInput("a log with a column of events"),
]
Repeats = Annotated[
    str | None,
    typer.Option(
        "--repeats",
        metavar="WAY",
        help="Combine rows of the same user and item: sum, count, last or max (default: last for ratings, else sum).",
    ),
]
MinWeight = Annotated[
    float | None,
    typer.Option(
        "--min-weight", metavar="N", help="Keep rows of weight N or more, as likes of weight 1; drop the others."
    ),
]
HalfLife = Annotated[
    float | None,
    typer.Option(
        "--half-life", metavar="DAYS", help="Halve the weight of a row for every DAYS that it is older than the newest."
    ),
    NeedsInput("a log with times"),
]
KCore = Annotated[
    int,
    typer.Option(
        "--k-core",
        min=0,
        metavar="K",
        help="Keep only users with K items or more and items with K users or more, repeatedly, until all have.",
    ),
]
TrainingLog = Annotated[
    list[str] | None,
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
