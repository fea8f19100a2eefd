"""Base classes of encoders; ``tests/contracts/encoder_suite.py`` holds each of them to it.

An encoder owns its preprocessing: ``prepare`` turns one picture into whatever ``encode`` eats, in the threads that
decode, so that the model waits for nothing but itself. Vectors come out L2-normalised unless asked otherwise.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from visrec_cli.errors import UsageError
from visrec_cli.tables.spaces import Space
from visrec_cli.tables.vectors import unit_rows

if TYPE_CHECKING:
    from PIL.Image import Image

Vectors = npt.NDArray[np.float32]
Prepared = npt.NDArray[Any]
_TOGETHER = 1 << 20  # characters that are in a tokenizer at once


class Label(NamedTuple):
    """A class that the encoder's own classifier recognised; ``score`` is its softmax probability."""

    label: str
    score: float


class Encoder(ABC):
    """Common to picture and text encoders.

    spec: the name that opens this encoder again, such as ``lite0`` or ``timm:resnet50``.
    space: what its vectors mean; two encoders with equal spaces make comparable vectors.
    engine: what computes them, with version and arithmetic: equal engines give equal vectors, others may differ in
    the last digits. "" where nobody can say, and then they are not kept for the next run.
    alone: a vector depends on nothing but its own picture or text, to the last bit, and ``encode`` may be called by
    several threads at once. example: of what follows the name and a colon in a spec, "" where nothing does (read of
    plug-ins; encoders.factory knows it of the built-in ones).
    """

    example: ClassVar[str] = ""
    spec: str
    space: Space
    engine: str = ""
    alone: bool = False

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        return self.space.dimension

    def finish(self, raw: Prepared) -> Vectors:
        """Raw (n, d) features as float32, of length 1 where the space says so."""
        vectors = np.ascontiguousarray(raw, dtype=np.float32)
        return unit_rows(vectors) if self.space.normalised else vectors


class ImageEncoder(Encoder):
    """Turns pictures into vectors.

    classes: names of what its classifier knows, None without one. batch_size: how many pictures at a time suit it here.
    scaled_to: pixels of the shorter side below which a JPEG must not be decoded; None wants every picture whole.
    in_flight: how many batches should be on their way to keep its device busy. Its pictures are converted from their
    colour profiles to sRGB where its space says so; ``open_image_encoder`` sees to it (tables.compatibility).
    """

    classes: Sequence[str] | None = None
    batch_size: int = 32
    scaled_to: int | None = None
    in_flight: int = 1

    @abstractmethod
    def prepare(self, picture: "Image") -> Prepared:
        """One RGB picture of any size as the array that ``encode`` takes. Thread-safe: called from several threads."""

    @abstractmethod
    def encode(self, batch: Sequence[Prepared]) -> Vectors:
        """n prepared pictures → (n, d) float32. Raises DeviceMemoryError when the device cannot hold the batch."""

    def recognise(self, batch: Sequence[Prepared], k: int) -> tuple[Vectors, list[list[Label]]]:
        """Vectors and the k likeliest of ``classes`` of each picture, from one pass through the model.

        Raises UsageError where the encoder has no classifier.
        """
        self.require_classes()
        raise NotImplementedError(f"{type(self).__name__} has classes and does not recognise them")

    def require_classes(self) -> None:
        """Raise UsageError unless this encoder can name what it sees."""
        if not self.classes:
            raise UsageError(
                f"the encoder '{self.spec}' has no classifier, so it cannot classify pictures",
                fix="leave out --labels, or use an encoder that was trained to classify, such as lite0",
            )


class TextEncoder(Encoder):
    """Turns texts into vectors.

    token_limit: how many tokens of a text the model reads; the rest is cut. queries_differ: whether ``encode_query``
    may give another vector than ``encode``.
    """

    token_limit: int
    queries_differ: bool = True

    @abstractmethod
    def encode(self, texts: Sequence[str], *, batch_size: int = 32) -> Vectors:
        """n texts → (n, d) float32. Raises DeviceMemoryError when the device cannot hold a batch."""

    def encode_query(self, texts: Sequence[str]) -> Vectors:
        """Like ``encode``, for questions: some models want another prompt before those than before documents."""
        return self.encode(texts)

    @abstractmethod
    def cut(self, texts: Sequence[str]) -> list[bool]:
        """Which of the texts are longer than ``token_limit``."""


def over_limit(texts: Sequence[str], limit: int, count: Callable[[Sequence[str]], list[int]]) -> list[bool]:
    """Which texts have more than ``limit`` tokens. count: tokens of each text, of at least ``limit`` + 1 if cut.

    No text has more tokens than bytes, so most need not be counted (two tokens mark its start and end).
    """
    long = [row for row, text in enumerate(texts) if len(text.encode("utf-8", "surrogatepass")) + 2 > limit]
    over = [False] * len(texts)
    counts = (tokens for group in in_groups(texts[row] for row in long) for tokens in count(group))
    for row, tokens in zip(long, counts, strict=True):
        over[row] = tokens > limit
    return over


def in_groups(texts: Iterable[str]) -> Iterator[list[str]]:
    """The texts in their order, not many characters at once: a tokenizer makes some hundred bytes of each."""
    group: list[str] = []
    size = 0
    for text in texts:
        if group and size + len(text) > _TOGETHER:
            yield group
            group, size = [], 0
        group.append(text)
        size += len(text)
    if group:
        yield group
