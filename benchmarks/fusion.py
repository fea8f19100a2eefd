"""Fusion that learns: do words find pictures, and is what lies together of one kind?

    python benchmarks/fusion.py fashion --items fashion.arrow
    python benchmarks/fusion.py films --items films.arrow [--seeds 0 1 2]

fashion.arrow: fashion-dev with ``image_embedding`` (lite0) and ``text_embedding`` (minilm, titles). 1,500 items drawn
by a seed are learned from, 500 are judged among themselves; whatever is chosen (ridge, epoch) is chosen on a tenth of
the 1,500; 95 % bootstrap intervals over queries. films.arrow: ml-100k-posters with posters, and titles with
descriptions. A fifth of the films is held out and ranked among itself by hybrid and content-knn (see cold_items.py),
with features fused by each method, which learns from the clicks or pairs of the other films alone.
"""

import argparse
import csv
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
from cold_items import judged, whole
from scipy import stats

import visrec_cli as visrec
from visrec_cli.fusion.recipe import Recipe
from visrec_cli.ranking.explanation import modalities
from visrec_cli.recommenders.data import Content
from visrec_cli.registry import find
from visrec_cli.stages.recommend.items.fused_query import project
from visrec_cli.tables.readers import open_table
from visrec_cli.tables.spaces import Space, space_of
from visrec_cli.tables.vectors import matrix_of, unit_rows

COLOURS = ("Black", "White", "Blue", "Navy Blue", "Brown", "Grey", "Red", "Pink", "Purple", "Green")
METHODS: dict[str, dict[str, Any]] = {
    "image": {"columns": ["image_embedding"]},
    "text": {"columns": ["text_embedding"]},
    "concat": {},
    "concat + whiten": {"reduce": "whiten"},
    "two-tower (pairs)": {"method": "two-tower"},
    "cca (pairs)": {"method": "cca"},
    "weighted-softmax": {"method": "weighted-softmax", "target": "LABEL"},
    "attention, additive": {"method": "attention", "target": "LABEL"},
    "attention, multiplicative": {
        "method": "attention",
        "target": "LABEL",
        "settings": {"score": "multiplicative"},
    },
    "gated": {"method": "gated", "target": "LABEL"},
    "cross-attention": {"method": "cross-attention", "target": "LABEL"},
    "two-tower (label)": {"method": "two-tower", "target": "LABEL"},
    "lda": {"reduce": "lda", "target": "LABEL"},
}


def interval(values: np.ndarray) -> str:
    rng = np.random.default_rng(0)
    means = [values[rng.integers(0, len(values), len(values))].mean() for _ in range(1000)]
    low, high = np.quantile(means, [0.025, 0.975])
    return f"{values.mean():.3f} ({low:.3f}–{high:.3f})"


def same(scores: np.ndarray, label: np.ndarray, *, itself: bool) -> np.ndarray:
    """Per query the share of its ten nearest with its label; rows and columns are the same items."""
    scores = scores.copy()
    if not itself:
        np.fill_diagonal(scores, -np.inf)
    near = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    return (label[near] == label[:, None]).mean(axis=1)


def learned(table: pa.Table, options: dict[str, Any], seed: int) -> tuple[Space, float]:
    start = time.process_time()
    fused = visrec.fuse(table, into="fused", seed=seed, device="cpu", **options).read_all()
    space = space_of(fused.schema.field("fused"))
    assert space is not None
    return space, time.process_time() - start


def parts_of(space: Space, table: pa.Table) -> dict[str, np.ndarray]:
    return {source.column: matrix_of(table[source.column])[0] for source in space.sources}


def fashion(items: Path, seed: int, parts: list[str]) -> None:
    table = open_table(str(items)).read_all()
    order = np.random.default_rng(seed).permutation(table.num_rows)
    train, test = table.take(np.sort(order[:1500])), table.take(np.sort(order[1500:]))
    kinds, colours = (np.array([value or "" for value in test[name].to_pylist()]) for name in ("category", "colour"))
    if "words" in parts:
        words_find(train, test, kinds, colours, seed)
    for label in [part for part in parts if part != "words"]:
        neighbours(train, test, kinds, colours, label, seed)


def words_find(train: pa.Table, test: pa.Table, kinds: np.ndarray, colours: np.ndarray, seed: int) -> None:
    pictures, texts = (matrix_of(test[name])[0] for name in ("image_embedding", "text_embedding"))
    rng = np.random.default_rng(seed)
    sides: dict[str, Callable[[np.ndarray], np.ndarray]] = {}
    asked = {colour: f"{colour.lower()} clothing" for colour in COLOURS}
    words = visrec.embed_text(pa.table({"item_id": list(asked), "title": list(asked.values())}), columns=["title"])
    named = matrix_of(words.read_all()["text_embedding"])[0]
    print("| words → pictures | recall@1 | recall@10 | article type p@10 | colour p@10 | colour words p@10 |")
    print("|---|---|---|---|---|---|")
    for name in ("two-tower (pairs)", "cca (pairs)", "two-tower (label)"):
        space, _ = learned(train, with_label(METHODS[name], "category"), seed)
        looks = project(space, {"image_embedding": pictures})
        sides[name] = lambda t, space=space, looks=looks: project(space, {"text_embedding": t}) @ looks.T
    sides["titles among titles (reference)"] = lambda t: unit_rows(t) @ unit_rows(texts).T
    sides["random"] = lambda t: rng.random((len(t), len(pictures)))
    for name, score in sides.items():
        scores = score(texts)
        reference = name.startswith("titles")
        place = (scores >= np.diag(scores)[:, None]).sum(axis=1)
        recall = [" – " if reference else interval((place <= k).astype(float)) for k in (1, 10)]
        near = np.argsort(-score(named), axis=1, kind="stable")[:, :10]
        found = (colours[near] == np.array(COLOURS)[:, None]).mean(axis=1)
        hits = [interval(same(scores, label, itself=not reference)) for label in (kinds, colours)]
        print(f"| {name} | {' | '.join([*recall, *hits])} | {found.mean():.2f} |", flush=True)
        print("  colour words:", ", ".join(f"{c} {f:.1f}" for c, f in zip(COLOURS, found, strict=True)), flush=True)
    print("share of each colour:", ", ".join(f"{colour} {(colours == colour).mean():.2f}" for colour in COLOURS))


