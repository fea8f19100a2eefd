"""The page of messages: every mistake is made for real and what visrec says is written down.

``python -m tests.docs.errors`` rewrites ``docs/errors.md``; a test compares it with what is said today.
"""

import io
import os
import shutil
import subprocess
import sys
import tempfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image

from tests.conftest import COLOURS, ROOT, draw
from tests.docs import odd_tables
from visrec_cli.tables.output import write_table
from visrec_cli.tables.readers import read_all

PAGE = ROOT / "docs" / "errors.md"

HEAD = """# Messages and exit codes

<!-- made by really making each mistake: `make docs` -->

| code | when |
|---|---|
| 0 | done; skipped inputs are counted on stderr and written to `--rejects FILE` when asked |
| 1 | the output is complete, but something could not be used (`--strict`), or a gate is not passed (`eval`) |
| 2 | usage: contradicting or unknown flags, an unknown name (with the nearest names) |
| 65 / 66 | the input is wrong / is not there |
| 69 | a missing extra, or weights that cannot be had offline: with the line that mends it |
| 70 | a bug of ours: one line and where to report it; the traceback with `visrec --debug …` |
| 71 | memory ran out, of the machine or of a device |
| 73 / 74 | the output cannot be made / reading or writing failed half-way (a full disk) |
| 130 / 141 | interrupted / the reader went away (`| head`) |

A message says what is wrong, where, and what to do. Nothing below leaves a half-written file behind.

| mistake | command | code | stderr |
|---|---|---|---|
"""

