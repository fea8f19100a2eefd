"""Does an encoder that has learned from the catalogue find better neighbours, and names, than the frozen one?

    python benchmarks/encoders.py DATA fashion [--choose] [--only NAME …]
    python benchmarks/encoders.py DATA clothing [--only NAME …]
    python benchmarks/encoders.py DATA int8

DATA/<set> holds ``items.csv`` and the pictures. fashion-dev: items sorted by id, numpy's default_rng(0).permutation,
the first 1,500 to learn from and 500 to test; p@10 is the share of the ten nearest other test items with the same
category (article type) or colour; the interval is a 95 % bootstrap over queries, of the difference to the frozen
encoder over the same queries. With ``--choose`` the last 300 of the 1,500 take the place of the test items: settings
were chosen so. clothing-cc0: its own split column; top-1 of test pictures by the trained classifier, by a linear probe
(the same with all stages frozen), and by the nearest training picture on frozen vectors. int8: lite0 exported in 8
bits, its ranges from 128 of the 1,500 pictures of fashion-dev, compared with 32 bits on 128 others of them in turn,
picture by picture; then what both find among the 500.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import visrec_cli as visrec
from visrec_cli.commands.export_encoder import lines
from visrec_cli.tables.vectors import matrix_of

FASHION: dict[str, dict[str, Any]] = {
    "frozen": {},
    "frozen, as small": {"target": "labels:category", "freeze": "all", "epochs": 1},
    "category, cross-entropy": {"target": "labels:category"},
    "category, contrast": {"target": "labels:category", "loss": "contrast"},
    "category and colour, cross-entropy": {"target": "labels:category,colour"},
    "category and colour, contrast": {"target": "labels:category,colour", "loss": "contrast"},
    "self": {"target": "self", "epochs": 3},
}
CLOTHING: dict[str, dict[str, Any]] = {
    "nearest, frozen": {},
    "linear probe": {"target": "labels:category", "freeze": "all", "epochs": 30},
    "fine-tuned": {"target": "labels:category"},
}


def precision(vectors: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Per query: which share of its ten nearest has its label."""
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    similar = unit @ unit.T
    np.fill_diagonal(similar, -np.inf)
    near = np.argsort(-similar, axis=1, kind="stable")[:, :10]
    return (labels[near] == labels[:, None]).mean(axis=1)


def interval(values: np.ndarray, sign: str = "") -> str:
    rng = np.random.default_rng(0)
    means = [values[rng.integers(0, len(values), len(values))].mean() for _ in range(1000)]
    low, high = np.quantile(means, [0.025, 0.975])
    return f"{values.mean():{sign}.3f} ({low:{sign}.3f} to {high:{sign}.3f})"


def trained(items: pa.Table, name: str, settings: dict[str, Any], folder: Path) -> tuple[str, float]:
    """The spec of an encoder that has learned from the items, and the seconds that took, here and now."""
    if not settings:
        return "lite0", 0.0
    start = time.perf_counter()
    path, point = (
        folder / f"{name.replace(', ', '-').replace(' ', '-')}.{ending}" for ending in ("safetensors", "npz")
    )
    if not path.exists():
        resume = str(point) if point.exists() else None
        visrec.train_encoder(items, path, device="cpu", save_checkpoint=str(point), resume=resume, **settings)
    return f"file:{path}", time.perf_counter() - start


def fashion(data: Path, chosen: list[str], more: dict[str, Any], folder: Path, *, choose: bool) -> None:
    learned, asked = halves(data, choose=choose)
    frozen: dict[str, np.ndarray] = {}
    print("| learned | seconds | category p@10 | less frozen | colour p@10 | less frozen |\n|---|---|---|---|---|---|")
    for name in chosen or FASHION:
        settings = {**more, **FASHION[name]} if FASHION[name] else {}
        spec, seconds = trained(learned, name, settings, folder)
        cells = []
        for column, found in found_by(asked, spec).items():
            frozen.setdefault(column, found)
            cells += [interval(found), interval(found - frozen[column], "+") if settings else "–"]
        print(f"| {name} | {seconds:.0f} | {' | '.join(cells)} |", flush=True)


