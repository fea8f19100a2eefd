"""Tables that say something else than they seem to, for the page of messages."""

import gzip
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

MISTAKES = [
    ("a compressed table that was cut", "visrec interactions clicks.csv.gz -o x.arrow"),
    ("an archive of several tables", "visrec interactions odd/tables.zip -o x.arrow"),
    ("a row with more fields than the header", "visrec interactions odd/long.csv -o x.arrow"),
    ("rows with fewer", "visrec interactions odd/short.csv -o x.arrow"),
    ("a quote that is never closed", "visrec interactions odd/open.csv -o x.arrow"),
    ("a quote that swallows rows", "visrec interactions odd/swallowed.csv -o x.arrow"),
    ("two columns of one name", "visrec interactions odd/twice.csv -o x.arrow"),
    ("JSON that is cut", "visrec interactions odd/cut.ndjson -o x.arrow"),
    ("a column of two kinds", "visrec interactions odd/mixed.ndjson -o x.arrow"),
    ("a log that counts its events", "visrec interactions odd/counted.csv -o x.arrow"),
    ("a half-life of positions", "visrec interactions odd/counted.csv --half-life 30 -o x.arrow"),
    ("a date in a log of positions", "visrec split odd/counted.csv --by global-time --cut 2020-09-15 -o x.arrow"),
    ("one order of events that each user counts anew", "visrec split odd/counted.csv --by global-time -o x.arrow"),
    ("ids that went through floats", "visrec interactions odd/floats.parquet -o x.arrow"),
    (
        "a file of 500 bytes that would become 17 GB",
        "VISREC_MAX_UNPACKED=1 visrec interactions odd/runs.arrows -o x.arrow",
    ),
]


def prepare(folder: Path) -> None:
    """Writes them."""
    odd = folder / "odd"
    odd.mkdir()
    texts = {
        "long.csv": "user,item,rating\n7,a,5\n7,b,4,5\n",
        "short.csv": "user,item,note\n7,a,x\n7,b\n",
        "open.csv": 'user,item,note\n7,a,x\n7,"b\n',
        "swallowed.csv": 'user,item,note\n7,a,"fine\n7,b,x\n8,b,"\n',
        "twice.csv": "user,item,rating,rating\n7,a,5,4\n8,b,4,4\n",
        "cut.ndjson": '{"user": 7, "item": "a"}\n{"user": 7, "it\n',
        "counted.csv": "user,item,time\n7,a,0\n7,b,1\n8,b,0\n8,c,1\n",
        "mixed.ndjson": '{"user": 7, "item": "a", "tags": 5}\n{"user": 8, "item": "b", "tags": ["x"]}\n',
    }
    for name, text in texts.items():
        (odd / name).write_text(text)
    (folder / "clicks.csv.gz").write_bytes(gzip.compress(b"user,item\n7,a\n", mtime=0)[:-3])
    with zipfile.ZipFile(folder / "odd" / "tables.zip", "w") as packed:
        packed.writestr("may.csv", "user,item\n7,a\n")
        packed.writestr("june.csv", "user,item\n7,a\n7,b\n")
    runs = pa.RunEndEncodedArray.from_arrays(pa.array([2**31 - 1], pa.int32()), pa.array([1.0]))
    with pa.OSFile(str(odd / "runs.arrows"), "wb") as raw, pa.ipc.new_stream(raw, pa.schema({"user": runs.type})) as to:
        to.write_batch(pa.record_batch({"user": runs}))
    pq.write_table(pa.table({"user": [1e19, 2e19, 3.0], "item": ["a", "b", "a"]}), odd / "floats.parquet")