MISTAKES = [
    ("a truncated picture", "visrec embed-images bad/truncated -e colour -o x.arrow"),
    ("an empty file among good pictures", "visrec embed-images bad/empty -e colour -o x.arrow"),
    ("the same, and that is not acceptable", "visrec embed-images bad/empty -e colour -o x.arrow --strict"),
    ("a picture of 3,600 megapixels", "visrec preprocess bad/giant -o x.arrow"),
    ("a PNG called .jpg (read all the same)", "visrec preprocess bad/misnamed -o x.arrow"),
    ("a web page called .jpg", "visrec preprocess bad/page -o x.arrow"),
    ("pictures in a format that is not read", "visrec preprocess bad/formats -o x.arrow"),
    ("nothing but such pictures", "visrec preprocess bad/foreign -o x.arrow"),
    ("limits that no picture keeps", "visrec preprocess imgs --min-resolution 8k -o x.arrow"),
    ("a folder without pictures", "visrec embed-images bad/none"),
    ("two pictures with one id", "visrec preprocess bad/collision -o x.arrow"),
    ("a folder that is not there", "visrec embed-images nowhere"),
    ("a CSV without an id column", "visrec preprocess imgs --items noid.csv -o x.arrow"),
    ("a CSV with repeated ids", "visrec preprocess imgs --items twice.csv -o x.arrow"),
    ("a CSV that matches no picture", "visrec preprocess imgs --items strangers.csv -o x.arrow"),
    ("a CSV that is not UTF-8", "visrec embed-text latin1.csv -o x.arrow"),
    *odd_tables.MISTAKES,
    ("a text column that is not there", "visrec embed-text items.csv --columns titel -o x.arrow"),
    ("vectors of two spaces averaged", "visrec fuse colour.arrow hog.arrow --method mean -o x.arrow"),
    ("vectors of the first release beside newer ones", "visrec fuse first.arrow colour.arrow -o x.arrow"),
    ("a table without vectors", "visrec fuse items.csv -o x.arrow"),
    ("a matrix without ids", "visrec fuse bare.npy -o x.arrow"),
    ("NaN in a vector", "visrec fuse nan.npy --row-ids -o x.arrow"),
    ("a stream that was cut", "head -c 2000 whole.arrows | visrec fuse -o x.arrow"),
    ("two streams glued together", "cat whole.arrows whole.arrows | visrec fuse -o x.arrow"),
    ("a file with one bit flipped", "visrec check flipped.arrow"),
    ("ids of a matrix in another order than they were written", "visrec fuse shuffled.npy -o x.arrow"),
    ("a space that was edited", "visrec recommend edited.arrow --item square-red-0"),
    ("a checkpoint that was cut", "visrec train-cf clicks.csv --model bpr --resume cut.npz -o x.arrow"),
    ("nothing on stdin", "visrec fuse -o x.arrow < /dev/null"),
    ("the reader goes away", "visrec show long.csv --format ndjson | head -1 > /dev/null"),
    ("an unknown item", "visrec recommend colour.arrow --item square-red-9"),
    ("words in a space of pictures", "visrec recommend colour.arrow --text 'red dress'"),
    ("a condition with an unknown column", 'visrec recommend colour.arrow --item square-red-0 --where "prize < 5"'),
    (
        "a condition that would read a file",
        "visrec recommend colour.arrow --item square-red-0 --where \"item_id in (select x from read_csv('ids.csv'))\"",
    ),
    (
        "a condition with a function that is not known to be harmless",
        "visrec recommend colour.arrow --item square-red-0 --where \"rpad(title, 2000000000) = 'red'\"",
    ),
    (
        "a condition that compares text with a number",
        'visrec recommend colour.arrow --item square-red-0 --where "title < 5"',
    ),
    ("a list of questions that is empty", "visrec recommend colour.arrow --texts nobody.txt"),
    ("a query picture that is broken", "visrec recommend colour.arrow --image bad/empty/none.jpg"),
    ("a log without a header", "visrec interactions log.data -o x.arrow"),
    ("a log with one column per item", "visrec interactions matrix.csv -o x.arrow"),
    ("a log without users", "visrec interactions items.csv -o x.arrow"),
    ("an empty log", "visrec interactions nothing.csv -o x.arrow"),
    ("weights that are NaN or negative", "visrec interactions weights.csv -o x.arrow"),
    ("nothing but bad weights", "visrec interactions hopeless.csv -o x.arrow"),
    ("dates that could be two", "visrec interactions dates.csv -o x.arrow"),
    ("ids that match no item", "visrec interactions padded.csv --items shop.csv -o x.arrow"),
    ("a core that nobody is in", "visrec interactions weights.csv --k-core 9 -o x.arrow"),
    ("a split by time without times", "visrec split weights.csv --by last -o x.arrow"),
    ("a cut after the last row", "visrec split clicks.csv --by global-time --cut 2030-01-01 -o x.arrow"),
    ("a log that is split already", "visrec split split.csv -o x.arrow"),
    ("an unknown user, and no fallback wanted", "visrec recommend model.arrow --user anna --no-fallback"),
    ("an unknown user", "visrec recommend model.arrow --user anna -k 2 -o x.arrow"),
    ("a list of users that is empty", "visrec recommend model.arrow --users nobody.txt"),
    ("a table of items asked about users", "visrec recommend colour.arrow --user ana"),
    ("a question about users and items at once", "visrec recommend model.arrow --user ana --item square-red-0"),
    ("a model of another version", "visrec recommend old.arrow --user ana"),
    ("a model that went through CSV", "visrec recommend model.csv --user ana"),
    ("a blend of one model", "visrec recommend model.arrow --user ana --blend als=1"),
    ("a session of things nobody knows", "visrec recommend model.arrow --session ufo -k 2 -o x.arrow"),
    ("a session and a user at once", "visrec recommend model.arrow --session disc-red-0 --user ana"),
    ("a model of the order, and a log without times", "visrec train-cf likes.csv --model gru -o x.arrow"),
    ("training rows alone, where no others are", "visrec train-cf likes.csv -m item-knn --fit-on train -o x.arrow"),
    ("a share to hold back, which the log says itself", "visrec train-cf parts.csv --validation 0.2 -o x.arrow"),
    ("--fit-on and what it was called before", "visrec train-cf likes.csv --fit-on known --no-refit -o x.arrow"),
    ("fewer epochs than a checkpoint has", "visrec train-cf likes.csv -s epochs=2 --resume run.npz -o x.arrow"),
    (
        "privacy that a model cannot promise",
        "visrec train-cf likes.csv --items colour.arrow --model als --private epsilon=4 -o x.arrow",
    ),
    ("a key that can be guessed", "visrec interactions likes.csv --hash-users short.key -o x.arrow"),
    ("new items in another space", "visrec recommend model.arrow --user ana --new-items new.arrow"),
    ("more items than there are", "visrec recommend model.arrow --user ana -k 100 -o x.arrow"),
    ("a group that is not there", "visrec recommend colour.arrow --group-by title --group 'red disk' --min-items 1"),
    ("groups that are too small", "visrec recommend colour.arrow --group-by title --all"),
    ("a profile of a stranger", "visrec profile likes.csv --user anna"),
    ("a profile without looks, of few items", "visrec profile likes.csv --user ana -o x.arrow"),
    ("a map of a table without vectors", "visrec show items.csv --map map.html"),
    ("a map in an unknown layout", "visrec show colour.arrow --map map.html --layout tsnee"),
    ("events without their model", "visrec recommend - --follow"),
    ("lists without anything to judge them by", "visrec eval lists.csv"),
    ("an unknown metric", "visrec eval lists.csv --truth likes.csv -m ngcd@10"),
    ("a metric of looks without the items", "visrec eval lists.csv --truth likes.csv -m diversity@10"),
    ("a truth of other people", "visrec eval lists.csv --truth clicks.csv"),
    ("a truth in which nothing is liked", "visrec eval lists.csv --truth likes.csv --min-weight 4"),
    ("an empty truth", "visrec eval lists.csv --truth nothing.csv"),
    ("empty recommendations", "visrec eval none.csv --truth likes.csv"),
    ("an item twice in one list", "visrec eval doubled.csv --truth likes.csv"),
    ("ranks against scores, NaN, strangers, short lists", "visrec eval odd.csv --truth likes.csv -o x.csv"),
    ("a gate that is not passed", "visrec eval lists.csv --truth likes.csv --fail-under hit@1=0.9 -o x.csv"),
    ("several runs in one file", "visrec eval both.csv --truth likes.csv"),
    ("a log of clicks without clicks", "visrec eval lists.csv --logged likes.csv"),
    ("clicks that are neither 0 nor 1", "visrec eval lists.csv --logged stars.csv"),
    ("propensities of 0", "visrec eval lists.csv --logged never.csv"),
    ("a log of clicks that is too small", "visrec eval lists.csv --logged shown.csv -o x.csv"),
    ("slices of click rates", "visrec eval lists.csv --logged shown.csv --by activity"),
    ("a cache that is damaged", "visrec embed-images imgs -e colour --cache damaged -o x.arrow"),
    ("a cache that cannot be written", "visrec embed-images imgs -e colour --cache /dev/null/cache -o x.arrow"),
    ("clearing a folder that is not a cache", "visrec cache clear --cache imgs"),
    ("a limit that is not a size", "visrec cache prune --max-size much"),
    ("an unknown verb", "visrec fuze"),
    ("an unknown flag", "visrec fuse --wieghts image=2"),
    ("an option without what it needs", "visrec preprocess imgs --jpeg-quality 80 -o x.arrow"),
    ("an option that another one leaves without effect", "visrec show colour.arrow --html x.html --rows 3"),
    ("an option about a table, and a folder", "visrec embed-images imgs -e colour --id-column sku -o x.arrow"),
    ("ids for a table that has its own", "visrec fuse colour.arrow --row-ids -o x.arrow"),
    ("a device that a recommender does not use", "visrec train-cf likes.csv -m item-knn --device cuda -o x.arrow"),
    ("an unknown encoder", "visrec embed-images imgs -e resnet50"),
    ("a label column that is not there", "visrec train-encoder imgs -t labels:colour -o m.safetensors"),
    ("too few pictures to learn from", "visrec train-encoder imgs -t labels:item_id -o m.safetensors"),
    ("a backbone that is not a model", "visrec train-encoder imgs -t self -b colour -o m.safetensors"),
    ("8 bits without pictures to calibrate on", "visrec export-encoder lite0 --int8 -o m.onnx"),
    ("an encoder without a model to export", "visrec export-encoder colour -o m.onnx"),
    ("a model that is not on this machine, offline", "visrec embed-images imgs -e timm:resnet50"),
    ("a GPU that is not there", "visrec embed-images imgs -e lite0 --device cuda:99"),
    ("an ending that says no format", "visrec fuse colour.arrow -o table.xlsx"),
    ("a model in a format that cannot hold it", "visrec train-cf likes.csv --model item-knn -o model.csv"),
    ("vectors in a format that cannot hold them", "visrec embed-images imgs -e colour -o vectors.csv"),
    ("recommendations as a matrix", "visrec recommend model.arrow --all-users -o lists.npy"),
    ("two outputs in one file", "visrec embed-images imgs -e colour -o x.arrow --rejects x.arrow"),
    ("an output that is an input", "visrec interactions likes.csv -o likes.csv"),
    ("an output folder that is not there", "visrec fuse colour.arrow -o no/such/x.arrow"),
    ("a full disk", "visrec fuse colour.arrow > /dev/full"),
]


