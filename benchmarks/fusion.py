"""Fusion that learns: do words find pictures, and is what lies together of one kind?

    python benchmarks/fusion.py fashion --items fashion.arrow
    python benchmarks/fusion.py films --items films.arrow [--seeds 3]

fashion.arrow: fashion-dev with ``image_embedding`` (lite0) and ``text_embedding`` (minilm, titles). 1,500 items drawn
by a seed are learned from, 500 are judged among themselves; whatever is chosen (ridge, epoch) is chosen on a tenth of
the 1,500. films.arrow: ml-100k-posters with posters, and titles and descriptions; a fifth of the films is held out and
ranked by hybrid and content-knn (see cold_items.py), with features fused by each method, which learns from the clicks
or pairs of the others alone. 95 % bootstrap intervals over queries (fashion); mean and range over seeds (films).
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
from recommenders import movielens

import visrec_cli as visrec
from visrec_cli.stages.recommending.fused_query import project
from visrec_cli.tables.columns import matrix_of, unit_rows
from visrec_cli.tables.reading import open_table
from visrec_cli.tables.spaces import Space, space_of

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


def fashion(items: Path, seed: int) -> None:
    table = open_table(str(items)).read_all()
    order = np.random.default_rng(seed).permutation(table.num_rows)
    train, test = table.take(np.sort(order[:1500])), table.take(np.sort(order[1500:]))
    kinds, colours = (np.array([value or "" for value in test[name].to_pylist()]) for name in ("category", "colour"))
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
    for label in ("category", "colour"):
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


def films(items: Path, seeds: int) -> None:
    """Cold films by hybrid and content-knn; clicks that a fusion learns from are those that the model learns from."""
    from cold_items import judged

    from visrec_cli.catalogue import find
    from visrec_cli.recommenders.data import Content

    table = open_table(str(items)).read_all()
    task = next(movielens(None))
    matrix = (task.train.matrix + task.truth).tocsr()
    matrix.data[:] = 1
    log = type(task.train)(task.train.users, task.train.items, matrix.astype(np.float32))
    place = {item: row for row, item in enumerate(table["item_id"].to_pylist())}
    rows = [place[item] for item in log.items]
    found: dict[tuple[str, str], list[float]] = {}
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        cold = rng.random(len(log.items)) < 0.2
        on_cold = cold[log.matrix.indices]
        known, hidden = log.only(~on_cold), log.only(on_cold).matrix
        with TemporaryDirectory() as folder:
            pairs = known.matrix.tocoo()
            clicks = Path(folder) / "clicks.csv"
            lines = [f"{log.users[u]},{log.items[i]}" for u, i in zip(pairs.row, pairs.col, strict=True)]
            clicks.write_text("user_id,item_id\n" + "\n".join(lines) + "\n")
            warm = table.take(np.flatnonzero(~np.isin(table["item_id"].to_pylist(), np.array(log.items)[cold])))
            for name, given in METHODS.items():
                if given.get("reduce") == "lda":
                    continue
                options = with_label(given, f"clicks:{clicks}")
                space, _ = learned(warm, options, seed)
                both = {source.column: matrix_of(table[source.column]) for source in space.sources}
                from visrec_cli.fusion.recipe import Recipe

                vectors, valid = Recipe.of(space).apply(both)
                whole = space.transform and space.transform["method"] == "concat" and not space.transform["reduction"]
                parts = (
                    tuple((s.column, s.dimension) for s in space.sources) if whole else (("fused", space.dimension),)
                )
                content = Content(vectors[rows], valid[rows], parts)
                for recommender in ("hybrid", "content-knn"):
                    model = find("recommender", recommender)(seed=seed).fit(known, content)
                    value = judged(model, hidden, known.matrix, ~known.touched)["recall@20"]
                    found.setdefault((name.replace("(label)", "(clicks)"), recommender), []).append(value)
                    print(seed, name, recommender, f"{value:.4f}", flush=True)
    print("\n| features | recommender | cold recall@20, mean | over seeds | against concat, mean | over seeds |")
    print("|---|---|---|---|---|---|")
    for (name, recommender), values in found.items():
        one, plain = np.array(values), np.array(found["concat", recommender])
        gain = one - plain
        print(
            f"| {name} | {recommender} | {one.mean():.4f} | {one.min():.4f}–{one.max():.4f} "
            f"| {gain.mean():+.4f} | {gain.min():+.4f} to {gain.max():+.4f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", choices=["fashion", "films"])
    parser.add_argument("--items", type=Path, required=True, help="a table with image_embedding and text_embedding")
    parser.add_argument("--seed", type=int, default=0, help="fashion: the split and the learning")
    parser.add_argument("--seeds", type=int, default=3, help="films: how many splits")
    options = parser.parse_args()
    if options.data == "fashion":
        fashion(options.items, options.seed)
    else:
        films(options.items, options.seeds)


if __name__ == "__main__":
    main()
