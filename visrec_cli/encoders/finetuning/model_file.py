"""The model file: weights, with all metadata needed to use them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from visrec_cli.encoders.finetuning.backbones import Backbone
from visrec_cli.errors import UsageError
from visrec_cli.tables.atomic import atomic


def save_model(
    path: Path, backbone: Backbone, *, classifier: Any = None, classes: Sequence[str] = (), trained: dict[str, Any]
) -> None:
    """Write a safetensors file that ``file:PATH`` opens, completely or not at all. Equal models give equal bytes.

    The metadata are arch, input_size, mean and std as in timm, framing, classes and trained; all are JSON except arch.

    Parameters
    ----------
    path : Path
        The file.
    backbone : Backbone
        The trained model.
    classifier : Any, default=None
        A linear layer on the vectors; None if there is none.
    classes : Sequence[str], default=()
        Names of the classes of the classifier.
    trained : dict[str, Any]
        Metadata of the training.
    """
    from safetensors.torch import save

    model, framing = backbone.model.cpu(), backbone.framing
    model.reset_classifier(len(classes))
    if classes:
        layer = model.get_classifier()
        layer.weight.data.copy_(classifier.weight.detach().cpu())
        layer.bias.data.copy_(classifier.bias.detach().cpu())
    mean, divisor = backbone.statistics
    metadata = {
        "arch": backbone.architecture,
        "input_size": json.dumps([3, framing.height, framing.width]),
        "mean": json.dumps([value / 255 for value in mean]),
        "std": json.dumps([value / 255 for value in divisor]),
        "framing": json.dumps(framing.to_dict(), sort_keys=True),
        "trained": json.dumps(trained, sort_keys=True),
    }
    if classes:
        metadata["classes"] = json.dumps(list(classes), ensure_ascii=False)
    tensors = {name: tensor.detach().contiguous() for name, tensor in model.state_dict().items()}
    with atomic(path) as raw:
        raw.write(_settled(save(tensors, metadata=metadata)))


def require_classifier(backbone: Backbone) -> None:
    """Check that a model can have a classifier on its vectors.

    Parameters
    ----------
    backbone : Backbone
        The model.

    Raises
    ------
    UsageError
        If it cannot.
    """
    import torch

    model = backbone.model
    model.reset_classifier(2)
    layer = model.get_classifier()
    if not isinstance(layer, torch.nn.Linear) or layer.in_features != backbone.width or layer.bias is None:
        raise UsageError(
            f"{backbone.architecture} has no plain classifier on its vectors, so that its classes cannot be stored",
            fix="use another --backbone, or --loss contrast, which needs none",
        )
    model.reset_classifier(0)


def _settled(content: bytes) -> bytes:
    """The same file with its header in a fixed order: the library's order changes from process to process."""
    length = int.from_bytes(content[:8], "little")
    written = json.loads(content[8 : 8 + length])  # noqa: TID251  # just made, by the library
    header = json.dumps(written, sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)  # tensors begin at multiples of 8 bytes
    return len(header).to_bytes(8, "little") + header + content[8 + length :]