def prepare(folder: Path) -> None:
    """The files that the mistakes need, drawn here."""
    for name in ("truncated", "empty", "giant", "misnamed", "page", "none", "collision", "formats", "foreign"):
        (folder / "bad" / name).mkdir(parents=True)
    (folder / "imgs").mkdir()
    lines = ["item_id,title"]
    for shape in ("square", "disc"):
        for colour, rgb in COLOURS.items():
            draw(shape, rgb, seed=len(lines)).save(folder / "imgs" / f"{shape}-{colour}-0.png")
            lines.append(f"{shape}-{colour}-0,{colour} {shape}")
    items = "\n".join(lines) + "\n"
    (folder / "items.csv").write_text(items)
    (folder / "noid.csv").write_text(items.replace("item_id", "ean_code"))
    (folder / "twice.csv").write_text(items + lines[1] + "\n")
    (folder / "strangers.csv").write_text("item_id,title\n4711,shirt\n4712,hat\n")
    (folder / "latin1.csv").write_bytes("item_id,title\n1,café\n".encode("latin1"))
    (folder / "damaged").mkdir()
    (folder / "damaged" / "embeddings-1.sqlite").write_text("This was a database once.\n" * 100)
    (folder / "nobody.txt").write_text("\n")
    likes = [("ana", "square-red-0"), ("ana", "disc-red-0"), ("ben", "square-blue-0"), ("ben", "disc-blue-0")]
    (folder / "likes.csv").write_text("user_id,item_id\n" + "".join(f"{user},{item}\n" for user, item in likes))
    (folder / "long.csv").write_text("item_id,title\n" + "".join(f"{i},{'x' * 200}\n" for i in range(5000)))
    logs = {
        "log.data": "196\t242\t3\t881250949\n186\t302\t3\t891717742\n",
        "matrix.csv": f"user,{','.join(map(str, range(30)))}\n7{',5' * 30}\n",
        "nothing.csv": "user,item,rating\n",
        "weights.csv": "user,item,rating\n7,a,5\n7,b,NaN\n8,a,-1\n8,b,4\n,a,4\n8,c,0\n",
        "hopeless.csv": "user,item,rating\n7,a,-5\n7,b,NaN\n",
        "dates.csv": "user,item,date\n7,a,05/06/2020\n8,b,07/06/2020\n",
        "padded.csv": "user,item\n7,007\n8,008\n",
        "shop.csv": "item_id,title\n7,shirt\n8,hat\n",
        "clicks.csv": "user,item,date\n7,a,2020-01-01\n7,b,2020-01-02\n8,a,2020-02-01\n",
        "none.csv": "user,item,rank\n",
        "lists.csv": "user,item,rank\nana,square-red-0,1\nana,disc-blue-0,2\nben,disc-red-0,1\n",
        "doubled.csv": "user,item,rank\nana,disc-red-0,1\nana,disc-red-0,2\n",
        "odd.csv": "user,item,rank,score\nana,disc-red-0,1,.2\nana,ufo,2,.9\nben,disc-red-0,1,NaN\neve,ufo,1,1\n",
        "both.csv": "user,item,rank,algorithm\nana,disc-red-0,1,als\nana,disc-red-0,1,knn\n",
        "stars.csv": "user,item,clicked\nana,disc-red-0,5\nben,disc-red-0,1\n",
        "never.csv": "user,item,clicked,propensity\nana,disc-red-0,1,0\nben,disc-red-0,1,.5\n",
        "shown.csv": "user,item,clicked,propensity\nana,disc-red-0,0,.2\nben,disc-red-0,1,.5\nben,disc-blue-0,0,.5\n",
        "short.key": "secret\n",
        "split.csv": "user,item,split\n7,a,train\n7,b,test\n",
        "parts.csv": "user,item,split\n7,a,train\n7,b,validation\n8,b,train\n",
    }
    for name, text in logs.items():
        (folder / name).write_text(text)
    odd_tables.prepare(folder)
    np.save(folder / "bare.npy", np.eye(3, dtype=np.float32))
    np.save(folder / "nan.npy", np.array([[1, 2], [np.nan, 2]], np.float32))
    bad = folder / "bad"
    draw("disc", (200, 30, 40), size=400).save(bad / "truncated" / "photo.jpg", quality=95)
    data = (bad / "truncated" / "photo.jpg").read_bytes()
    (bad / "truncated" / "photo.jpg").write_bytes(data[: len(data) // 2])
    draw("disc", (200, 30, 40)).save(bad / "empty" / "good.png")
    (bad / "empty" / "none.jpg").touch()
    whole = bytearray(_png(Image.new("L", (1, 1))))
    whole[16:24] = (60000).to_bytes(4, "big") * 2  # the header alone: nobody should have to decode it to say no
    whole[29:33] = zlib.crc32(whole[12:29]).to_bytes(4, "big")
    (bad / "giant" / "huge.png").write_bytes(whole)
    draw("square", (30, 60, 190)).save(bad / "misnamed" / "really-a-png.jpg", format="PNG")
    (bad / "page" / "photo.jpg").write_text("<!DOCTYPE html><title>404</title>")
    draw("square", (30, 60, 190)).save(bad / "formats" / "good.png")
    for name in ("formats/good.txt", "formats/drawing.svg", "foreign/photo.jxl"):
        (bad / name).write_text("<svg/>")
    (bad / "none" / "readme.txt").write_text("no pictures here")
    draw("square", (30, 60, 190)).save(bad / "collision" / "a.png")
    draw("square", (30, 60, 190)).save(bad / "collision" / "a.jpg")
    for line in (
        "visrec preprocess imgs --items items.csv -o items.arrow",
        "visrec embed-images items.arrow -e colour -o colour.arrow",
        "visrec embed-images imgs -e hog -o hog.arrow",
        "visrec embed-images imgs -e colour --ignore-profiles -o first.arrow",
        "visrec fuse colour.arrow > whole.arrows",
        "visrec train-cf likes.csv --items colour.arrow --model content-knn -o model.arrow",
        "visrec train-cf likes.csv -s epochs=3 --save-checkpoint run.npz -o als.arrow",
        "mkdir new && cp imgs/disc-red-0.png new/disc-new-0.png && visrec embed-images new -e hog -o new.arrow",
    ):
        code, said = run(line, folder)
        assert code == 0, said
    write_table(made_by_another(read_all(folder / "model.arrow")), folder / "old.arrow")
    write_table(read_all(folder / "model.arrow"), folder / "model.csv")
    flipped = bytearray((folder / "colour.arrow").read_bytes())
    flipped[len(flipped) // 2] ^= 1
    (folder / "flipped.arrow").write_bytes(flipped)
    write_table(edited(read_all(folder / "colour.arrow")), folder / "edited.arrow")
    np.savez(folder / "whole.npz", words=np.array("{}"))
    (folder / "cut.npz").write_bytes((folder / "whole.npz").read_bytes()[:-30])
    write_table(read_all(folder / "colour.arrow").select(["item_id", "image_embedding"]), folder / "shuffled.npy")
    names = folder / "shuffled.ids.txt"
    names.write_text("".join(sorted(names.read_text().splitlines(keepends=True), reverse=True)))


def edited(items: pa.Table) -> pa.Table:
    """The items with a space that says its number of numbers in words."""
    at = items.schema.get_field_index("image_embedding")
    field = items.schema.field(at)
    said = {name: text.replace(b'"dimension":512', b'"dimension":"many"') for name, text in field.metadata.items()}
    return items.cast(items.schema.set(at, field.with_metadata(said)))


def made_by_another(model: pa.Table) -> pa.Table:
    """The model with the format of a visrec to come."""
    entity = model.schema.field("entity")
    told = {name: text.replace(b'"format":1', b'"format":9') for name, text in entity.metadata.items()}
    return model.cast(model.schema.set(0, entity.with_metadata(told)))


def _png(picture: Image.Image) -> bytes:
    raw = io.BytesIO()
    picture.save(raw, format="PNG")
    return raw.getvalue()


def run(line: str, folder: Path) -> tuple[int, str]:
    """Exit code of the visrec in the line, and what it said."""
    script = f'visrec() {{ "{sys.executable}" -m visrec_cli "$@"; }}; {line}\ncodes=(${{PIPESTATUS[@]}})\n'
    pick = "${codes[0]}" if "| head" in line else "${codes[-1]}"
    offline = {**os.environ, "HF_HUB_OFFLINE": "1", "VISREC_CACHE_DIR": str(folder / ".cache"), "COLUMNS": "100"}
    done = subprocess.run(
        ["bash", "-c", f"{script}exit {pick}"], cwd=folder, env=offline, capture_output=True, text=True
    )
    return done.returncode, done.stderr.strip()


def rows(mistakes: list[tuple[str, str]], folder: Path) -> list[str]:
    """The rows of the page for these mistakes, made one after another in the folder."""
    found = []
    for mistake, line in mistakes:
        code, said = run(line, folder)
        assert not [p.name for p in folder.iterdir() if p.name.endswith(".part")], line
        (folder / "x.arrow").unlink(missing_ok=True)
        words = "<br>".join(text.strip() for text in said.replace("|", "\\|").replace("<", "&lt;").splitlines())
        found.append(f"| {mistake} | `{line.replace('|', chr(92) + '|')}` | {code} | {words or '(nothing)'} |")
    return found


def page() -> str:
    """The whole page."""
    folder = Path(tempfile.mkdtemp())
    try:
        prepare(folder / "first")
        shutil.copytree(folder / "first", folder / "second")
        half = len(MISTAKES) // 2
        with ThreadPoolExecutor(2) as desks:  # side by side, in folders of their own
            halves = list(desks.map(rows, (MISTAKES[:half], MISTAKES[half:]), (folder / "first", folder / "second")))
        return HEAD + "\n".join(halves[0] + halves[1]) + "\n"
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    PAGE.write_text(page())