def halves(data: Path, *, choose: bool) -> tuple[pa.Table, pa.Table]:
    """The items of fashion-dev to learn from, and those to ask."""
    items = visrec.preprocess(items=data / "fashion-dev" / "items.csv").read_all().sort_by("item_id")
    order = np.random.default_rng(0).permutation(items.num_rows)
    train, test = (order[:1200], order[1200:1500]) if choose else (order[:1500], order[1500:])
    return items.take(np.sort(train)), items.take(np.sort(test))


def found_by(asked: pa.Table, spec: str) -> dict[str, np.ndarray]:
    """By column, the precision of each query with the vectors of one encoder."""
    table = visrec.embed_images(asked, encoder=spec, device="cpu").read_all()
    vectors, valid = matrix_of(table["image_embedding"])
    labels = {column: np.array(table[column].to_pylist(), object)[valid] for column in ("category", "colour")}
    return {column: precision(vectors[valid], values) for column, values in labels.items()}


def int8(data: Path, folder: Path) -> None:
    learned, asked = halves(data, choose=False)
    path = folder / "lite0-int8.onnx"
    print("\n".join(lines(visrec.export_encoder("lite0", path, int8=True, calibrate=learned))), flush=True)
    print("| | category p@10 | less 32 bits | colour p@10 | less 32 bits |\n|---|---|---|---|---|")
    wide = found_by(asked, "lite0")
    for name, found in (("32 bits", wide), ("8 bits", found_by(asked, f"onnx:{path}"))):
        cells = [f"{interval(found[one])} | {interval(found[one] - wide[one], '+')}" for one in found]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def clothing(data: Path, chosen: list[str], more: dict[str, Any], folder: Path) -> None:
    items = visrec.preprocess(items=data / "clothing-cc0" / "items.csv").read_all()
    part = np.array(items["split"].to_pylist())
    asked = items.take(np.flatnonzero(part == "test"))
    truth = np.array(asked["category"].to_pylist())
    first: np.ndarray | None = None
    print("| classifier | seconds | top-1 of test | more than the first |\n|---|---|---|---|")
    for name in chosen or CLOTHING:
        settings = {**more, **CLOTHING[name]} if CLOTHING[name] else {}
        spec, seconds = trained(items, name, settings, folder)
        if settings:
            table = visrec.embed_images(asked, encoder=spec, labels=1, device="cpu").read_all()
            found = np.array([labels[0]["label"] for labels in table["labels"].to_pylist()])
        else:
            whole = visrec.embed_images(items, encoder=spec, device="cpu").read_all()
            vectors, _ = matrix_of(whole["image_embedding"])
            near = (vectors[part == "test"] @ vectors[part == "train"].T).argmax(axis=1)
            found = np.array(items["category"].to_pylist())[part == "train"][near]
        right = (found == truth).astype(float)
        first = right if first is None else first
        print(f"| {name} | {seconds:.0f} | {interval(right)} | {interval(right - first, '+')} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("what", choices=["fashion", "clothing", "int8"])
    parser.add_argument("--choose", action="store_true")
    parser.add_argument("--keep", type=Path, help="folder for the models; one that is there is not trained again")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--pixels", type=int, default=128)
    parser.add_argument("--freeze", default=None)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--augment", default=None)
    options = parser.parse_args()
    more = {name: getattr(options, name) for name in ("epochs", "pixels", "freeze", "rate", "augment")}
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if options.what == "fashion":
            fashion(options.data, options.only, more, folder, choose=options.choose)
        elif options.what == "clothing":
            clothing(options.data, options.only, more, folder)
        else:
            int8(options.data, folder)


if __name__ == "__main__":
    main()
