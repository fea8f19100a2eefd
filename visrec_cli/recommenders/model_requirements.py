"""Requirements that a model file must meet for fold-in of users and scoring of new items."""

from typing import Any

import numpy.typing as npt

from visrec_cli.recommenders.model import Model
from visrec_cli.tables.documents import Origin, Shape
from visrec_cli.tables.vectors import Matrix

_WIDEST = 1 << 12  # numbers per item, where none has any and nothing says how many there are


def require_whole(model: Model, origin: Origin) -> None:
    """Raise InputError unless the parts add up to the factors. What all recommenders rely on."""
    width = 0 if model.items.factors is None else model.items.factors.shape[1]
    total = sum(size for _, size in model.parts)
    if model.items.factors is not None and model.parts and total != width:
        raise origin.wrong("parts", f"they add up to {total} numbers, and the factors have {width}")
    wanted = model.settings.get("embedding_size", 0)
    if model.items.factors is None and isinstance(wanted, int) and wanted > _WIDEST:
        raise origin.wrong("settings.embedding_size", f"it is larger than {_WIDEST}, and no item has factors")


def require_parts(model: Model, origin: Origin, widths: tuple[int, ...]) -> None:
    """Raise InputError unless the blocks of the factors have these widths."""
    if tuple(size for _, size in model.parts) != widths:
        raise origin.wrong("parts", f"they are of {[size for _, size in model.parts]} numbers, not {list(widths)}")


def factors_of(model: Model, origin: Origin) -> Matrix:
    """(items, f). Raises InputError where the items have none."""
    if model.items.factors is None:
        raise origin.wrong("the items", f"they have no factors, without which {model.recommender} cannot go on")
    return model.items.factors


def state_of(model: Model, origin: Origin, name: str, shape: Shape) -> npt.NDArray[Any]:
    """An array of the state. Raises InputError where it is not there, or of another shape."""
    if name not in model.state:
        raise origin.wrong(f"state.{name}", "it is not there")
    origin.require_shape(model.state[name], shape, f"state.{name}")
    return model.state[name]


def number_of(model: Model, origin: Origin, name: str) -> float:
    """A single number of the state, which the first release kept with an axis. Raises InputError."""
    if name not in model.state or model.state[name].size != 1 or model.state[name].ndim > 1:
        raise origin.wrong(f"state.{name}", "it is not a single number")
    return float(model.state[name].item())
