"""Picture models of timm, compiled: lite0, ``timm:`` and ``file:``."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from visrec_cli.encoders.base import ImageEncoder, Label, Prepared, Vectors
from visrec_cli.encoders.compiled.inference_sessions import Session, engine_name, open_session
from visrec_cli.encoders.compiled.manifest import MODEL, ModelManifest, keep_manifest, status_of, whole

if TYPE_CHECKING:
    from PIL.Image import Image

    from visrec_cli.encoders.compiled.onnx_export import ExportDrift
    from visrec_cli.encoders.frame import Framing
    from visrec_cli.encoders.torch_images import TorchImageEncoder

_SIZES = ((300, 200), (224, 224), (91, 160), (640, 481))  # sizes of the pictures that a model is checked with
_PICTURES = 16
_UNFRAMED = "its preprocessing is not supported"


class SessionImageEncoder(ImageEncoder):
    """A model that a session runs, one picture at a time: a vector does not depend on other pictures."""

    alone = True

    def session(self) -> Session:
        """The session. Safe to call from several threads."""
        raise NotImplementedError

    @cached_property
    def framing(self) -> "Framing":
        """How pictures are resized and cropped."""
        raise NotImplementedError

    def prepare(self, picture: "Image") -> Prepared:
        """The framed picture, (height, width, 3) uint8."""
        return self.framing(picture)

    def encode(self, batch: Sequence[Prepared]) -> Vectors:
        """See ImageEncoder."""
        session = self.session()
        return self.finish(np.concatenate([session.run({"pixels": one[None]})[0] for one in batch]))

    def recognise(self, batch: Sequence[Prepared], k: int) -> tuple[Vectors, list[list[Label]]]:
        """See ImageEncoder."""
        self.require_classes()
        names, session = self.classes or (), self.session()
        pairs = [session.run({"pixels": one[None]}) for one in batch]
        best = [np.argsort(-scores[0], kind="stable")[:k] for _, scores in pairs]
        labels = [
            [Label(names[i], float(scores[0][i])) for i in rows] for rows, (_, scores) in zip(best, pairs, strict=True)
        ]
        return self.finish(np.concatenate([vectors for vectors, _ in pairs])), labels


class CompiledImageEncoder(SessionImageEncoder):
    """A cached model. It is opened for the first picture, and not at all if all vectors are in the cache.

    Parameters
    ----------
    manifest : ModelManifest
        Manifest of the model.
    engine : str
        "onnx", "openvino" or "openvino-bf16".
    recompile : Callable[[], ModelManifest]
        Compiles the model again, if the cached file is damaged.
    normalise : bool, default=True
        Whether vectors have length 1.
    """

    def __init__(
        self, manifest: ModelManifest, engine: str, recompile: Callable[[], ModelManifest], *, normalise: bool = True
    ) -> None:
        self.spec, self.classes, self._manifest, self._name, self._again = (
            manifest.spec,
            manifest.classes,
            manifest,
            engine,
            recompile,
        )
        self.space = replace(manifest.space, normalised=normalise)
        self.engine = engine_name(engine)
        self.scaled_to = self.space.preprocessing.get("scaled_to")
        self._opening = threading.Lock()

    @cached_property
    def framing(self) -> "Framing":
        """See SessionImageEncoder."""
        from visrec_cli.encoders.frame import Framing

        return Framing(**(self._manifest.framing or {}))

    @cached_property
    def _opened(self) -> Session:
        self._manifest = whole(self._manifest, self._again)
        return open_session(self._manifest.model, self._name)

    def session(self) -> Session:
        """See SessionImageEncoder."""
        with self._opening:  # several threads may start with their first picture at once
            return self._opened


def compile_images(plain: "TorchImageEncoder") -> ModelManifest:
    """Compile and cache an encoder.

    If it cannot be compiled (``Uncompilable``), a manifest that says so is cached.

    Parameters
    ----------
    plain : "TorchImageEncoder"
        The encoder, open in torch on the CPU.

    Returns
    -------
    ModelManifest
        The manifest.

    Raises
    ------
    OSError
        If the cache cannot be written.
    """
    from visrec_cli.encoders.compiled.onnx_export import Uncompilable

    manifest = ModelManifest(plain.spec, replace(plain.space, normalised=True), status_of(plain.files))
    try:
        if plain.framing is None:
            raise Uncompilable(_UNFRAMED)
        found: dict[str, float] = {}
        manifest = replace(
            manifest,
            framing=plain.framing.to_dict(),
            classes=list(plain.classes) if plain.classes else None,
            drift=found,  # filled when the model is written
        )
        return keep_manifest("image", manifest, lambda folder: found.update(vars(write_images(plain, folder / MODEL))))
    except Uncompilable as error:
        return keep_manifest("image", replace(manifest, refused=str(error)), None)


def write_images(plain: "TorchImageEncoder", path: Path) -> "ExportDrift":
    """Write an encoder as a model for onnxruntime.

    Its input is ``pixels``, (n, height, width, 3) uint8 framed pictures; its outputs are ``vectors`` and, if there is a
    classifier, ``classes``.

    Parameters
    ----------
    plain : "TorchImageEncoder"
        The encoder, open in torch on the CPU.
    path : Path
        The file.

    Returns
    -------
    ExportDrift
        The difference between its vectors and torch's.

    Raises
    ------
    Uncompilable
        If it cannot be exported, or differs too much.
    """
    import torch

    from visrec_cli.encoders.compiled.onnx_export import Uncompilable, checked, export

    if plain.framing is None:
        raise Uncompilable(_UNFRAMED)
    pictures = made_up_pictures()
    _check_framing(plain, pictures)
    batches = [{"pixels": plain.framing(picture)[None]} for picture in pictures]
    expected = plain.encode([plain.prepare(picture) for picture in pictures])
    outputs = ["vectors", *(["classes"] if plain.classes else [])]
    export(_from_bytes(plain), {"pixels": torch.from_numpy(batches[0]["pixels"].copy())}, outputs, [0], path)
    return checked(path, batches, expected)


def _from_bytes(plain: "TorchImageEncoder") -> Any:
    """The model with its preprocessing: bytes in, vectors and probabilities of classes out."""
    import torch

    mean, divisor = (torch.tensor(one, dtype=torch.float32).reshape(-1, 1, 1) for one in plain.statistics)
    model, has_classes = plain.model, bool(plain.classes)

    class FromBytes(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, pixels: Any) -> Any:
            trunk = self.model.forward_features((pixels.permute(0, 3, 1, 2).float() - mean) / divisor)
            vectors = self.model.forward_head(trunk, pre_logits=True)
            return (vectors, self.model.forward_head(trunk).softmax(dim=1)) if has_classes else vectors

    return FromBytes()


def _check_framing(plain: "TorchImageEncoder", pictures: Sequence["Image"]) -> None:
    """Raise Uncompilable unless the framing gives exactly the numbers of the model's own preprocessing."""
    import torch

    from visrec_cli.encoders.compiled.onnx_export import Uncompilable

    assert plain.framing is not None
    mean, divisor = (np.array(one, np.float32) for one in plain.statistics)
    for picture in pictures[: len(_SIZES)]:
        framed = ((plain.framing(picture).astype(np.float32) - mean) / divisor).transpose(2, 0, 1)
        prepared = torch.as_tensor(plain.to_device([plain.prepare(picture)]))[0].numpy()
        if framed.shape != prepared.shape or np.abs(framed - prepared).max() > 1e-4:
            raise Uncompilable(_UNFRAMED)


def made_up_pictures() -> "list[Image]":
    """Coloured noise of several grain sizes: no two pictures are similar, and none is in any catalogue."""
    from PIL import Image

    rng = np.random.default_rng(0)
    pictures = []
    for number in range(_PICTURES):
        grain = 2 + 3 * (number % 5)
        pixels = rng.integers(0, 256, (grain, grain, 3), dtype=np.uint8)
        pictures.append(Image.fromarray(pixels).resize(_SIZES[number % len(_SIZES)], Image.Resampling.BICUBIC))
    return pictures
