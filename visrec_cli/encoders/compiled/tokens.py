"""Texts as tokens, no more than the model takes: a long text needs no more memory than a short one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from visrec_cli.encoders.base import in_groups
from visrec_cli.encoders.compiled.inference_sessions import Array

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

PARTS = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}
"""Inputs of a model, and their names in an Encoding."""
_A_TOKEN = 16  # characters: longer than nearly all tokens, so that the first attempt is usually enough


@dataclass(frozen=True)
class Tokens:
    """Tokens of one text.

    Attributes
    ----------
    arrays : Mapping[str, Array]
        Arrays by name of the model's input.
    over : bool
        Whether the text has more tokens.
    """

    arrays: Mapping[str, Array]
    over: bool

    def __len__(self) -> int:
        return len(self.arrays["input_ids"])


def tokens_of(tokenizer: "Tokenizer", texts: Sequence[str]) -> list[Tokens]:
    """Tokenize texts, up to the tokenizer's truncation.

    If tokens do not depend on what follows the next space, only the beginning of a long text is tokenized.

    Parameters
    ----------
    tokenizer : "Tokenizer"
        The tokenizer.
    texts : Sequence[str]
        The texts.

    Returns
    -------
    list[Tokens]
        The tokens of each text.
    """
    truncation = tokenizer.truncation
    start = _A_TOKEN * truncation["max_length"] if truncation and _word_by_word(tokenizer) else None
    found: dict[int, Tokens] = {}
    pending: Sequence[int] = range(len(texts))
    while pending:
        longer: list[int] = []
        heads = (_head(texts[row], start) for row in pending)
        for row, (head, one) in zip(pending, _encoded(tokenizer, heads), strict=True):
            if not one.over and len(head) < len(texts[row]):
                longer.append(row)  # its words are long, and the model takes more of the text
            else:
                found[row] = one
        pending, start = longer, start and 8 * start
    return [found[row] for row in range(len(texts))]


def _word_by_word(tokenizer: "Tokenizer") -> bool:
    """Whether the tokenizer splits at spaces before anything else, as BERT's does."""
    kinds = [type(part).__name__ for part in (tokenizer.normalizer, tokenizer.pre_tokenizer, tokenizer.model)]
    return kinds[0] in ("BertNormalizer", "NoneType") and kinds[1:] == ["BertPreTokenizer", "WordPiece"]


def _head(text: str, characters: int | None) -> str:
    """The text up to the last space within this number of characters, or all of it if there is none."""
    if characters is None or len(text) <= characters:
        return text
    space = text.rfind(" ", 0, characters)
    return text[:space] if space > 0 else text


def _encoded(tokenizer: "Tokenizer", texts: Iterator[str]) -> Iterator[tuple[str, Tokens]]:
    for group in in_groups(texts):
        for text, one in zip(group, tokenizer.encode_batch(group), strict=True):
            yield text, _first(one)


def _first(one: "Encoding") -> Tokens:
    arrays = {name: np.array(getattr(one, part), np.int64) for name, part in PARTS.items()}
    return Tokens(arrays, over=bool(one.overflowing))
