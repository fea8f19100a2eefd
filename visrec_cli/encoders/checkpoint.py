"""A local checkpoint of a timm architecture: ``file:model.safetensors?arch=resnet50``.

Weights are read as data only: a checkpoint that needs code to load is refused, not run.
"""

import json
from pathlib import Path
from typing import Any

from visrec_cli.encoders.timm_images import TimmImageEncoder, require_known
from visrec_cli.errors import InputError, MissingInputError, UsageProblem


class CheckpointImageEncoder(TimmImageEncoder):
    """Weights from a ``.safetensors`` or ``.pth`` file; the architecture from ``?arch=`` or the file's own metadata.

    A safetensors file may say ``arch`` and, as JSON lists, ``mean``, ``std`` and ``input_size`` in its metadata.
    """

    def __init__(self, rest: str, *, device: Any, normalise: bool = True, precise: bool = False) -> None:
        name, _, query = rest.partition("?arch=")
        path = Path(name).expanduser()
        if not path.is_file():
            raise MissingInputError(f"there is no checkpoint '{name}'", fix="file:PATH?arch=NAME names a local file")
        metadata = _metadata(path)
        architecture = query or metadata.get("arch") or metadata.get("architecture")
        if not architecture:
            raise UsageProblem(
                f"'{name}' does not say which architecture it is for",
                fix=f"add it: --encoder 'file:{name}?arch=resnet50'",
            )
        require_known(architecture)
        model = _load(path, architecture, _settings(metadata, name))
        self.use(model, f"file:{rest}", path, device=device, normalise=normalise, precise=precise)


def _load(path: Path, architecture: str, settings: dict[str, Any]) -> Any:
    """The architecture with exactly these weights; InputError where they do not fit."""
    import timm
    from timm.models import load_state_dict

    try:
        state = load_state_dict(str(path), device="cpu", weights_only=True)
    except Exception as error:  # pickle, zip, safetensors and torch errors: not weights, or not only weights
        raise InputError(f"'{path}' cannot be read as weights: {str(error).splitlines()[0][:120]}") from error
    classifier = timm.create_model(architecture, pretrained=False).default_cfg.get("classifier", "fc")
    head = state.get(f"{classifier}.weight") if isinstance(classifier, str) else None
    model = timm.create_model(
        architecture,
        pretrained=False,
        num_classes=len(head) if head is not None else 0,
        pretrained_cfg_overlay=settings,
    )
    try:
        model.load_state_dict(state, strict=True)
    except RuntimeError as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise InputError(
            f"the weights in '{path}' do not fit {architecture}: {' '.join(lines[1:2])[:160]}",
            fix="name the architecture that they were trained with: ?arch=NAME",
        ) from error
    return model


def _metadata(path: Path) -> dict[str, str]:
    if path.suffix != ".safetensors":
        return {}
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as stream:
            return stream.metadata() or {}
    except SafetensorError as error:
        raise InputError(f"'{path}' is not a safetensors file: {error}") from error


def _settings(metadata: dict[str, str], name: str) -> dict[str, Any]:
    try:
        return {key: tuple(json.loads(metadata[key])) for key in ("mean", "std", "input_size") if key in metadata}
    except (ValueError, TypeError) as error:
        raise InputError(f"the metadata of '{name}' are not JSON lists: {error}") from error
