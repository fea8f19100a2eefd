"""Features of the frozen stages, computed once per picture instead of once per epoch.

The frozen layers are found by running the model: all layers that run before the first trainable one. They are then
skipped, and the result must equal that of the whole model; otherwise nothing is skipped. A model whose beginning is
more than a chain of layers (position embeddings, skip connections) is computed as a whole.
"""

from typing import Any

from visrec_cli.encoders.finetuning.backbones import features


class FrozenFeatures:
    """The two halves of a model: ``before(numbers)`` can be cached, and ``after(kept)`` returns the vectors.

    Parameters
    ----------
    model : Any
        The model.
    layers : list[tuple[Any, str, Any]]
        The layers to skip, each with its parent and name.
    first : Any
        The first trainable layer; None if all layers are frozen.
    """

    def __init__(self, model: Any, layers: list[tuple[Any, str, Any]], first: Any) -> None:
        self._model, self._layers, self._first = model, layers, first

    def before(self, numbers: Any) -> Any:
        """Input of the first trainable layer, for (n, 3, height, width) pictures; without gradients."""
        import torch

        with torch.inference_mode():
            return (
                features(self._model, numbers) if self._first is None else _input_of(self._model, self._first, numbers)
            )

    def after(self, kept: Any) -> Any:
        """The vectors of the whole model, from the output of ``before``."""
        import torch

        if self._first is None:
            return kept
        for parent, name, _ in self._layers:
            setattr(parent, name, torch.nn.Identity())
        try:
            return features(self._model, kept)
        finally:
            for parent, name, layer in self._layers:
                setattr(parent, name, layer)


def frozen_part(model: Any, numbers: Any) -> FrozenFeatures | None:
    """Split a model before its first trainable layer.

    Parameters
    ----------
    model : Any
        The model.
    numbers : Any
        (n, 3, height, width) pictures to check the halves with.

    Returns
    -------
    FrozenFeatures | None
        The halves; None if the first layer is trainable, or the model cannot be split.
    """
    import torch

    if not any(parameter.requires_grad for parameter in model.parameters()):
        return FrozenFeatures(model, [], None)
    executed: list[int] = []
    layers = {id(layer): (parent, name, layer) for parent, name, layer in _chain(model)}
    hooks = [
        layer.register_forward_pre_hook(lambda layer, _: executed.append(id(layer))) for _, _, layer in layers.values()
    ]
    try:
        with torch.inference_mode():
            whole = features(model, numbers)
    finally:
        for hook in hooks:
            hook.remove()
    order = [layers[one] for one in dict.fromkeys(executed)]
    trainable = [any(parameter.requires_grad for parameter in layer.parameters()) for _, _, layer in order]
    if True not in trainable or not trainable.index(True):
        return None
    at = trainable.index(True)
    part = FrozenFeatures(model, order[:at], order[at][2])
    try:
        with torch.inference_mode():
            same = torch.allclose(part.after(part.before(numbers)), whole, rtol=1e-3, atol=1e-4)
    except (RuntimeError, ValueError, TypeError, AttributeError, AssertionError):
        return None
    return part if same else None


def _chain(model: Any) -> list[tuple[Any, str, Any]]:
    """Parent, name and layer of each of the model's layers; the layers of sequences are listed one by one."""
    import torch

    found: list[tuple[Any, str, Any]] = []
    for name, layer in model.named_children():
        found += _chain(layer) if isinstance(layer, torch.nn.Sequential) else [(model, name, layer)]
    return found


def _input_of(model: Any, layer: Any, numbers: Any) -> Any:
    """Input of ``layer`` when the model runs on ``numbers``; later layers are not computed."""
    captured = []

    class Stop(Exception):
        pass

    def stop(_: Any, arguments: Any) -> None:
        captured.append(arguments[0])
        raise Stop

    hook = layer.register_forward_pre_hook(stop)
    try:
        features(model, numbers)
    except Stop:
        pass
    finally:
        hook.remove()
    return captured[0]
