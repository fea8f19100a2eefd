"""Our recommenders and their peers behind one face: fit, then score. For cf.py, which sees to it that the peers are
there (see environment.py)."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from visrec_cli.recommenders.data import Content, Log
from visrec_cli.registry import find
from visrec_cli.runtime.threads import usable_cores

PEERS = ("implicit==0.7.3", "cornac==3.0.1")
Score = Callable[[np.ndarray], np.ndarray]  # users → (users, items)
THREADS = usable_cores()
COSINE = {"user_damping": 0, "speaker_damping": 0.5, "target_damping": 0.5, "popularity": 0}


class Method(NamedTuple):
    """fit(train, content, **settings) gives the function that scores; grid: the settings to choose among. passes: the
    setting that says how often it goes through the data. equal: it computes what the first of its contest does, so that
    the lists must be the same."""

    name: str
    fit: Callable[..., Score]
    grid: dict[str, tuple[Any, ...]]
    passes: str = ""
    equal: bool = False


def ours(name: str, **fixed: Any) -> Callable[..., Score]:
    def fit(train: sp.csr_matrix, content: Content | None, **settings: Any) -> Score:
        model = find("recommender", name)(**fixed | settings).fit(log_of(train), content)
        return lambda users: model.scores(model.users.take(users))

    return fit


def log_of(matrix: sp.csr_matrix) -> Log:
    users, items = (tuple(map(str, range(size))) for size in matrix.shape)
    return Log(users, items, matrix)


def of_implicit(kind: Any, turned: bool = False, **fixed: Any) -> Callable[..., Score]:
    """turned: an item is recommended by those whom it lists as neighbours, as ours, not by those who list it."""

    def fit(train: sp.csr_matrix, content: Content | None, **settings: Any) -> Score:
        model = kind(num_threads=THREADS, **fixed | settings)
        model.fit(train, show_progress=False)
        if hasattr(model, "similarity"):  # neighbours
            links = model.similarity
            return lambda users: ((links @ train[users].T).T if turned else train[users] @ links).toarray()
        return lambda users: model.user_factors[users] @ model.item_factors.T

    return fit


def of_cornac(kind: Any, **fixed: Any) -> Callable[..., Score]:
    import cornac

    def fit(train: sp.csr_matrix, content: Content | None, **settings: Any) -> Score:
        users, items = train.nonzero()
        maps = {u: u for u in range(train.shape[0])}, {i: i for i in range(train.shape[1])}
        triples = (users, items, train.data.astype(float))
        known = cornac.data.Dataset(train.shape[0], train.shape[1], *maps, triples, seed=0)
        if content is not None:
            known.add_modalities(item_image=cornac.data.ImageModality(features=content.vectors))
        model = kind(seed=0, verbose=False, **fixed | settings)
        model.fit(known)
        return lambda wanted: np.stack([model.score(int(user)) for user in wanted]).astype(np.float32)

    return fit


def contests(size: int) -> dict[str, list[Method]]:
    """Ours first, then the peers. Equal factors and epochs for ALS; elsewhere each as it is meant to be used."""
    import cornac
    import implicit.cpu.als
    import implicit.cpu.bpr
    import implicit.nearest_neighbours

    als, bpr, neighbours = (implicit.cpu.als, implicit.cpu.bpr, implicit.nearest_neighbours)
    return {
        "als": [
            Method("visrec als", ours("als", embedding_size=size, epochs=15),
                   {"reg": (0.01, 0.03, 0.1), "unobserved_weight": (0.003, 0.01, 0.1)}, "epochs"),
            Method("implicit ALS",
                   of_implicit(als.AlternatingLeastSquares, factors=size, iterations=15, random_state=0),
                   {"regularization": (0.01, 1.0, 10.0), "alpha": (1.0, 10.0, 100.0)}, "iterations"),
        ],
        "bpr": [
            Method("visrec bpr", ours("bpr", embedding_size=size),
                   {"learning_rate": (0.03, 0.1), "reg": (0.01, 0.03)}, "epochs"),
            Method("implicit BPR",
                   of_implicit(bpr.BayesianPersonalizedRanking, factors=size, iterations=100, random_state=0),
                   {"learning_rate": (0.01, 0.05), "regularization": (0.01, 0.03)}, "iterations"),
            Method("cornac BPR", of_cornac(cornac.models.BPR, k=size, max_iter=100, num_threads=THREADS),
                   {"learning_rate": (0.01, 0.05), "lambda_reg": (0.001, 0.01)}, "max_iter"),
        ],
        "item-knn": [
            Method("visrec item-knn", ours("item-knn"), {"k": (50, 200)}),
            Method("implicit BM25", of_implicit(neighbours.BM25Recommender), {"K": (50, 200)}),
        ],
        "cosine": [  # what both can compute alike; to implicit an item is a neighbour of itself
            Method("visrec cosine", ours("item-knn", **COSINE), {"k": (199,)}),
            Method("implicit cosine", of_implicit(neighbours.CosineRecommender, True), {"K": (200,)}, equal=True),
        ],
        "vbpr": [
            Method("visrec vbpr", ours("vbpr", embedding_size=size, visual_size=size), {}, "epochs"),
            Method("cornac VBPR", of_cornac(cornac.models.VBPR, k=size, k2=size), {}, "n_epochs"),
        ],
    }  # fmt: skip
