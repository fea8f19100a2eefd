"""A local checkpoint of a timm architecture: ``file:model.safetensors?arch=resnet50``.

Weights are read as data only: a checkpoint that needs code to load is refused, not run.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from visrec_cli.encoders.framed_images import FramedImageEncoder
from visrec_cli.encoders.framing import Framing
from visrec_cli.encoders.timm_images import TimmImageEncoder, require_known
from visrec_cli.encoders.torch_images import TorchImageEncoder
from visrec_cli.errors import InputError, MissingInputError, UsageProblem


def open_checkpoint(rest: str, *, device: Any, normalise: bool = True, precise: bool = False) -> TorchImageEncoder:
    """Weights from a ``.safetensors`` or ``.pth`` file; the architecture from ``?arch=`` or the file's own metadata.

    A safetensors file may say in its metadata: ``arch``; as JSON lists ``mean``, ``std`` (of 0 to 1), ``input_size``
    and ``classes``; ``framing`` as JSON (encoders.framing), then pictures are framed so and not by timm's transform;
    and ``trained``, JSON about what it was made from, which becomes part of the space. ``train-encoder`` writes all.
    """
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
    told = _told(metadata, name)
    model = _load(path, architecture, told.settings)
    kind = TransformedCheckpoint if told.framing is None else FramedCheckpoint
    found = kind(model, f"file:{rest}", path, told, device=device, normalise=normalise, precise=precise)
    if told.classes and len(told.classes) == model.num_classes:
        found.classes = told.classes
    return found


@dataclass(frozen=True)
class Told:
    """What the metadata of a file say. settings: mean, std and input_size, as timm has them."""

    settings: dict[str, Any] = field(default_factory=dict)
    framing: Framing | None = None
    classes: list[str] | None = None
    trained: dict[str, Any] | None = None


class TransformedCheckpoint(TimmImageEncoder):
    """A checkpoint whose pictures timm prepares."""

    def __init__(self, model: Any, spec: str, path: Path, told: Told, **options: Any) -> None:
        self.use(model, spec, path, **options)


class FramedCheckpoint(FramedImageEncoder):
    """A checkpoint that says how pictures are framed."""

    def __init__(self, model: Any, spec: str, path: Path, told: Told, **options: Any) -> None:
        assert told.framing is not None
        mean, divisor = ([round(255 * value, 6) for value in told.settings[key]] for key in ("mean", "std"))
        preprocessing = {"decoder": "pillow", "framing": told.framing.to_dict(), "mean": mean, "divisor": divisor}
        if told.trained:
            preprocessing["trained"] = told.trained
        super().__init__(
            model, spec=spec, files=[path], preprocessing=preprocessing, framing=told.framing,
            statistics=(mean, divisor), **options,
        )  # fmt: skip


def _told(metadata: dict[str, str], name: str) -> Told:
    try:
        settings: dict[str, Any] = {
            key: tuple(json.loads(metadata[key])) for key in ("mean", "std", "input_size") if key in metadata
        }
        raw = {key: json.loads(metadata[key]) for key in ("framing", "classes", "trained") if key in metadata}
        framing = Framing(**raw["framing"]) if "framing" in raw and {"mean", "std"} <= settings.keys() else None
        classes = [str(one) for one in raw["classes"]] if raw.get("classes") else None
        return Told(settings, framing, classes, dict(raw["trained"]) if raw.get("trained") else None)
    except (ValueError, TypeError) as error:
        raise InputError(f"the metadata of '{name}' are not JSON lists: {error}") from error


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
