"""Hybrid: ALS for items with clicks, factors from content for cold items."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from visrec_cli.recommenders import attribution
from visrec_cli.recommenders.als.model import Als
from visrec_cli.recommenders.base import Setting, TrainingCallback
from visrec_cli.recommenders.cold_start_validation import ColdStartTrial, Guess, choose
from visrec_cli.recommenders.content_map import CHOICES, Choice, learn, place, require_map, sides
from visrec_cli.recommenders.content_projection import Projection, required
from visrec_cli.recommenders.data import Content, Log, Times
from visrec_cli.recommenders.model import Items, Model, Users
from visrec_cli.recommenders.model_requirements import factors_of, number_of, require_parts
from visrec_cli.tables.documents import Origin
from visrec_cli.tables.vectors import Mask, Matrix

_ENOUGH = 20  # clicked items with a vector; with fewer, hiding some of them shows nothing


class Hybrid(Als):
    """ALS factors for items with clicks, and factors predicted from their vectors for all others.

        s(u, i) = x_u · y_i                                              for items i with clicks: as ALS
        s(u, i) = scale · sum over the parts p of side_up · y_p(f_ip)    for items i without

    f_i: the item's principal components. y_p and side_u are one of

        ridge, knn, kernel   side_up = x_u, y a map from vectors to factors, learned on clicked items (see content_map)
        taste                y_p(f) = f, side_u the user's factors of ALS with the items' vectors as fixed item factors

    Kind, smoothness and scale are chosen on clicked items: a fifth of them is hidden, and a fifth of all clicks on the
    others; ALS learns from the rest; the map that finds most of the hidden items wins. Predicted factors shrink towards
    the mean, so that new items would rarely be among the first: the scale corrects that. With exposure 1, hidden items
    get the share of places that they have of the hidden clicks, which is right for new items that are as good as any.
    Unclicked items of a catalogue are often worse, and they take places from items that are known to be liked, so the
    default is cautious. Raise it where the unclicked items are really new.
    """

    name: ClassVar[str] = "hybrid"
    summary: ClassVar[str] = (
        "als for items with clicks, pictures and texts for items without: with exposure=1, when new items come daily"
    )
    needs_content: ClassVar[bool] = True
    uses_content: ClassVar[bool] = True
    item_state: ClassVar[tuple[str, ...]] = ("vectors",)
    settings: ClassVar[dict[str, Setting]] = {
        **Als.settings,
        "map": Setting("auto", "how cold items get their factors", choices=("auto", "taste", "ridge", "knn", "kernel")),
        "components": Setting(128, "principal components kept of each modality", least=1),
        "exposure": Setting(
            0.02,
            "places for cold items, as a multiple of what random items would get: 1 is as many, the default very few",
            least=0,
            needs=("trials", "hidden items"),
        ),
        "trials": Setting(
            3,
            "how often items are hidden to choose the map; 0: take the first map without a check",
            least=0,
            needs=("hidden items",),
        ),
    }

    @classmethod
    def inputs(cls, log: Log, content: Content | None) -> dict[str, bool]:
        """See Recommender; also whether there are enough items to hide some of them."""
        return {**super().inputs(log, content), "hidden items": _can_hide(log, content)}

    def fit(self, log: Log, content: Content | None = None, callback: TrainingCallback | None = None) -> Model:
        """Train ALS, choose the map on hidden items, and place the cold items.

        Parameters
        ----------
        log : Log
            The interactions to train on.
        content : Content | None, default=None
            Vectors of the items, in the order of ``log.items``.
        callback : TrainingCallback | None, default=None
            Called between the epochs of ALS.

        Returns
        -------
        Model
            The trained model.

        Raises
        ------
        UsageError
            If there are no vectors, or training diverges.
        """
        content = required(content, self.name)
        warm = super().fit(log, content, callback)
        projection = Projection.fit(content, self.set["components"])
        features, widths = projection.apply(content), projection.widths
        choices = [choice for choice in CHOICES if self.set["map"] in ("auto", choice[0])]
        best, scale = choices[0], 1.0
        found: dict[Choice, float] = {}
        if self.set["trials"] and _can_hide(log, content):
            seeds = [[self.seed, number] for number in range(self.set["trials"])]
            trials = [ColdStartTrial.of(log, log.touched & content.valid, self._plain, seed) for seed in seeds]
            guesses = {choice: partial(_guess, choice, features=features, widths=widths) for choice in choices}
            best, scale, found = choose(guesses, trials, self.set["exposure"])
        state = {**learn(best, warm, features, widths), **projection.state(), "scale": np.array(scale)}
        cold = ~log.touched & content.valid
        by_content = np.float32(scale) * place(state, features, widths) * cold[:, None]
        behaviour = warm.items.factors
        assert behaviour is not None
        width = by_content.shape[1] // len(widths)
        blocks = widths if "vectors" in state else (width,) * len(widths)
        parts = (*warm.parts, *zip(projection.names, blocks, strict=True))
        recall = {f"{kind} {smooth:g}": round(value, 4) for (kind, smooth), value in found.items()}
        model = replace(
            warm,
            items=Items(log.items, log.touched | cold, np.hstack([behaviour, by_content])),
            parts=parts,
            state=state,
            facts={"cold": {"map": best[0], "smooth": best[1], "scale": scale, "recall@20": recall}},
        )
        others = sides(state, warm, log.users, log.matrix, len(widths))
        return replace(model, users=replace(warm.users, factors=np.hstack([_factors(warm.users), others])))

    def _plain(self, log: Log) -> Model:
        settings = {name: value for name, value in self.set.items() if name in Als.settings}
        return Als(seed=self.seed, device=self.device, **settings).fit(log)

    @classmethod
    def require(cls, model: Model, origin: Origin) -> None:
        """See Recommender."""
        super().require(model, origin)
        if len(model.parts) < 2:
            raise origin.wrong("parts", "there are none for pictures and texts")
        width, factors = model.parts[0][1], factors_of(model, origin)
        if model.users.factors is None:
            raise origin.wrong("the users", "they have no factors")
        widths = Projection.require(model, origin, len(model.parts) - 1)
        number_of(model, origin, "scale")
        blocks = require_map(model, origin, len(factors), width, widths)
        require_parts(model, origin, (width, *blocks))

    @classmethod
    def fold_in(cls, model: Model, ids: Sequence[str], history: sp.csr_matrix, times: Times | None = None) -> Users:
        """The exact solution of ALS over the clicked items, and the factors that cold items are scored with."""
        warm = _warm(model)
        users = super().fold_in(warm, ids, history, times)
        if not model.state:  # called during training
            return users
        warm = replace(warm, users=users)
        others = sides(model.state, warm, ids, history, len(model.parts) - 1)
        return replace(users, factors=np.hstack([_factors(users), others]))

    @classmethod
    def new_items(cls, model: Model, ids: Sequence[str], content: Content) -> Items:
        """Predict the factors of items from their vectors."""
        projection = Projection.of(model.state, tuple(name for name, _ in model.parts[1:]))
        by_content = place(model.state, projection.apply(content), projection.widths)
        behaviour = np.zeros((len(ids), model.parts[0][1]), np.float32)
        scale = np.float32(model.state["scale"].item())
        return Items(tuple(ids), content.valid, np.hstack([behaviour, scale * by_content]))

    @classmethod
    def new_items_note(cls, settings: Mapping[str, Any]) -> str | None:
        """Say that the default exposure hardly ever recommends them."""
        default = cls.settings["exposure"].default
        if settings.get("exposure", default) > default:
            return None
        return (
            f"items without clicks will hardly be recommended (exposure {settings['exposure']:g}): "
            "visrec train-cf --set exposure=1 gives them as many places as random items get"
        )

    @classmethod
    def history_contributions(cls, model: Model, users: Users, row: int, items: npt.NDArray[np.int64]) -> Matrix:
        """Exact for clicked items, as in ALS; an approximation for cold ones, see ``recommenders.attribution``."""
        warm = _warm(model)
        contributions = super().history_contributions(warm, users, row, items)
        cold = ~warm.items.known[items]
        if cold.any() and model.state:
            width = model.parts[0][1]
            others = slice(width, None) if "vectors" in model.state else slice(0, width)
            users = replace(users, factors=_factors(users)[:, others])
            contributions[:, cold] = attribution.history_contributions(_as_cold(model), users, row, items[cold])
        return contributions


def _can_hide(log: Log, content: Content | None) -> bool:
    return content is not None and int((log.touched & content.valid).sum()) >= _ENOUGH


def _factors(side: Users | Items) -> Matrix:
    assert side.factors is not None
    return side.factors


def _guess(choice: Choice, model: Model, cold: Mask, features: Matrix, widths: Sequence[int]) -> Guess:
    """Factors of all users and of the cold items, by a map learned on this ALS model."""
    state = learn(choice, model, features, widths)
    return sides(state, model, model.users.ids, model.users.history, len(widths)), place(state, features[cold], widths)


def _warm(model: Model) -> Model:
    """The ALS model inside a hybrid: the first block of the factors, which is zero for cold items."""
    width = model.parts[0][1]
    items = _factors(model.items)[:, :width]
    users = replace(model.users, factors=_factors(model.users)[:, :width])
    return replace(
        model, users=users, items=Items(model.items.ids, np.asarray(items.any(axis=1)), items), parts=model.parts[:1]
    )


def _as_cold(model: Model) -> Model:
    """A model with the same scores of cold items and one vector for every item, clicked or not, for comparison."""
    width, factors = model.parts[0][1], _factors(model.items)
    if "vectors" in model.state:
        return replace(model, items=replace(model.items, factors=factors[:, width:] + model.state["vectors"]))
    return replace(model, items=replace(model.items, factors=factors.reshape(len(factors), -1, width).sum(axis=1)))
