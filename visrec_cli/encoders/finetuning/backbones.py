"""The model that a training starts from: lite0, a model of timm, or a checkpoint of an earlier training."""

from dataclasses import dataclass, replace
from typing import Any

from visrec_cli.encoders.frame import Framing
from visrec_cli.errors import UsageError
from visrec_cli.registry import find
from visrec_cli.tables.failures import in_short

FAMILIES = ("lite0", "timm", "file")


@dataclass
class Backbone:
    """A timm model on the CPU, in evaluation mode, with its preprocessing.

    Attributes
    ----------
    model : Any
        The model.
    architecture : str
        Name of its architecture in timm.
    origin : str
        The spec that it was opened with.
    weights : str
        Hash of its file.
    framing : Framing
        How pictures are resized and cropped.
    statistics : tuple[list[float], list[float]]
        Mean and divisor of the channels, on the scale from 0 to 255.
    width : int
        Number of dimensions of a vector.
    """

    model: Any
    architecture: str
    origin: str
    weights: str
    framing: Framing
    statistics: tuple[list[float], list[float]]
    width: int


def open_backbone(spec: str, *, pixels: int | None = None) -> Backbone:
    """Open a model for training.

    Parameters
    ----------
    spec : str
        Spec of a picture encoder.
    pixels : int | None, default=None
        Side of the pictures in pixels; None for the model's own size.

    Returns
    -------
    Backbone
        The model.

    Raises
    ------
    UsageError
        If the encoder is not a model of timm, its preprocessing is not supported, or it cannot take this size.
    UnavailableError
        If the weights are not available.
    """
    from visrec_cli.encoders.factory import check_spec

    check_spec("image-encoder", spec)
    family, _, rest = spec.partition(":")
    if family not in FAMILIES:
        raise UsageError(
            f"'{spec}' cannot be trained: it is not a model of timm",
            fix="use --backbone lite0, --backbone timm:resnet50, or --backbone 'file:model.safetensors'",
        )
    found = _lite0() if family == "lite0" else _of_encoder(spec, find("image-encoder", family), rest)
    if pixels is not None and pixels != found.framing.height:
        shorter = round(found.framing.shorter * pixels / found.framing.height)
        found.framing = replace(found.framing, height=pixels, width=pixels, shorter=shorter)
    found.model.eval()
    found.width = _width(found)
    return found


def _lite0() -> Backbone:
    from visrec_cli.encoders.lite0 import ARCHITECTURE, FRAMING, STATISTICS, lite0_model
    from visrec_cli.encoders.weights import hash_of_file

    model, path = lite0_model()
    mean, divisor = ([float(value) for value in one] * 3 for one in STATISTICS)
    return Backbone(model, ARCHITECTURE, "lite0", hash_of_file(path), FRAMING, (mean, divisor), 0)


def _of_encoder(spec: str, kind: Any, rest: str) -> Backbone:
    import torch

    encoder = kind(rest, device=torch.device("cpu"))
    if encoder.framing is None:
        raise UsageError(f"the preprocessing of '{spec}' is not supported", fix="use another --backbone")
    mean, divisor = ([float(value) for value in one] for one in encoder.statistics)
    architecture = encoder.model.pretrained_cfg["architecture"]
    return Backbone(encoder.model, architecture, spec, encoder.space.weights, encoder.framing, (mean, divisor), 0)


def _width(backbone: Backbone) -> int:
    import torch

    framing = backbone.framing
    try:
        with torch.inference_mode():
            return int(features(backbone.model, torch.zeros(1, 3, framing.height, framing.width)).shape[1])
    except (AssertionError, RuntimeError, ValueError) as error:
        raise UsageError(
            f"{backbone.architecture} cannot take pictures of {framing.height} pixels: {in_short(error)}",
            fix="leave out --pixels",
        ) from error


def features(model: Any, numbers: Any) -> Any:
    """Vectors of the encoder, before any classifier: (n, 3, height, width) → (n, width)."""
    return model.forward_head(model.forward_features(numbers), pre_logits=True)
