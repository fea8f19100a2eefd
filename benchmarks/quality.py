"""How good are nearest neighbours? Leave one out, on catalogues whose items have a category.

    python benchmarks/quality.py DATA [--sets fashion-dev clothing-cc0]

DATA/<set> holds ``items.csv`` (columns item, title, category, image) and the pictures. Every item is a query; p@1 and
p@10 are the shares of its nearest and ten nearest other items (cosine) with its category; the interval is a 95 %
bootstrap over queries. The plain baseline is ``chance``: the share that random neighbours would have. Nothing is fitted
or chosen here.
"""

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa

import visrec_cli as visrec
from visrec_cli.tables.vectors import matrix_of

ENCODERS = ("lite0", "colour+hog")


def judged(vectors: np.ndarray, valid: np.ndarray, category: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Per query: is the nearest of its category, and which share of the ten nearest is."""
    vectors, category = vectors[valid], category[valid]
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    similar = unit @ unit.T
    np.fill_diagonal(similar, -np.inf)
    near = np.argsort(-similar, axis=1, kind="stable")[:, :10]
    hits = category[near] == category[:, None]
    return hits[:, 0].astype(float), hits.mean(axis=1)


def interval(values: np.ndarray) -> str:
    rng = np.random.default_rng(0)
    means = [values[rng.integers(0, len(values), len(values))].mean() for _ in range(1000)]
    low, high = np.quantile(means, [0.025, 0.975])
    return f"{values.mean():.3f} ({low:.3f}–{high:.3f})"


def chance(category: np.ndarray) -> float:
    _, counts = np.unique(category, return_counts=True)
    return float((counts * (counts - 1)).sum() / (len(category) * (len(category) - 1)))


def spaces(data: Path, titles: bool) -> tuple[np.ndarray, dict[str, pa.ChunkedArray]]:
    """Category of every item, and its vectors in each space."""
    items = visrec.preprocess(items=data / "items.csv").read_all()
    table = items
    for encoder in ENCODERS:
        table = visrec.embed_images(table, encoder=encoder, into=f"{encoder}_embedding").read_all()
    columns = {encoder: table[f"{encoder}_embedding"] for encoder in ENCODERS}
    if titles:
        table = visrec.embed_text(table, columns=["title"]).read_all()
        fused = visrec.fuse(table, columns=["lite0_embedding", "text_embedding"]).read_all()
        columns |= {"title (minilm)": table["text_embedding"], "concat of lite0 and title": fused["embedding"]}
    return np.array(table["category"].to_pylist()), columns


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", nargs="+", default=["fashion-dev", "clothing-cc0"])
    options = parser.parse_args()
    print("| data | space | p@1 (95 %) | p@10 (95 %) |\n|---|---|---|---|")
    for name in options.sets:
        category, columns = spaces(options.data / name, titles=name != "clothing-cc0")  # its titles are the category
        print(f"| {name}, {len(category):,} items | chance | {chance(category):.3f} | {chance(category):.3f} |")
        for space, column in columns.items():
            first, ten = judged(*matrix_of(column), category)
            print(f"| {name} | {space} | {interval(first)} | {interval(ten)} |", flush=True)


if __name__ == "__main__":
    main()
