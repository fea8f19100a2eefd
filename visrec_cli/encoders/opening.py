"""From a spec such as ``lite0``, ``timm:resnet50`` or ``colour+hog`` to an encoder that is ready."""

from difflib import get_close_matches
from typing import cast

from visrec_cli.catalogue import find, names
from visrec_cli.encoders.base import ImageEncoder, TextEncoder
from visrec_cli.errors import UsageProblem

HANDMADE = ("colour", "lbp", "hog")  # no weights, so no torch and no device either
NAMED = {"image-encoder": {"timm": "resnet50", "st": "clip-ViT-B-32", "file": "model.safetensors?arch=resnet50"},
         "text-encoder": {"st": "all-mpnet-base-v2"}}  # fmt: skip  # families that need a name after the colon


def open_image_encoder(
    spec: str = "lite0", *, device: str = "auto", normalise: bool = True, precise: bool = False
) -> ImageEncoder:
    """The picture encoder that ``spec`` names.

    device: auto, cpu, cuda, mps … normalise: vectors of length 1. precise: no half precision, also on a GPU.
    Raises UsageProblem for an unknown name or device, UnavailableError where weights cannot be had.
    """
    if spec.split("+")[0] in HANDMADE:
        return cast(ImageEncoder, find("image-encoder", spec.split("+")[0])(spec, normalise=normalise))
    return cast(ImageEncoder, _open("image-encoder", spec, device, normalise, precise))


def open_text_encoder(
    spec: str = "minilm", *, device: str = "auto", normalise: bool = True, precise: bool = False
) -> TextEncoder:
    """The text encoder that ``spec`` names; see open_image_encoder."""
    return cast(TextEncoder, _open("text-encoder", spec, device, normalise, precise))


def _open(family: str, spec: str, device: str, normalise: bool, precise: bool) -> object:
    name, _, rest = spec.partition(":")  # the first colon only: what follows is the family's own business
    if name == spec and name not in names(family) and not get_close_matches(name, names(family)):
        raise UsageProblem(
            f"unknown encoder '{spec}'",
            fix=f"one of {', '.join(names(family))}; a model of a library is named with it, such as st:{spec}"
            + (f" or timm:{spec}" if family == "image-encoder" else ""),
        )
    encoder = find(family, name)
    example = NAMED[family].get(name)
    if bool(rest) != bool(example):
        fix = f"such as {name}:{example}" if example else f"use plain '{name}'"
        raise UsageProblem(f"the encoder '{spec}' {'names no model' if example else 'takes no name'}", fix=fix)
    from visrec_cli.runtime.device import pick_device

    return encoder(rest, device=pick_device(device), normalise=normalise, precise=precise)
