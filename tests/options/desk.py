"""The folder in which every option is tried: a few pictures, items, logs, vectors, models and lists, made here."""

from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image

from tests.conftest import COLOURS, draw
from tests.options.runner import run
from tests.stages.train_encoder.catalogues import tiny_backbone
from visrec_cli.tables.output import write_table
from visrec_cli.tables.spaces import Space
from visrec_cli.tables.vectors import column_of

ITEMS = [f"{shape}-{colour}-{n}" for shape in ("square", "disc") for colour in COLOURS for n in range(3)]  # 24
LINES = (  # made by the verbs themselves
    ("embed-images", "items.csv", "-e", "colour", "-o", "looks.arrow"),
    ("train-cf", "log.csv", "-m", "als", "--items", "vectors.arrow", "-s", "embedding_size=4", "-o", "als.arrow"),
    ("train-cf", "log.csv", "-m", "als", "--items", "plain.arrow", "-s", "embedding_size=4", "-o", "plain-als.arrow"),
    ("train-cf", "log.csv", "-m", "item-knn", "--items", "vectors.arrow", "-o", "knn.arrow"),
    ("train-cf", "log.csv", "-m", "content-knn", "--items", "image.arrow", "-o", "content.arrow"),
    ("embed-text", "items.csv", "-c", "title", "-o", "words.arrow"),
    ("embed-images", "items.csv", "-e", "colour", "--cache", "kept", "-o", "x.arrow"),
    ("recommend", "looks.arrow", "--all", "-k", "8", "-o", "alike.arrow"),
    ("split", "log.csv", "--seed", "1", "--validation", "0.1", "-o", "parts.arrow"),
    ("train-cf", "parts.arrow", "-m", "item-knn", "-o", "part-knn.arrow"),
    ("train-cf", "parts.arrow", "-m", "random", "-o", "chance.arrow"),
    ("recommend", "part-knn.arrow", "--all-users", "-k", "8", "-o", "lists.arrow"),
    ("recommend", "chance.arrow", "--all-users", "-k", "8", "-o", "others.arrow"),
    ("split", "log.csv", "--folds", "3", "-o", "folds.arrow"),
    ("train-cf", "log.csv", "-m", "als", "-s", "embedding_size=4", "--save-checkpoint", "half.npz", "-o", "x.arrow"),
)


def make(folder: Path, room: Path) -> None:
    """Fill ``folder``. room: where lines may run."""
    folder.mkdir()
    _pictures(folder)
    _tables(folder)
    _logs(folder)
    _encoders(folder)
    for number, line in enumerate(LINES):
        done = run(list(line), folder, room / f"{number}", keep=folder)
        assert done.code == 0, (line, done.err)


