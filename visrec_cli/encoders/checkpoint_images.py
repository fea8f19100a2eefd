"""A local checkpoint of a timm architecture: ``file:model.safetensors?arch=resnet50``.

Weights are read as data only: a checkpoint that needs code to load is refused.
"""

import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from visrec_cli.encoders.frame import Framing, Pixels, framing_from
from visrec_cli.encoders.framed_images import FramedImageEncoder
from visrec_cli.encoders.pickled import require_plain
from visrec_cli.encoders.timm_images import TimmImageEncoder, require_known
from visrec_cli.encoders.torch_images import TorchImageEncoder
from visrec_cli.errors import InputError, MissingInputError, UnpackedError, UsageError
from visrec_cli.runtime.decompression_limits import Unpacking
from visrec_cli.tables.documents import Origin
from visrec_cli.tables.failures import in_short

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Spread = Annotated[float, msgspec.Meta(gt=0, le=1)]


def open_checkpoint(rest: str, *, device: Any, normalise: bool = True, precise: bool = False) -> TorchImageEncoder:
    """Open a ``.safetensors`` or ``.pth`` file with weights of a timm architecture.

    A safetensors file may have these metadata, which ``train-encoder`` writes: ``arch``; as JSON lists ``mean``,
    ``std`` (from 0 to 1), ``input_size`` and ``classes``; ``framing`` as JSON (encoders.frame), which replaces timm's
    transform; and ``trained``, JSON about the training, which becomes part of the space.

    Parameters
    ----------
    rest : str
        The path, with ``?arch=NAME`` if the file does not name its architecture.
    device : Any
        Device of torch.
    normalise : bool, default=True
        Whether vectors have length 1.
    precise : bool, default=False
        Whether to decode in full size and compute without half precision.

    Returns
    -------
    TorchImageEncoder
        The encoder.

    Raises
    ------
    MissingInputError
        If the file does not exist.
    InputError
        If it cannot be read as weights, or they do not fit the architecture.
    UsageError
        If the architecture is missing or not known.
    """
    name, _, query = rest.partition("?arch=")
    path = Path(name).expanduser()
    if not path.is_file():
        raise MissingInputError(f"there is no checkpoint '{name}'", fix="name a local file: file:PATH?arch=NAME")
    metadata = _metadata(path)
    architecture = query or metadata.get("arch") or metadata.get("architecture")
    if not architecture:
        raise UsageError(
            f"'{name}' needs an architecture",
            fix=f"add it: --encoder 'file:{name}?arch=resnet50'",
        )
    require_known(architecture)
    spec_in_file = _spec_of(metadata, name)
    model = _load(path, architecture, spec_in_file.settings)
    kind = TransformedCheckpoint if spec_in_file.framing is None else FramedCheckpoint
    encoder = kind(model, f"file:{rest}", path, spec_in_file, device=device, normalise=normalise, precise=precise)
    if spec_in_file.classes and len(spec_in_file.classes) == model.num_classes:
        encoder.classes = spec_in_file.classes
    return encoder


@dataclass(frozen=True)
class CheckpointSpec:
    """Metadata of a checkpoint file.

    Attributes
    ----------
    settings : dict[str, Any], default=field(default_factory=dict)
        mean, std and input_size, as timm has them.
    framing : Framing | None, default=None
        How pictures are framed; None for timm's transform.
    classes : list[str] | None, default=None
        Names of the classes; None if not known.
    trained : dict[str, Any] | None, default=None
        Metadata of the training; None if not known.
    """

    settings: dict[str, Any] = field(default_factory=dict)
    framing: Framing | None = None
    classes: list[str] | None = None
    trained: dict[str, Any] | None = None


class TransformedCheckpoint(TimmImageEncoder):
    """A checkpoint whose pictures are prepared by timm's transform.

    Parameters
    ----------
    model : Any
        The timm model.
    spec : str
        The spec that opens it.
    path : Path
        The file.
    spec_in_file : CheckpointSpec
        Metadata of the file.
    **options : Any
        Options of ``TimmImageEncoder.use``.
    """

    def __init__(self, model: Any, spec: str, path: Path, spec_in_file: CheckpointSpec, **options: Any) -> None:
        self.use(model, spec, path, **options)


