"""Base classes of encoders; ``tests/contracts/encoder_suite.py`` tests each of them.

An encoder owns its preprocessing: ``prepare`` turns one picture into the input of ``encode``, in the threads that
decode, so that the model never waits for preprocessing. Vectors have length 1 unless requested otherwise.
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
_TOGETHER = 1 << 20  # characters that are passed to a tokenizer at a time


class Label(NamedTuple):
    """A class that the encoder's own classifier recognised.

    Attributes
    ----------
    label : str
        Name of the class.
    score : float
        Its softmax probability.
    """

    label: str
    score: float


class Encoder(ABC):
    """Base class of picture and text encoders.

    Attributes
    ----------
    example : ClassVar[str], default=""
        What may follow the name and a colon in a spec; "" if nothing does. Read from plug-ins; encoders.factory knows
        it for the built-in ones.
    spec : str
        The spec that opens this encoder again, such as ``lite0`` or ``timm:resnet50``.
    space : Space
        Embedding space of its vectors; two encoders with equal spaces make comparable vectors.
    engine : str, default=""
        What computes the vectors, with version and arithmetic. Equal engines give equal vectors; others may differ in
        the last digits. "" if not known; then vectors are not cached.
    alone : bool, default=False
        Whether a vector depends on its own picture or text alone, to the last bit, and ``encode`` may be called by
        several threads at once.
    """

    example: ClassVar[str] = ""
    spec: str
    space: Space
    engine: str = ""
    alone: bool = False

    @property
    def dimension(self) -> int:
        """Number of dimensions of a vector."""
        return self.space.dimension

    def finish(self, raw: Prepared) -> Vectors:
        """Convert the model's output to vectors.

        Parameters
        ----------
        raw : Prepared
            (n, d) features.

        Returns
        -------
        Vectors
            (n, d) float32, rows of length 1 if the space says so.
        """
        vectors = np.ascontiguousarray(raw, dtype=np.float32)
        return unit_rows(vectors) if self.space.normalised else vectors


class ImageEncoder(Encoder):
    """Base class of encoders that turn pictures into vectors.

    Pictures are converted from their colour profiles to sRGB if the space says so; ``open_image_encoder`` takes care of
    it (tables.compatibility).

    Attributes
    ----------
    classes : Sequence[str] | None, default=None
        Names of the classes of its classifier; None if it has none.
    batch_size : int, default=32
        Number of pictures per batch that suits the model on its device.
    scaled_to : int | None, default=None
        Shorter side in pixels below which a JPEG must not be decoded; None to decode every picture in full size.
    in_flight : int, default=1
        Number of batches to have in flight to keep the device busy.
    """

    classes: Sequence[str] | None = None
    batch_size: int = 32
    scaled_to: int | None = None
    in_flight: int = 1

    @abstractmethod
    def prepare(self, picture: "Image") -> Prepared:
        """Turn a picture into the input of ``encode``. Called from several threads at once.

        Parameters
        ----------
        picture : "Image"
            RGB picture of any size.

        Returns
        -------
        Prepared
            The prepared picture.
        """

    @abstractmethod
    def encode(self, batch: Sequence[Prepared]) -> Vectors:
        """Compute the vectors of pictures.

        Parameters
        ----------
        batch : Sequence[Prepared]
            n prepared pictures.

        Returns
        -------
        Vectors
            (n, d) float32.

        Raises
        ------
        DeviceMemoryError
            If the batch does not fit into the device's memory.
        """

    def recognise(self, batch: Sequence[Prepared], k: int) -> tuple[Vectors, list[list[Label]]]:
        """Compute vectors and the likeliest classes of pictures, in one pass through the model.

        Parameters
        ----------
        batch : Sequence[Prepared]
            n prepared pictures.
        k : int
            Number of classes per picture.

        Returns
        -------
        tuple[Vectors, list[list[Label]]]
            (n, d) float32 vectors, and for each picture at most k classes, likeliest first.

        Raises
        ------
        DeviceMemoryError
            If the batch does not fit into the device's memory.
        UsageError
            If the encoder has no classifier.
        """
        self.require_classes()
        raise NotImplementedError(f"{type(self).__name__} has classes but does not implement recognise()")

    def require_classes(self) -> None:
        """Check that the encoder has a classifier.

        Raises
        ------
        UsageError
            If it has none.
        """
        if not self.classes:
            raise UsageError(
                f"the encoder '{self.spec}' has no classifier, so it cannot classify pictures",
                fix="leave out --labels, or use an encoder that was trained to classify, such as lite0",
            )


class TextEncoder(Encoder):
    """Base class of encoders that turn texts into vectors.

    Attributes
    ----------
    token_limit : int
        Number of tokens of a text that the model reads; the rest is cut.
    queries_differ : bool, default=True
        Whether ``encode_query`` may give another vector than ``encode``.
    """

    token_limit: int
    queries_differ: bool = True

    @abstractmethod
    def encode(self, texts: Sequence[str], *, batch_size: int = 32) -> Vectors:
        """Compute the vectors of texts.

        Parameters
        ----------
        texts : Sequence[str]
            n texts.
        batch_size : int, default=32
            Number of texts per batch.

        Returns
        -------
        Vectors
            (n, d) float32.

        Raises
        ------
        DeviceMemoryError
            If a batch does not fit into the device's memory.
        """

    def encode_query(self, texts: Sequence[str]) -> Vectors:
        """Compute the vectors of queries, for which some models use another prompt than for documents.

        Parameters
        ----------
        texts : Sequence[str]
            n texts.

        Returns
        -------
        Vectors
            (n, d) float32.

        Raises
        ------
        DeviceMemoryError
            If a batch does not fit into the device's memory.
        """
        return self.encode(texts)

    @abstractmethod
    def cut(self, texts: Sequence[str]) -> list[bool]:
        """Tell which texts are longer than the model reads.

        Parameters
        ----------
        texts : Sequence[str]
            n texts.

        Returns
        -------
        list[bool]
            For each text, whether it has more than ``token_limit`` tokens.
        """


def over_limit(texts: Sequence[str], limit: int, count: Callable[[Sequence[str]], list[int]]) -> list[bool]:
    """Tell which texts have more than a number of tokens.

    A text has no more tokens than bytes (and two tokens for its start and end), so that most need not be counted.

    Parameters
    ----------
    texts : Sequence[str]
        n texts.
    limit : int
        Largest number of tokens.
    count : Callable[[Sequence[str]], list[int]]
        Counts the tokens of texts; may stop at ``limit`` + 1.

    Returns
    -------
    list[bool]
        For each text, whether it has more.
    """
    long = [row for row, text in enumerate(texts) if len(text.encode("utf-8", "surrogatepass")) + 2 > limit]
    over = [False] * len(texts)
    counts = (tokens for group in in_groups(texts[row] for row in long) for tokens in count(group))
    for row, tokens in zip(long, counts, strict=True):
        over[row] = tokens > limit
    return over


def in_groups(texts: Iterable[str]) -> Iterator[list[str]]:
    """Group texts, in their order, so that a tokenizer does not get too many characters at once.

    A tokenizer needs about a hundred bytes of memory for each character.

    Parameters
    ----------
    texts : Iterable[str]
        The texts.

    Yields
    ------
    list[str]
        A group of texts.
    """
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
