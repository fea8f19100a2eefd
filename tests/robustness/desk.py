"""A folder of small inputs for lines of every verb: pictures, items, clicks, vectors, a model."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from tests.conftest import COLOURS, draw

MADE = (
    "preprocess imgs --items items.csv -o items.arrow",
    "embed-images items.arrow -e colour+hog -o images.arrow",
    "train-cf clicks.csv --model ease -o model.arrow",
    "recommend model.arrow --all-users --include-seen -k 5 -o lists.csv",
)


def fill_desk(folder: Path) -> Path:
    """24 pictures with titles, 394 clicks of 40 users, and what two verbs make of them."""
    (folder / "imgs").mkdir()
    rows = ["item_id,title"]
    for number, (shape, colour) in enumerate((s, c) for s in ("square", "disc") for c in COLOURS for _ in range(3)):
        draw(shape, COLOURS[colour], seed=number).save(folder / "imgs" / f"{number:02d}.png")
        rows.append(f"{number:02d},{colour} {shape}")
    (folder / "items.csv").write_text("\n".join(rows) + "\n")
    lots = np.random.default_rng(0)
    clicks = sorted({(int(u), int(i)) for u, i in lots.integers(0, (40, 24), (500, 2))})
    lines = [f"u{user},{item:02d},{1_700_000_000 + 60 * n}" for n, (user, item) in enumerate(clicks)]
    (folder / "clicks.csv").write_text("user_id,item_id,timestamp\n" + "\n".join(lines) + "\n")
    for words in MADE:
        command = [sys.executable, "-m", "visrec_cli", *words.split()]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder
