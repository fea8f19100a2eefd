"""Batch normalisation folded into the preceding convolution: the same result with fewer passes over memory."""

from typing import Any


def fold_batch_norms(model: Any) -> None:
    """Fold the batch norms of a timm model in place; vectors change in the last digits only.

    Parameters
    ----------
    model : Any
        Model in evaluation mode, whose blocks list each norm right after its convolution, as EfficientNet's do.
    """
    import torch
    from timm.layers import BatchNormAct2d
    from torch.nn.utils.fusion import fuse_conv_bn_weights

    for block in list(model.modules()):
        convolution = None
        for name, layer in list(block.named_children()):
            if isinstance(layer, torch.nn.Conv2d):
                convolution = layer
            elif isinstance(layer, BatchNormAct2d) and convolution is not None:
                convolution.weight, convolution.bias = fuse_conv_bn_weights(
                    convolution.weight, convolution.bias, layer.running_mean, layer.running_var, layer.eps,
                    layer.weight, layer.bias,
                )  # fmt: skip
                setattr(block, name, layer.act)  # its activation stays
                convolution = None
