"""Any model of timm by name: ``timm:resnet50``, ``timm:resnet50.a1_in1k``, ``timm:hf-hub:owner/name``."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from visrec_cli.encoders.base import Prepared
from visrec_cli.encoders.class_names import names_for
from visrec_cli.encoders.frame import Framing
from visrec_cli.encoders.hub import fetch_file, repository
from visrec_cli.encoders.torch_images import TorchImageEncoder
from visrec_cli.encoders.weights import revisions_of
from visrec_cli.errors import UsageError, unknown

if TYPE_CHECKING:
    from PIL.Image import Image

WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin", "open_clip_model.safetensors", "open_clip_pytorch_model.bin")


class TimmImageEncoder(TorchImageEncoder):
    """A timm model with its published weights; the preprocessing is timm's own data configuration.

    Parameters
    ----------
    name : str
        Name of the model in timm.
    device : Any
        Device of torch.
    normalise : bool, default=True
        Whether vectors have length 1.
    precise : bool, default=False
        Whether to decode in full size and compute without half precision.

    Raises
    ------
    UnavailableError
        If the weights are not available.
    UsageError
        If timm has no such model, or the hub no weights for it.
    """

    def __init__(self, name: str, *, device: Any, normalise: bool = True, precise: bool = False) -> None:
        model, path = _hub_model(name) if name.startswith(("hf-hub:", "hf_hub:")) else _known_model(name)
        self.use(model, f"timm:{name}", path, device=device, normalise=normalise, precise=precise)

    def use(self, model: Any, spec: str, path: Path, *, device: Any, normalise: bool, precise: bool) -> None:
        """Initialise the encoder with a model.

        Parameters
        ----------
        model : Any
            The timm model.
        spec : str
            The spec that opens it.
        path : Path
            File of its weights.
        device : Any
            Device of torch.
        normalise : bool
            Whether vectors have length 1.
        precise : bool
            Whether to decode in full size and compute without half precision.
        """
        from timm.data import create_transform, resolve_data_config

        config = resolve_data_config({}, model=model)
        self._transform = create_transform(**config, is_training=False)
        preprocessing = {"decoder": "pillow", **{key: _plain(value) for key, value in sorted(config.items())}}
        TorchImageEncoder.__init__(
            self, model, spec=spec, files=[path, *revisions_of(path)], preprocessing=preprocessing,
            normalise=normalise, device=device, precise=precise, classes=names_for(model),
            framing=framing_of(config),
            statistics=([255 * value for value in config["mean"]], [255 * value for value in config["std"]]),
        )  # fmt: skip

    def prepare(self, picture: "Image") -> Prepared:
        """The picture after timm's transform for this model, (3, height, width) float32."""
        return np.asarray(self._transform(picture))


def require_known(name: str) -> None:
    """Check that timm has an architecture.

    Parameters
    ----------
    name : str
        Name of the architecture.

    Raises
    ------
    UsageError
        If it has none of this name; the message lists similar names.
    """
    import timm

    if not timm.is_model(name):
        raise unknown("timm model", name, [*timm.list_models(), *timm.list_pretrained()])


def _known_model(name: str) -> tuple[Any, Path]:
    import timm

    require_known(name)
    architecture = name.split(".")[0]
    try:
        config = timm.get_pretrained_cfg(name, allow_unregistered=False)
    except RuntimeError as error:
        raise unknown("weights", name, timm.list_pretrained(f"{architecture}.*")) from error
    if config is None or not config.hf_hub_id:  # a few have a plain address instead, most have none
        where = f"download {config.url} and use it with" if config and config.url else "give your own with"
        raise UsageError(
            f"the model hub has no weights for '{name}'",
            fix=f"{where} --encoder 'file:WEIGHTS?arch={architecture}'",
        )
    repo = config.hf_hub_id if "/" in config.hf_hub_id else f"timm/{name}"
    path = fetch_file(repo, (config.hf_hub_filename,) if config.hf_hub_filename else WEIGHT_FILES)
    return timm.create_model(name, pretrained=True, pretrained_cfg_overlay={"file": str(path)}), path


def _hub_model(name: str) -> tuple[Any, Path]:
    import timm

    repo = repository(name.split(":", 1)[1])
    path = fetch_file(repo, WEIGHT_FILES)
    folder = fetch_file(repo, ("config.json",)).parent
    return timm.create_model(f"local-dir:{folder}", pretrained=True), path


def framing_of(config: dict[str, Any]) -> Framing | None:
    """The framing that timm's transform for evaluation applies; None if it is not one of the usual kinds."""
    _, height, width = config["input_size"]
    mode = {"center": "centre", "squash": "squash"}.get(config["crop_mode"])
    known = config["interpolation"] in ("bicubic", "bilinear", "lanczos", "nearest", "box", "hamming")
    if mode is None or not known or height != width:
        return None
    return Framing(mode, height, width, math.floor(height / config["crop_pct"]), config["interpolation"])


def _plain(value: Any) -> Any:
    """Tuples as lists, so that the space is equal to itself after a round trip through JSON."""
    return list(value) if isinstance(value, tuple) else value
