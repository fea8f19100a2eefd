"""The same numbers as trec_eval and scikit-learn on 1,000 random users; where definitions differ, in which way.

pytrec-eval-terrier is trec_eval itself, the reference of the field, and its wheels need numpy and scipy alone.
"""

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, mean_absolute_error, roc_auc_score, root_mean_squared_error

from tests.contracts.metric_suite import lists_of, truth_of
from visrec_cli.metrics.base import WHOLE, ItemStats, Lists
from visrec_cli.registry import find

pytrec_eval = pytest.importorskip("pytrec_eval")
CASES, ITEMS = 1000, 60
KS = (1, 3, 10, 30)
Peer = Callable[[dict[str, float], int, int], float]

# What trec_eval calls it, and how its number becomes ours. n: relevant items of the user.
PEERS: dict[str, Peer] = {
    "precision": lambda his, k, n: his[f"P_{k}"],
    "recall": lambda his, k, n: his[f"recall_{k}"],
    "hit": lambda his, k, n: his[f"success_{k}"],
    "map-all": lambda his, k, n: his[f"map_cut_{k}"],
    "ndcg-graded": lambda his, k, n: his[f"ndcg_cut_{k}"],
    # His map divides by all relevant items, ours by those that k places can hold; so does our recall-min.
    "map": lambda his, k, n: his[f"map_cut_{k}"] * n / min(n, k),
    "recall-min": lambda his, k, n: his[f"P_{k}"] * k / min(n, k),
    "f1": lambda his, k, n: 2 * his[f"P_{k}"] * k / (n + k),
    # His reciprocal rank knows no k.
    "mrr": lambda his, k, n: his["recip_rank"] if his[f"success_{k}"] else 0.0,
}
# Two more by other grades: his gains are the grades themselves.
GRADES: dict[str, Callable[[float], int]] = {"ndcg": lambda grade: 1, "ndcg-exp": lambda grade: int(2**grade - 1)}


def cases(seed: int = 7) -> tuple[Lists, list[dict[int, float]], list[list[int]]]:
    rng = np.random.default_rng(seed)
    relevant, shown = [], []
    for _ in range(CASES):
        some = rng.permutation(ITEMS)[: rng.integers(1, 40)]
        relevant.append({int(item): float(rng.integers(1, 6)) for item in some})
        shown.append([int(item) for item in rng.permutation(ITEMS)[: rng.integers(1, 41)]])
    return lists_of(*shown, truth=truth_of(*relevant, items=ITEMS)), relevant, shown


def trec(
    relevant: list[dict[int, float]], shown: list[list[int]], gain: Callable[[float], int] = int
) -> list[dict[str, float]]:
    """What trec_eval says of each user, at the lengths KS."""
    cut = ",".join(map(str, KS))
    measures = {f"{name}.{cut}" for name in ("P", "recall", "success", "map_cut", "ndcg_cut")} | {"recip_rank"}
    qrels = {str(u): {f"i{item}": gain(grade) for item, grade in row.items()} for u, row in enumerate(relevant)}
    run = {str(u): {f"i{item}": float(-place) for place, item in enumerate(row)} for u, row in enumerate(shown)}
    found = pytrec_eval.RelevanceEvaluator(qrels, measures).evaluate(run)
    return [found[str(u)] for u in range(len(shown))]


@pytest.mark.parametrize("k", KS)
def test_agrees_with_trec_eval_to_1e_9(k: int) -> None:
    lists, relevant, shown = cases()
    his = trec(relevant, shown)
    worst = {}
    for name, peer in PEERS.items():
        ours = find("metric", name).each(lists, k, ItemStats(ITEMS))
        theirs = [peer(one, k, len(row)) for one, row in zip(his, relevant, strict=True)]
        worst[name] = float(np.abs(ours - theirs).max())
    for name, gain in GRADES.items():
        ours = find("metric", name).each(lists, k, ItemStats(ITEMS))
        theirs = [one[f"ndcg_cut_{k}"] for one in trec(relevant, shown, gain)]
        worst[name] = float(np.abs(ours - theirs).max())
    print(f"k = {k}: worst difference {max(worst.values()):.1e} ({max(worst, key=lambda name: worst[name])})")
    assert max(worst.values()) < 1e-9, worst


def test_agrees_with_scikit_learn_to_1e_9() -> None:
    rng = np.random.default_rng(3)
    relevant = [
        {int(item): float(rng.integers(1, 6)) for item in rng.permutation(ITEMS)[: rng.integers(1, ITEMS)]}
        for _ in range(CASES)
    ]
    order = rng.permuted(np.tile(np.arange(ITEMS), (CASES, 1)), axis=1)
    scores = np.sort(rng.normal(3, 1, order.shape).astype(np.float32))[:, ::-1]
    lists = Lists(order, truth_of(*relevant, items=ITEMS), scores=scores)
    world, rated = ItemStats(ITEMS, like=3), lists.hits
    theirs = [roc_auc_score(*pair) for pair in zip(rated, scores, strict=True)]
    assert find("metric", "auc").each(lists, WHOLE, world) == pytest.approx(theirs, abs=1e-9)
    ratings, predicted = lists.gains[rated].astype(np.float64), scores[rated].astype(np.float64)
    pooled = {
        "rmse": root_mean_squared_error(ratings, predicted),
        "mae": mean_absolute_error(ratings, predicted),
        "accuracy": accuracy_score(ratings >= 3, predicted >= 3),
    }
    for name, expected in pooled.items():
        total, n = find("metric", name).sums(lists, world)
        assert find("metric", name).finish(total.sum() / n.sum()) == pytest.approx(expected, abs=1e-9)
