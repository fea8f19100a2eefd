"""Options that many commands share, with one wording."""

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
    typer.Option("--ids", metavar="FILE", help="Ids of an NPY matrix, one per line."),
    Reads(),
    Excludes("--row-ids"),
    _MATRIX,
]
RowIds = Annotated[bool, typer.Option("--row-ids", help="Call the rows of an NPY matrix 0, 1, 2 …"), _MATRIX]
Output = Annotated[
    str,
    typer.Option("--output", "-o", metavar="FILE", help="Where to write: .arrow .parquet .csv .ndjson; - is stdout."),
    Writes("a table", stdout=True),
]
VectorsOutput = Annotated[
    str,
    typer.Option("--output", "-o", metavar="FILE", help="Where to write: .arrow .parquet .npy .ndjson; - is stdout."),
    Writes("vectors", over=("source",), stdout=True),
]
ModelOutput = Annotated[
    str,
    typer.Option("--output", "-o", metavar="FILE", help="Where to write: .arrow .parquet .ndjson; - is stdout."),
    Writes("a model", stdout=True),
]
_FORMAT = "Format where the name does not say: arrow, stream, parquet"
Format = Annotated[str | None, typer.Option("--format", metavar="NAME", help=f"{_FORMAT}, csv, tsv, ndjson.")]
VectorsFormat = Annotated[str | None, typer.Option("--format", metavar="NAME", help=f"{_FORMAT}, npy, ndjson.")]
ModelFormat = Annotated[str | None, typer.Option("--format", metavar="NAME", help=f"{_FORMAT}, ndjson.")]
AnyFormat = Annotated[str | None, typer.Option("--format", metavar="NAME", help=f"{_FORMAT}, npy, csv, tsv, ndjson.")]
Rejects = Annotated[
    str | None,
    typer.Option("--rejects", metavar="FILE", help="Write what could not be used, with path, stage and reason."),
    Writes("a table", stdout=True),
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 if anything could not be used.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing on stderr but errors.")]
IdColumn = Annotated[str | None, typer.Option("--id-column", metavar="NAME", help="The column that names the items.")]
ImageColumn = Annotated[
    str | None,
    typer.Option("--image-column", metavar="NAME", help="Column of pictures or paths; default image, image_path …"),
]
Device = Annotated[
    str, typer.Option("--device", help="auto, cpu, cuda, cuda:1, mps. auto takes a GPU when there is one.")
]
Precise = Annotated[
    bool,
    typer.Option("--precise", help="The plain way: torch in full precision, pictures decoded whole (another space)."),
]
Engine = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="NAME",
        help="auto, onnx, openvino, openvino-bf16 or torch; auto: onnxruntime on a CPU, torch on a GPU.",
    ),
]
Threads = Annotated[
    int | None, typer.Option("--threads", min=1, help="How many threads work; by default one for each usable core.")
]
BatchSize = Annotated[
    int, typer.Option("--batch-size", min=1, help="Items per batch; halved when the device is out of memory.")
]

# The columns of a log of behaviour, and how it is cleaned: read by commands.interaction_options.
LogFile = Annotated[
    str,
    typer.Argument(metavar="[LOG]", help="Interactions (CSV, TSV, Parquet, NDJSON, Arrow), or - for stdin."),
    Reads(),
]
UserColumn = Annotated[
    str | None, typer.Option("--user-column", metavar="NAME", help="Who (default: user_id, user, customer_id …).")
]
ItemColumn = Annotated[
    str | None, typer.Option("--item-column", metavar="NAME", help="With what (default: item_id, movieId, asin …).")
]
WeightColumn = Annotated[
    str | None,
    typer.Option("--weight-column", metavar="NAME", help="How much (default: weight, rating …); none: each row is 1."),
]
TimeColumn = Annotated[
    str | None,
    typer.Option("--time-column", metavar="NAME", help="When (default: timestamp, date, t_dat …); none: no times."),
]
EventColumn = Annotated[
    str | None,
    typer.Option("--event-column", metavar="NAME", help="What happened (default: event, behavior …); none: no events."),
]
NoHeader = Annotated[
    bool,
    typer.Option("--no-header", help="Text without a line of names: user, item, rating, timestamp (u.data)."),
    NeedsInput("a log as CSV or TSV"),
]
Events = Annotated[
    str | None,
    typer.Option("--events", metavar="view=1,buy=5", help="What each event weighs; other events are left out."),
    NeedsInput("a log with a column of events"),
]
Repeats = Annotated[
    str | None,
    typer.Option(
        "--repeats",
        metavar="WAY",
        help="Same user, same item, several rows: sum, count, last or max (default: last for ratings, else sum).",
    ),
]
MinWeight = Annotated[
    float | None,
    typer.Option("--min-weight", metavar="N", help="From N on it is a like, of weight 1; below, it is left out."),
]
HalfLife = Annotated[
    float | None,
    typer.Option("--half-life", metavar="DAYS", help="Weights fade: a row so many days before the newest counts half."),
    NeedsInput("a log with times"),
]
KCore = Annotated[
    int,
    typer.Option("--k-core", min=0, metavar="K", help="Only users and items with K partners or more, till all have."),
]
TrainingLog = Annotated[
    list[str] | None,
    typer.Option("--log", metavar="FILE", help="Loss and validation by epoch: .csv, .arrow … or .svg, .png, .pdf."),
    Writes("curves"),
]
SaveCheckpoint = Annotated[
    str | None,
    typer.Option("--save-checkpoint", metavar="FILE", help="Keep this file up to date while training."),
    Writes("a checkpoint", over=("resume",)),
]
Resume = Annotated[
    str | None,
    typer.Option("--resume", metavar="FILE", help="Go on from a checkpoint; with more epochs than before, too."),
    Reads(),
]
