"""Features of the frozen stages, computed once per picture instead of once per epoch.

Which layers those are is seen by running the model: all that ran before the first layer that learns. They are then
stepped over, and what comes out must be what the whole model gives, or nothing is stepped over: a model whose
beginning is more than a chain of layers (position embeddings, skips) is simply computed whole.
"""

from typing import Any

from visrec_cli.encoders.finetuning.backbones import features


class FrozenFeatures:
    """The two halves of a model. ``before(numbers)`` is what may be kept, ``after(kept)`` the vectors."""

    def __init__(self, model: Any, layers: list[tuple[Any, str, Any]], first: Any) -> None:
        self._model, self._layers, self._first = model, layers, first

    def before(self, numbers: Any) -> Any:
        """(n, 3, height, width) → what the first layer that learns is given; without gradients."""
        import torch

        with torch.inference_mode():
            return (
                features(self._model, numbers) if self._first is None else _input_of(self._model, self._first, numbers)
            )

    def after(self, kept: Any) -> Any:
        """The vectors that the whole model would give."""
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
    """The halves of the model, or None where it begins to learn at once, or cannot be parted.

    numbers: (n, 3, height, width) of some pictures, to compare with.
    """
    import torch

    if not any(parameter.requires_grad for parameter in model.parameters()):
        return FrozenFeatures(model, [], None)
    ran: list[int] = []
    layers = {id(layer): (parent, name, layer) for parent, name, layer in _chain(model)}
    hooks = [layer.register_forward_pre_hook(lambda layer, _: ran.append(id(layer))) for _, _, layer in layers.values()]
    try:
        with torch.inference_mode():
            whole = features(model, numbers)
    finally:
        for hook in hooks:
            hook.remove()
    order = [layers[one] for one in dict.fromkeys(ran)]
    learns = [any(parameter.requires_grad for parameter in layer.parameters()) for _, _, layer in order]
    if True not in learns or not learns.index(True):
        return None
    at = learns.index(True)
    part = FrozenFeatures(model, order[:at], order[at][2])
    try:
        with torch.inference_mode():
            same = torch.allclose(part.after(part.before(numbers)), whole, rtol=1e-3, atol=1e-4)
    except (RuntimeError, ValueError, TypeError, AttributeError, AssertionError):
        return None
    return part if same else None


def _chain(model: Any) -> list[tuple[Any, str, Any]]:
    """(parent, name, layer) of the model's layers, sequences of layers one by one."""
    import torch

    found: list[tuple[Any, str, Any]] = []
    for name, layer in model.named_children():
        found += _chain(layer) if isinstance(layer, torch.nn.Sequential) else [(model, name, layer)]
    return found


def _input_of(model: Any, layer: Any, numbers: Any) -> Any:
    """What ``layer`` is given when the model is given ``numbers``; what would come after it is not computed."""
    given = []

    class Enough(Exception):
        pass

    def stop(_: Any, arguments: Any) -> None:
        given.append(arguments[0])
        raise Enough

    hook = layer.register_forward_pre_hook(stop)
    try:
        features(model, numbers)
    except Enough:
        pass
    finally:
        hook.remove()
    return given[0]