def neighbours(train: pa.Table, test: pa.Table, kinds: np.ndarray, colours: np.ndarray, label: str, seed: int) -> None:
    print(f"\n| learned from {label} | numbers | bytes of the recipe | article type p@10 | colour p@10 | CPU s |")
    print("|---|---|---|---|---|---|")
    for name, options in METHODS.items():
        if label == "colour" and options.get("target") != "LABEL":
            continue
        space, seconds = learned(train, with_label(options, label), seed)
        vectors = project(space, parts_of(space, test))
        values = [interval(same(vectors @ vectors.T, truth, itself=False)) for truth in (kinds, colours)]
        print(
            f"| {name} | {space.dimension} | {len(space.to_json()):,} | {' | '.join(values)} | {seconds:.1f} |",
            flush=True,
        )


def with_label(options: dict[str, Any], label: str) -> dict[str, Any]:
    return {key: label if value == "LABEL" else value for key, value in options.items()}


FILMS = ("concat", "two-tower (pairs)", "cca (pairs)", "weighted-softmax", "attention, additive", "gated")
FILMS = (*FILMS, "cross-attention", "two-tower (label)")


def films(items: Path, seeds: list[int], recommenders: list[str], results: Path) -> None:
    """Cold films by hybrid and content-knn; clicks that a fusion learns from are those that the model learns from."""
    table = open_table(str(items)).read_all()
    log = whole("ml-100k", str(items)).train
    place = {item: row for row, item in enumerate(table["item_id"].to_pylist())}
    rows = [place[item] for item in log.items]
    done = set()
    if results.exists():
        done = {tuple(row[:3]) for row in csv.reader(results.open())}
    for seed in seeds:
        cold = np.random.default_rng(seed).random(len(log.items)) < 0.2
        on_cold = cold[log.matrix.indices]
        known, hidden = log.only(~on_cold), log.only(on_cold).matrix
        warm = table.filter(pa.array(~np.isin(table["item_id"].to_pylist(), np.array(log.items)[cold])))
        with TemporaryDirectory() as folder:
            clicks = Path(folder) / "clicks.csv"
            pairs = known.matrix.tocoo()
            lines = [f"{log.users[u]},{log.items[i]}" for u, i in zip(pairs.row, pairs.col, strict=True)]
            clicks.write_text("user_id,item_id\n" + "\n".join(lines) + "\n")
            for name in FILMS:
                wanted = [one for one in recommenders if (str(seed), name, one) not in done]
                if not wanted:
                    continue
                space, _ = learned(warm, with_label(METHODS[name], f"clicks:{clicks}"), seed)
                both = {source.column: matrix_of(table[source.column]) for source in space.sources}
                vectors, valid = Recipe.of(space).apply(both)
                parts = tuple(modalities(space)) or (("fused", space.dimension),)
                content = Content(vectors[rows], valid[rows], parts)
                for recommender in wanted:
                    model = find("recommender", recommender)(seed=seed).fit(known, content)
                    value = judged(model, hidden, known.matrix, ~known.touched)["recall@20"]
                    with results.open("a") as file:
                        csv.writer(file).writerow([seed, name, recommender, value])
    print("| features | recommender | seeds | cold recall@20: mean, 95 % | against concat: mean, 95 % |")
    print("|---|---|---|---|---|")
    found = {tuple(row[:3]): float(row[3]) for row in csv.reader(results.open())}
    for recommender in recommenders:
        for name in FILMS:
            have = [s for s in sorted({key[0] for key in found}) if (s, name, recommender) in found]
            values = np.array([found[s, name, recommender] for s in have])
            gain = values - np.array([found[s, "concat", recommender] for s in have])
            told = name.replace("label", "clicks")
            print(f"| {told} | {recommender} | {len(have)} | {spread(values)} | {spread(gain)} |")


def spread(values: np.ndarray) -> str:
    """The mean over few seeds, with its interval by Student's t."""
    if len(values) < 2:
        return f"{values.mean():.4f}"
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return f"{values.mean():.4f} ({values.mean() - half:.4f} to {values.mean() + half:.4f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", choices=["fashion", "films"])
    parser.add_argument("--items", type=Path, required=True, help="a table with image_embedding and text_embedding")
    parser.add_argument("--seed", type=int, default=0, help="fashion: the split and the learning")
    parser.add_argument("--parts", nargs="+", default=["words", "category", "colour"], help="fashion: which tables")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="films: the splits")
    parser.add_argument("--recommenders", nargs="+", default=["content-knn", "hybrid"], help="films: who ranks")
    parser.add_argument("--results", type=Path, default=Path("fusion-films.csv"), help="films: kept, and gone on from")
    options = parser.parse_args()
    if options.data == "fashion":
        fashion(options.items, options.seed, options.parts)
    else:
        films(options.items, options.seeds, options.recommenders, options.results)


if __name__ == "__main__":
    main()
