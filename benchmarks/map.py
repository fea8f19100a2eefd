"""The picture map: how long layouts take, how well they keep neighbours, and how smoothly a browser draws 10,000 items.

``python benchmarks/map.py layouts [ITEMS]``: PCA, t-SNE and UMAP (an extra) of synthetic vectors, 100 kinds in 1,280
numbers: seconds, on one core, and the share of each item's ten nearest that are among its ten nearest on the map.

``python benchmarks/map.py types TABLE COLUMN``: of the ten nearest in the vectors of a table, and on its maps, the
share that has the same word in a column.

``python benchmarks/map.py frames [ITEMS]``: a map of that many drawn pictures in a headless Chromium, 1400 × 900, no
GPU: frames per second while the map is dragged and zoomed, at several distances, and the processor time of a frame, of
all processes of the browser, which a busy machine changes less. Needs Linux, selenium, chromium and chromedriver.
"""

import argparse
import os
import shutil
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from visrec_cli.fusion.layout import lay_out
from visrec_cli.reports.map_page import MapPage, map_page
from visrec_cli.reports.sprites import sprites, tile_side
from visrec_cli.tables.vectors import Matrix, unit_rows

NEAREST = 10
READY = """
const done = arguments[0];
const wait = () => (levels.every(Boolean) ? done() : setTimeout(wait, 20));
wait();
"""
MOVING = """
const done = arguments[arguments.length - 1], zoom = arguments[0];
const { left, top, scale } = fitScale();
const middle = [left + wide / scale / 2, top + high / scale / 2];
const at = scale * zoom;
look(middle[0] - wide / at / 2, middle[1] - high / at / 2, at);
const gaps = [];
let last = performance.now(), drawn = 0, step = 0;
const frame = (now) => {
  if (step > 5) { gaps.push(now - last); drawn += Number(canvas.dataset.drawn); }
  last = now;
  if (++step > 95) {
    gaps.sort((a, b) => a - b);
    const sum = gaps.reduce((a, b) => a + b);
    const worst = gaps[Math.floor(0.95 * gaps.length)];
    return done({ fps: 1000 * gaps.length / sum, worst, drawn: drawn / gaps.length, level: canvas.dataset.level });
  }
  const turn = step / 3;
  const by = 9 / view.scale;
  if (step % 30 < 20) look(view.left + by * Math.cos(turn), view.top + by * Math.sin(turn), view.scale);
  else zoomAt(step % 2 ? 1.03 : 1 / 1.03);
  requestAnimationFrame(frame);
};
requestAnimationFrame(frame);
"""


def vectors_of(items: int) -> Matrix:
    """Unit rows around 100 centres."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(100, 1280))
    return unit_rows((0.7 * centres[rng.integers(100, size=items)] + rng.normal(size=(items, 1280))).astype(np.float32))


def nearest(places: Matrix) -> np.ndarray:
    from sklearn.neighbors import NearestNeighbors

    model = NearestNeighbors(n_neighbors=NEAREST + 1).fit(places)
    return model.kneighbors(places, return_distance=False)[:, 1:]


def layouts(items: int) -> None:
    vectors = vectors_of(items)
    true = nearest(vectors)
    for method in ("pca", "tsne", "umap"):
        began, busy = time.perf_counter(), time.process_time()
        places = lay_out(vectors, method)
        wall, busy = time.perf_counter() - began, time.process_time() - busy
        kept = np.mean([len(set(a) & set(b)) / NEAREST for a, b in zip(true, nearest(places), strict=True)])
        print(
            f"{method:5} {items:,} items: {wall:.1f} s, of a core {busy:.1f} s, neighbours kept {kept:.3f}", flush=True
        )


def types(table: str, column: str) -> None:
    from visrec_cli.items.catalogue_items import choose_column
    from visrec_cli.runtime.report import Report
    from visrec_cli.tables.readers import read_all
    from visrec_cli.tables.vectors import matrix_of

    items = read_all(table)
    vectors, there = matrix_of(items[choose_column(items.schema, None, Report())])
    vectors, words = unit_rows(vectors[there]), np.array(items[column].to_pylist(), object)[there]
    ways = {"vectors": lambda: vectors, **{name: partial(lay_out, vectors, name) for name in ("pca", "tsne", "umap")}}
    for name, way in ways.items():
        began = time.process_time()
        places = way()
        took = time.process_time() - began
        same = (words[nearest(places)] == words[:, None]).mean()
        print(f"{name:8} {len(words):,} items: {took:.1f} s of a core, same {column} {same:.3f}", flush=True)


def drawn_map(items: int) -> str:
    """A page whose points lie in 60 heaps, with a noisy picture each, so that sheets weigh what photos weigh."""
    rng = np.random.default_rng(0)
    kinds = rng.integers(60, size=items)
    places = (rng.uniform(-40, 40, size=(60, 2))[kinds] + rng.normal(size=(items, 2)) * 3).astype(np.float32)
    side = tile_side(items)
    small = rng.integers(0, 255, size=(items, 6, 6, 3)).astype(np.uint8)
    pictures = (Image.fromarray(one).resize((side, side), Image.Resampling.BICUBIC) for one in small)
    names = [f"item {i}" for i in range(items)]
    columns = {"kind": [f"kind {kind}" for kind in kinds]}
    return map_page(MapPage("Frames", colour="kind"), places, names, names, columns, sprites(pictures, side))


def busy(root: int) -> float:
    """Seconds of processor time that a process and all below it have used."""
    parents, used = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has ended
                continue
            parents[int(entry.name)], used[int(entry.name)] = int(fields[1]), int(fields[11]) + int(fields[12])
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(used.get(pid, 0) for pid in family) / os.sysconf("SC_CLK_TCK")


def frames(items: int) -> None:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--window-size=1400,900",
    ):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "map.html"
        page.write_text(drawn_map(items), encoding="utf-8")
        print(f"{items:,} items, {page.stat().st_size / 1e6:.1f} MB")
        began = time.perf_counter()
        driver.set_script_timeout(300)
        driver.get(page.as_uri())
        driver.execute_async_script(READY)
        print(f"opened in {time.perf_counter() - began:.1f} s")
        for zoom in (1, 1.5, 2, 3, 6, 15, 40):
            before = busy(driver.service.process.pid)
            seen = driver.execute_async_script(MOVING, zoom)
            each = 1000 * (busy(driver.service.process.pid) - before) / 95
            print(
                f"zoom {zoom:4}: {seen['fps']:.0f} frames per second, 95 % within {seen['worst']:.0f} ms, "
                f"processor {each:.0f} ms a frame, {seen['drawn']:.0f} {seen['level']} drawn",
                flush=True,
            )
        driver.quit()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_subparsers(dest="what", required=True)
    for name in ("layouts", "frames"):
        what.add_parser(name).add_argument("items", type=int, nargs="?", default=10_000)
    told = what.add_parser("types")
    told.add_argument("table")
    told.add_argument("column")
    options = parser.parse_args()
    if options.what == "types":
        types(options.table, options.column)
    else:
        {"layouts": layouts, "frames": frames}[options.what](options.items)


if __name__ == "__main__":
    main()
