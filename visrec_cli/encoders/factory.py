"""Opening of encoders by spec, such as ``lite0``, ``timm:resnet50`` or ``colour+hog``."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, cast

from visrec_cli.encoders.base import ImageEncoder, TextEncoder
from visrec_cli.encoders.compiled.engines import engine_for
from visrec_cli.encoders.compiled.manifest import ModelManifest, kept_manifest
from visrec_cli.errors import UnavailableError, UsageError, unknown
from visrec_cli.registry import IMAGE_ENCODER, REGISTRY, TEXT_ENCODER, all_names, find, has, names, plugin_of
from visrec_cli.runtime.device import pick_device
from visrec_cli.runtime.threads import usable_cores
from visrec_cli.tables.compatibility import with_profiles

HANDMADE = ("colour", "lbp", "hog")  # no weights, so no torch and no device either
COMPILED = ("lite0", "timm", "file")  # picture encoders that onnxruntime can run on a CPU
NAMED = {"image-encoder": {"timm": "resnet50", "st": "clip-ViT-B-32", "file": "model.safetensors?arch=resnet50",
                           "onnx": "model.onnx"},
         "text-encoder": {"st": "all-mpnet-base-v2"}}  # fmt: skip  # families that need a name after the colon


def open_image_encoder(
    spec: str = IMAGE_ENCODER,
    *,
    device: str = "auto",
    normalise: bool = True,
    precise: bool = False,
    engine: str = "auto",
    threads: int | None = None,
    profiles: bool = True,
) -> ImageEncoder:
    """Open a picture encoder.

    Parameters
    ----------
    spec : str, default=IMAGE_ENCODER
        Name of the encoder, such as ``lite0``, ``timm:resnet50`` or ``colour+hog``.
    device : str, default="auto"
        "auto", "cpu", "cuda", "mps" or another device of torch.
    normalise : bool, default=True
        Whether vectors have length 1.
    precise : bool, default=False
        Whether to decode in full size and compute in plain torch without half precision.
    engine : str, default="auto"
        One of ``compiled.engines.ENGINES``. On a CPU, models that can be compiled are compiled once and cached.
    threads : int | None, default=None
        Number of threads of a model in torch; a compiled one uses the threads of its callers. None for the default.
    profiles : bool, default=True
        Whether pictures are converted to sRGB; False is the space of the first release, which ignored profiles.

    Returns
    -------
    ImageEncoder
        The encoder.

    Raises
    ------
    UsageError
        If the name, the device or the engine is not known, or they cannot be combined.
    UnavailableError
        If the weights are not available.
    """
    encoder = _image_encoder(spec, device, engine, threads, normalise=normalise, precise=precise)
    encoder.space = with_profiles(encoder.space, followed=profiles)
    return encoder


def _image_encoder(
    spec: str, device: str, engine: str, threads: int | None, *, normalise: bool, precise: bool
) -> ImageEncoder:
    if spec.split("+")[0] in HANDMADE:
        return cast(ImageEncoder, find("image-encoder", spec.split("+")[0])(spec, normalise=normalise))
    if spec.partition(":")[0] == "onnx":
        return _exported(spec, device, engine, normalise=normalise, precise=precise)
    engine_name = engine_for(engine, device, precise=precise)

    def plain(device: str = device, normalise: bool = normalise) -> Any:
        return _open("image-encoder", spec, device, normalise, precise, threads)

    if _of_plugin("image-encoder", spec, engine) or engine_name == "torch" or not _compiles("image-encoder", spec):
        return cast(ImageEncoder, plain())
    from visrec_cli.encoders.compiled.images import CompiledImageEncoder, compile_images

    def recompile() -> ModelManifest:
        return compile_images(plain("cpu", True))

    manifest = _manifest("image", spec, recompile, engine)
    return (
        CompiledImageEncoder(manifest, engine_name, recompile, normalise=normalise)
        if manifest
        else cast(ImageEncoder, plain())
    )


def _exported(spec: str, device: str, engine: str, *, normalise: bool, precise: bool) -> ImageEncoder:
    """Open a file of export-encoder, whose precision is fixed, and which runs on the CPU."""
    check_spec("image-encoder", spec)
    if precise or engine == "torch":
        raise UsageError(
            f"'{spec}' is an exported model with fixed precision and engine",
            fix="leave out --precise and --engine, or use the encoder that it was made from",
        )
    engine_name = engine_for(engine, "cpu" if device == "auto" else device, precise=False)
    if engine_name == "torch":  # auto, with a GPU as the device
        raise UsageError(f"'{spec}' runs on the CPU", fix="--device cpu, or use the encoder that it was made from")
    found = find("image-encoder", "onnx")(spec.partition(":")[2], engine=engine_name, normalise=normalise)
    return cast(ImageEncoder, found)


def open_text_encoder(
    spec: str = TEXT_ENCODER,
    *,
    device: str = "auto",
    normalise: bool = True,
    precise: bool = False,
    engine: str = "auto",
    threads: int | None = None,
    profiles: bool = True,
) -> TextEncoder:
    """Open a text encoder.

    Parameters
    ----------
    spec : str, default=TEXT_ENCODER
        Name of the encoder, such as ``minilm`` or ``st:all-mpnet-base-v2``.
    device : str, default="auto"
        "auto", "cpu", "cuda", "mps" or another device of torch.
    normalise : bool, default=True
        Whether vectors have length 1.
    precise : bool, default=False
        Whether to compute in plain torch without half precision.
    engine : str, default="auto"
        One of ``compiled.engines.ENGINES``. On a CPU, models that can be compiled are compiled once and cached.
    threads : int | None, default=None
        Number of threads; None for all usable cores.
    profiles : bool, default=True
        For a model of pictures and texts, whether its space is that of pictures converted to sRGB.

    Returns
    -------
    TextEncoder
        The encoder.

    Raises
    ------
    UsageError
        If the name, the device or the engine is not known, or they cannot be combined.
    UnavailableError
        If the weights are not available.
    """
    encoder = _text_encoder(spec, device, engine, threads, normalise=normalise, precise=precise)
    if encoder.space.kind == "joint":
        encoder.space = with_profiles(encoder.space, followed=profiles)
    return encoder


def _text_encoder(
    spec: str, device: str, engine: str, threads: int | None, *, normalise: bool, precise: bool
) -> TextEncoder:
    engine_name = engine_for(engine, device, precise=precise)

    def plain(device: str = device, normalise: bool = normalise) -> Any:
        return _open("text-encoder", spec, device, normalise, precise, threads)

    check_spec("text-encoder", spec)
    if _of_plugin("text-encoder", spec, engine) or engine_name == "torch":
        return cast(TextEncoder, plain())
    from visrec_cli.encoders.compiled.texts import CompiledTextEncoder, compile_texts

    def recompile() -> ModelManifest:
        return compile_texts(plain("cpu", True))

    manifest = _manifest("text", spec, recompile, engine)
    if manifest is None:
        return cast(TextEncoder, plain())
    return CompiledTextEncoder(manifest, engine_name, recompile, threads=threads or usable_cores(), normalise=normalise)


def _manifest(kind: str, spec: str, recompile: Callable[[], ModelManifest], engine: str) -> ModelManifest | None:
    """The manifest of the cached model, or of the one that ``recompile()`` makes; None if the model stays in torch."""
    try:
        manifest = kept_manifest(kind, spec) or recompile()
    except OSError as error:
        refused: str | None = f"the cache cannot be written ({error})"
    else:
        refused = manifest.refused
        if not refused:
            return manifest
    if engine != "auto":
        raise UsageError(f"'{spec}' cannot be run by {engine}: {refused}", fix="leave out --engine, and torch runs it")
    return None


def _compiles(family: str, spec: str) -> bool:
    check_spec(family, spec)
    return spec.partition(":")[0] in COMPILED


def _of_plugin(family: str, spec: str, engine: str) -> bool:
    """Whether the encoder is a plug-in's. Raises UsageError if an engine is named: plug-ins compute by themselves."""
    name = spec.partition(":")[0]
    if name in REGISTRY[family]:
        return False
    plugin = plugin_of(family, name)
    if plugin is not None and engine != "auto":
        raise UsageError(f"{plugin} does not support {engine}", fix="leave out --engine")
    return plugin is not None


