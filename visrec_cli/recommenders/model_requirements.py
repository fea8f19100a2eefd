"""Requirements that a model file must meet for fold-in of users and scoring of new items."""

from typing import Any

import numpy.typing as npt

from visrec_cli.recommenders.model import Model
from visrec_cli.tables.documents import Origin, Shape
from visrec_cli.tables.vectors import Matrix

_WIDEST = 1 << 12  # largest embedding_size of a model without factors, where no array confirms the size


def require_whole(model: Model, origin: Origin) -> None:
    """Check what all recommenders rely on: the widths of the parts add up to the width of the factors.

    Parameters
    ----------
    model : Model
        The model.
    origin : Origin
        Names the file in error messages.

    Raises
    ------
    InputError
        If they do not, or if a model without factors has a very large ``embedding_size``.
    """
    width = 0 if model.items.factors is None else model.items.factors.shape[1]
    total = sum(size for _, size in model.parts)
    if model.items.factors is not None and model.parts and total != width:
        raise origin.wrong("parts", f"they add up to {total} numbers, but the factors have {width}")
    wanted = model.settings.get("embedding_size", 0)
    if model.items.factors is None and isinstance(wanted, int) and wanted > _WIDEST:
        raise origin.wrong("settings.embedding_size", f"it is larger than {_WIDEST}, but no item has factors")


def require_parts(model: Model, origin: Origin, widths: tuple[int, ...]) -> None:
    """Check the widths of the blocks of the factors.

    Parameters
    ----------
    model : Model
        The model.
    origin : Origin
        Names the file in error messages.
    widths : tuple[int, ...]
        Widths that the blocks must have.

    Raises
    ------
    InputError
        If the blocks have other widths.
    """
    if tuple(size for _, size in model.parts) != widths:
        raise origin.wrong("parts", f"their widths are {[size for _, size in model.parts]}, not {list(widths)}")


def factors_of(model: Model, origin: Origin) -> Matrix:
    """Return the factors of the items.

    Parameters
    ----------
    model : Model
        The model.
    origin : Origin
        Names the file in error messages.

    Returns
    -------
    Matrix
        (items, f) float32.

    Raises
    ------
    InputError
        If there are none.
    """
    if model.items.factors is None:
        raise origin.wrong("the items", f"they have no factors, which {model.recommender} needs")
    return model.items.factors


def state_of(model: Model, origin: Origin, name: str, shape: Shape) -> npt.NDArray[Any]:
    """Return an array of the model's state.

    Parameters
    ----------
    model : Model
        The model.
    origin : Origin
        Names the file in error messages.
    name : str
        Name of the array.
    shape : Shape
        Shape that it must have; None stands for any length.

    Returns
    -------
    npt.NDArray[Any]
        The array.

    Raises
    ------
    InputError
        If it is missing, or has another shape.
    """
    if name not in model.state:
        raise origin.wrong(f"state.{name}", "it is missing")
    origin.require_shape(model.state[name], shape, f"state.{name}")
    return model.state[name]


def number_of(model: Model, origin: Origin, name: str) -> float:
    """Return a single number of the model's state, which the first release stored as an array with one axis.

    Parameters
    ----------
    model : Model
        The model.
    origin : Origin
        Names the file in error messages.
    name : str
        Name of the number.

    Returns
    -------
    float
        The number.

    Raises
    ------
    InputError
        If it is missing, or not a single number.
    """
    if name not in model.state or model.state[name].size != 1 or model.state[name].ndim > 1:
        raise origin.wrong(f"state.{name}", "it is not a single number")
    return float(model.state[name].item())