class FramedCheckpoint(FramedImageEncoder):
    """A checkpoint whose metadata say how pictures are framed.

    Parameters
    ----------
    model : Any
        The timm model.
    spec : str
        The spec that opens it.
    path : Path
        The file.
    spec_in_file : CheckpointSpec
        Metadata of the file.
    **options : Any
        Options of ``TorchImageEncoder``.
    """

    def __init__(self, model: Any, spec: str, path: Path, spec_in_file: CheckpointSpec, **options: Any) -> None:
        assert spec_in_file.framing is not None
        mean, divisor = ([round(255 * value, 6) for value in spec_in_file.settings[key]] for key in ("mean", "std"))
        preprocessing = {
            "decoder": "pillow",
            "framing": spec_in_file.framing.to_dict(),
            "mean": mean,
            "divisor": divisor,
        }
        if spec_in_file.trained:
            preprocessing["trained"] = spec_in_file.trained
        super().__init__(
            model, spec=spec, files=[path], preprocessing=preprocessing, framing=spec_in_file.framing,
            statistics=(mean, divisor), **options,
        )  # fmt: skip


class MetadataDocument(msgspec.Struct):
    """Metadata of a safetensors file, each value as JSON. Other keys belong to other programs.

    Attributes
    ----------
    mean : tuple[Share, Share, Share] | None, default=None
        Mean of each channel, from 0 to 1.
    std : tuple[Spread, Spread, Spread] | None, default=None
        Standard deviation of each channel, from 0 to 1.
    input_size : tuple[Literal[3], Pixels, Pixels] | None, default=None
        Channels, height and width.
    framing : dict[str, Any] | None, default=None
        See ``encoders.frame``.
    classes : list[str | int] | None, default=None
        Names of the classes.
    trained : dict[str, Any] | None, default=None
        Metadata of the training.
    """

    mean: tuple[Share, Share, Share] | None = None
    std: tuple[Spread, Spread, Spread] | None = None
    input_size: tuple[Literal[3], Pixels, Pixels] | None = None
    framing: dict[str, Any] | None = None
    classes: list[str | int] | None = None
    trained: dict[str, Any] | None = None


def _spec_of(metadata: dict[str, str], name: str) -> CheckpointSpec:
    """The metadata, validated. Raises InputError."""
    origin = Origin(f"the metadata of '{name}' cannot be used", fix="visrec train-encoder writes such a file")
    raw = {key: origin.json(text) for key, text in metadata.items() if key in MetadataDocument.__struct_fields__}
    spec_in_file = origin.typed(raw, MetadataDocument)
    settings = {
        key: value for key in ("mean", "std", "input_size") if (value := getattr(spec_in_file, key)) is not None
    }
    framing = None
    if spec_in_file.framing is not None and spec_in_file.mean is not None and spec_in_file.std is not None:
        framing = framing_from(spec_in_file.framing, origin, "framing")
    return CheckpointSpec(
        settings, framing, [str(one) for one in spec_in_file.classes or ()] or None, spec_in_file.trained or None
    )


def _load(path: Path, architecture: str, settings: dict[str, Any]) -> Any:
    """The architecture with exactly these weights. Raises InputError if they do not fit."""
    import timm
    from timm.models import load_state_dict

    size = path.stat().st_size
    counted = Unpacking(str(path), lambda: size, otherwise="or save the weights as safetensors")
    try:
        counted.require(_packed(path))
        if path.suffix != ".safetensors":  # timm goes by the suffix, too
            require_plain(path)
        state = dict(load_state_dict(str(path), device="cpu", weights_only=True))
        counted.require(sum(one.numel() * one.element_size() for one in state.values() if hasattr(one, "numel")))
    except (UnpackedError, InputError):
        raise
    except Exception as error:  # of pickle, zip, safetensors and torch: not weights, or not weights alone
        raise InputError(f"'{path}' cannot be read as weights: {in_short(error)[:120]}") from error
    classifier = timm.create_model(architecture, pretrained=False).default_cfg.get("classifier", "fc")
    head = state.get(f"{classifier}.weight") if isinstance(classifier, str) else None
    try:
        model = timm.create_model(
            architecture,
            pretrained=False,
            num_classes=len(head) if head is not None else 0,
            pretrained_cfg_overlay=settings,
        )
        model.load_state_dict(state, strict=True)
    except Exception as error:  # of timm and torch: impossible sizes, or weights that do not fit
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise InputError(
            f"the weights in '{path}' do not fit {architecture}: {' '.join(lines[1:2] or lines)[:160]}",
            fix="name the architecture that they were trained with: ?arch=NAME",
        ) from error
    return model


def _packed(path: Path) -> int:
    """Total size in bytes of the unpacked members of a zip, which a .pth file is; 0 for other files."""
    if not zipfile.is_zipfile(path):
        return 0
    with zipfile.ZipFile(path) as archive:
        return sum(one.file_size for one in archive.infolist())


def _metadata(path: Path) -> dict[str, str]:
    if path.suffix != ".safetensors":
        return {}
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as stream:
            return stream.metadata() or {}
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(f"'{path}' is not a safetensors file: {error}") from error
