"""Names of classifier classes."""

from typing import Any


def imagenet_names(subset: str = "imagenet-1k") -> list[str]:
    """Classes of an ImageNet subset by number, each with its first synonym ("tabby", not "tabby, tabby cat")."""
    from timm.data import ImageNetInfo

    info = ImageNetInfo(subset)
    return [info.index_to_description(i).split(",")[0] for i in range(info.num_classes())]


def names_for(model: Any) -> list[str] | None:
    """Class names of a timm model with its original classifier; None if not known."""
    from timm.data import infer_imagenet_subset

    subset = infer_imagenet_subset(model) if model.num_classes else None
    return imagenet_names(subset) if subset else None