def _pictures(folder: Path) -> None:
    """imgs: of the items. linked: with a link to good.

    mess: what preprocess tells apart: of several sizes, duplicates, one broken, one dark.
    """
    for name in ("imgs", "mess", "mess/more", "good"):
        (folder / name).mkdir()
    for number, item in enumerate(ITEMS):
        shape, colour, _ = item.split("-")
        draw(shape, COLOURS[colour], size=64, seed=number).save(folder / "imgs" / f"{item}.png")
    (folder / "linked").mkdir()
    (folder / "linked" / "elsewhere").symlink_to("../good")
    draw("disc", COLOURS["green"], size=64).save(folder / "linked" / "one.png")
    mess = folder / "mess"
    photo = draw("disc", COLOURS["red"], size=200)
    photo.save(mess / "photo.png")
    photo.save(mess / "same.png")
    photo.resize((120, 120)).save(mess / "near.jpg", quality=60)
    framed = Image.new("RGB", (240, 160), (0, 0, 0))
    framed.paste(draw("square", COLOURS["blue"], size=140), (50, 10))
    framed.save(mess / "wide.png")
    draw("square", (9, 9, 9), size=90).point(lambda v: v // 8).save(mess / "dark.png")
    noise = np.random.default_rng(0).integers(0, 256, (100, 100, 3), np.uint8)
    Image.fromarray(noise).save(mess / "noise.png")
    Image.new("RGB", (100, 100), (250, 250, 250)).save(mess / "more" / "flat.png")
    (mess / "broken.jpg").write_bytes((mess / "near.jpg").read_bytes()[:300])
    for name in ("photo", "wide"):
        (folder / "good" / f"{name}.png").write_bytes((mess / f"{name}.png").read_bytes())
    rows = ["product_id,code,title,picture,file"]
    for name in ("photo", "wide", "dark", "lost"):
        rows.append(f"{name},{name[::-1]},a {name},mess/{name}.png,mess/noise.png")
    (folder / "mess.csv").write_text("\n".join(rows) + "\n")
    pixels = [np.asarray(draw(shape, COLOURS["red"], size=32)) for shape in ("disc", "square")]
    np.save(folder / "pixels.npy", np.stack(pixels))
    (folder / "two.txt").write_text("disc\nsquare\n")
    (folder / "twice.csv").write_text("item_id,image_path\na,mess/photo.png\na,mess/wide.png\nb,mess/dark.png\n")
    (folder / "paths.txt").write_text("mess/photo.png\nmess/wide.png\n")
    (folder / "paths0.txt").write_text("mess/photo.png\0mess/wide.png\0")


def _tables(folder: Path) -> None:
    """items.csv; vectors.arrow with two columns that pictures and texts made, matrices, and ids."""
    words = ["item_id,sku,title,description,category,price,image,other,split,duplicate_of"]
    for number, item in enumerate(ITEMS):
        shape, colour, n = item.split("-")
        part = "train" if number % 4 else "validation"
        twin = f"{shape}-{colour}-0" if n == "1" else ""
        other = f"imgs/{ITEMS[(number + 5) % len(ITEMS)]}.png"
        about = f"{colour} {shape},of {colour} wool,{colour},{number},imgs/{item}.png,{other}"
        words.append(f"{item},s{number},{about},{part},{twin}")
    (folder / "items.csv").write_text("\n".join(words) + "\n")
    whole = [line.rsplit(",", 2)[0] for line in words]  # without parts and twins
    parts = ["part", *(("train", "train", "validation", "test")[number % 4] for number in range(len(ITEMS)))]
    (folder / "whole.csv").write_text("".join(f"{a},{b}\n" for a, b in zip(whole, parts, strict=True)))
    lost = [line.replace("imgs/disc-red", "imgs/lost") for line in whole]
    (folder / "lost.csv").write_text("\n".join(lost) + "\n")
    (folder / "blank.csv").write_text("\n".join([*whole[:5], 'blank,s,"  ",,red,1,,']) + "\n")
    codes = [item if number % 2 else f"other-{number}" for number, item in enumerate(ITEMS)]
    ided = ["product_id,code," + whole[0].split(",", 2)[2]]
    ided += [f"{item},{code},{line.split(',', 2)[2]}" for item, code, line in zip(ITEMS, codes, whole[1:], strict=True)]
    (folder / "ided.csv").write_text("\n".join(ided) + "\n")
    rng = np.random.default_rng(0)
    kinds = np.array([[colour in item for colour in COLOURS] + ["disc" in item] for item in ITEMS], np.float32)
    table = {"item_id": ITEMS, "title": [item.replace("-", " ") for item in ITEMS], "price": np.arange(24.0),
             "category": [item.split("-")[1] for item in ITEMS], "image_path": [f"imgs/{item}.png" for item in ITEMS],
             "duplicate_of": [f"{item[:-1]}0" if item.endswith("1") else None for item in ITEMS]}  # fmt: skip
    fields = [pa.field(name, pa.array(values).type) for name, values in table.items()]
    columns = [pa.array(values) for values in table.values()]
    for name, kind, width in (("image", "image", 6), ("text", "text", 5), ("more", "image", 6)):
        vectors = (kinds @ rng.normal(size=(5, width)) + 0.3 * rng.normal(size=(24, width))).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        fields.append(Space(f"made-{kind}", width, True, kind=kind).field(f"{name}_embedding"))
        columns.append(column_of(vectors, np.arange(24) != 23 if name == "text" else None))
        np.save(folder / f"{name}.npy", vectors)
    made = pa.table(columns, schema=pa.schema(fields))
    write_table(made, folder / "vectors.arrow")
    write_table(made.drop_columns(["more_embedding", "text_embedding"]), folder / "image.arrow")
    write_table(made.drop_columns(["image_embedding", "more_embedding"]), folder / "text.arrow")
    image = made.select(["item_id", "title", "price", "category", "image_path", "image_embedding"])
    write_table(image, folder / "plain.arrow")
    newer = image.slice(0, 3).set_column(0, "item_id", pa.array(["new-1", "new-2", "new-3"]))
    write_table(newer, folder / "newer.arrow")
    ided_vectors = image.rename_columns(["product_id", *image.column_names[1:]]).append_column("code", pa.array(codes))
    write_table(ided_vectors, folder / "ided.arrow")
    (folder / "ids.txt").write_text("".join(f"{item}\n" for item in reversed(ITEMS)))
    (folder / "formulas.csv").write_text("item_id,title\na,=1+1\n")
    (folder / "asked.txt").write_text("red\nblue\n")
    (folder / "users.key").write_text("of the tests, and long enough\n")


def _logs(folder: Path) -> None:
    """log.csv: 40 users of four tastes, and u40, who likes all; named.csv: under other names. shown.csv: clicks."""
    rng = np.random.default_rng(1)
    head = "user_id,item_id,rating,timestamp,event,who,which,much,since,did"
    rows, raw = [head], []
    for user in range(41):
        liked = [item for item in ITEMS if list(COLOURS)[user % 4] in item]
        many = ITEMS if user == 40 else [*rng.permutation(liked)[:4], *rng.choice(ITEMS, 3)]
        for place, item in enumerate(many):
            when, stars = 1_700_000_000 + 86_400 * int(rng.integers(200)), int(rng.integers(1, 6))
            event = ("view", "buy")[place % 2]
            other, since = ITEMS[(user + place) % len(ITEMS)], 1_600_000_000 + when % 977 * 999
            also = f"w{user % 9},{other},{place + 1},{since},{('see', 'take')[user % 2]}"
            rows.append(f"u{user},{item},{stars},{when},{event},{also}")
            raw.append(f"u{user},{item},{stars},{when}")
    (folder / "log.csv").write_text("\n".join(rows) + "\n")
    (folder / "raw.csv").write_text("\n".join(raw) + "\n")
    plain = [",".join(row.split(",")[:4]) for row in rows]
    bare = ["user,item,rating", *(row.rsplit(",", 1)[0] for row in raw)]
    (folder / "raw-or-not.csv").write_text("\n".join(bare) + "\n")
    others = "user,item,rating,date,behavior,who,which,much,since,did"  # which are not our own names
    (folder / "named.csv").write_text("\n".join([others, *rows[1:]]) + "\n")
    (folder / "likes.csv").write_text("\n".join(plain) + "\n")
    (folder / "odd.csv").write_text(
        "\n".join([*plain[:60], "u1,,3,1700000000", f"u2,{ITEMS[0]},NaN,1700000000"]) + "\n"
    )
    (folder / "timeless.csv").write_text("\n".join(",".join(row.split(",")[:3]) for row in plain) + "\n")
    write_table(pa.table({"user_id": ["u1", "u2"], "item_id": ITEMS[:2]}), folder / "log.arrow")
    shown = ["user_id,item_id,position,clicked,propensity"]
    for _ in range(3000):
        user, place = int(rng.integers(40)), int(rng.integers(1, 9))
        shown.append(
            f"u{user},{rng.choice(ITEMS)},{place},{int(rng.random() < 0.3)},{round(float(rng.uniform(0.02, 0.5)), 3)}"
        )
    (folder / "shown.csv").write_text("\n".join(shown) + "\n")
    renamed = ["user,item,who,which,rank"]
    for user in range(40):
        for rank, item in enumerate(rng.permutation(ITEMS)[:8], 1):
            renamed.append(f"u{user},{item},w{user},{ITEMS[rank]},{rank}")
    (folder / "renamed.csv").write_text("\n".join(renamed) + "\n")
    (folder / "events.ndjson").write_text('{"user_id": "u3"}\n')
    ages = ["user_id,age", *(f"u{user},{'old' if user % 3 else 'young'}" for user in range(40))]
    (folder / "ages.csv").write_text("\n".join(ages) + "\n")
    (folder / "team.txt").write_text("u3\nu4\n")
    (folder / "sessions.txt").write_text(f"{ITEMS[0]},{ITEMS[3]}\n{ITEMS[5]}\n")
    (folder / "few.txt").write_text("".join(f"{item}\n" for item in ITEMS[:15]))
    (folder / "since.csv").write_text(
        f"user_id,item_id,timestamp\nu3,{ITEMS[9]},1790000000\nnew,{ITEMS[0]},1790000000\n"
    )
    dear = [f"{item},{100 + n},new {item}" for n, item in enumerate(ITEMS)]
    (folder / "dear.csv").write_text("\n".join(["item_id,price,title", *dear]) + "\n")


def _encoders(folder: Path) -> None:
    """tiny.safetensors: a small picture model; other.safetensors: with other numbers in it."""
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    made = Path(tiny_backbone(folder).removeprefix("file:"))
    numbers = load_file(made)
    with safe_open(made, "pt") as file:
        about = file.metadata()
    made.rename(folder / "tiny.safetensors")
    save_file({name: one * 1.1 if "conv_stem" in name else one for name, one in numbers.items()},
              folder / "other.safetensors", about)  # fmt: skip