def check_spec(family: str, spec: str) -> None:
    """Check that an encoder exists, and that its spec has a name after the colon exactly if it needs one.

    Parameters
    ----------
    family : str
        "image-encoder" or "text-encoder".
    spec : str
        Spec of the encoder.

    Raises
    ------
    UsageError
        If it does not.
    """
    name, _, rest = spec.partition(":")  # at the first colon; the encoder reads what follows
    if not has(family, name):
        known = all_names(family)
        if name == spec and not get_close_matches(name, known):
            raise UsageError(
                f"unknown encoder '{spec}'",
                fix=f"one of {', '.join(known)}; a model of a library needs its prefix, such as st:{spec}"
                + (f" or timm:{spec}" if family == "image-encoder" else ""),
            )
        raise unknown(family.replace("-", " "), name, known)
    example = NAMED[family].get(name) if name in names(family) else find(family, name).example
    if bool(rest) != bool(example):
        fix = f"such as {name}:{example}" if example else f"use plain '{name}'"
        raise UsageError(f"the encoder '{spec}' {'names no model' if example else 'takes no name'}", fix=fix)


def _open(family: str, spec: str, device: str, normalise: bool, precise: bool, threads: int | None) -> object:
    """Open the plain encoder, in torch."""
    check_spec(family, spec)
    place = pick_device(device)
    if threads:
        import torch

        torch.set_num_threads(threads)
    name, _, rest = spec.partition(":")
    encoder = find(family, name)(rest, device=place, normalise=normalise, precise=precise)
    if name not in REGISTRY[family] and not encoder.spec == encoder.space.encoder == spec:
        raise UnavailableError(
            f"{plugin_of(family, name)} cannot be used: opened as '{spec}', its spec is '{encoder.spec}' and its "
            f"space's encoder is '{encoder.space.encoder}', so that its vectors could not be searched",
            fix="report it to its authors",
        )
    return encoder
