"""Frozen stages, and layer-wise learning rates of the others."""

from typing import Any

from visrec_cli.errors import UsageError

WEIGHT_DECAY = 0.05


def stages_of(model: Any) -> list[list[str]]:
    """List a model's parameters by stage, from the first to the last, without those of the classifier.

    Parameters
    ----------
    model : Any
        The timm model.

    Returns
    -------
    list[list[str]]
        Names of parameters, by stage.

    Raises
    ------
    UsageError
        If timm does not know the stages of the architecture.
    """
    from timm.models import group_parameters

    matcher = getattr(model, "group_matcher", None)
    if matcher is None:
        raise UsageError(f"timm does not report the stages of {type(model).__name__}", fix="use another --backbone")
    classifier = {id(parameter) for parameter in model.get_classifier().parameters()}
    named = dict(model.named_parameters())
    groups = group_parameters(model, matcher(coarse=True), return_values=False)
    stages = [[name for name in groups[key] if id(named[name]) not in classifier] for key in sorted(groups)]
    return [stage for stage in stages if stage]


def frozen_count(stages: int, freeze: str | int | None) -> int:
    """Compute the number of frozen stages.

    Parameters
    ----------
    stages : int
        Number of stages of the model.
    freeze : str | int | None
        A number, "all", or None for all but the last two.

    Returns
    -------
    int
        The number.

    Raises
    ------
    UsageError
        If ``freeze`` is not one of these, or larger than the number of stages.
    """
    if freeze is None:
        return max(0, stages - 2)
    if freeze == "all":
        return stages
    if not str(freeze).isdigit() or int(freeze) > stages:
        raise UsageError(
            f"--freeze {freeze} is out of range: the model has {stages} stages",
            fix=f"--freeze 0 trains all, --freeze {max(0, stages - 2)} the last two, --freeze all only a new head",
        )
    return int(freeze)


def freeze_stages(model: Any, count: int) -> None:
    """Freeze the first ``count`` stages, and the model's own classifier."""
    learning = {name for stage in stages_of(model)[count:] for name in stage}
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name in learning)


def parameter_groups(model: Any, heads: Any, decay: float) -> list[dict[str, Any]]:
    """Group parameters for an optimiser.

    Parameters
    ----------
    model : Any
        The timm model.
    heads : Any
        Module that is trained with the model.
    decay : float
        Factor of the learning rate from each stage to the one before it.

    Returns
    -------
    list[dict[str, Any]]
        Groups, each with its ``scale`` of the learning rate (1 for the heads). Biases and norms have no weight decay.
    """
    stages = stages_of(model)
    named = dict(model.named_parameters())
    parts = [(decay ** (len(stages) - place), [named[name] for name in stage]) for place, stage in enumerate(stages)]
    parts.append((1.0, list(heads.parameters())))
    found = []
    for scale, parameters in parts:
        learning = [one for one in parameters if one.requires_grad]
        for selected, weight_decay in (
            ([one for one in learning if one.ndim > 1], WEIGHT_DECAY),
            ([one for one in learning if one.ndim <= 1], 0.0),
        ):
            if selected:
                found.append({"params": selected, "scale": scale, "weight_decay": weight_decay})
    return found
