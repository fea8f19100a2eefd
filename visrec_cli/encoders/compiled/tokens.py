"""Texts as tokens: of each no more than its model takes, so that a long text costs no more memory than a short one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from visrec_cli.encoders.base import in_groups
from visrec_cli.encoders.compiled.inference_sessions import Array

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

PARTS = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}
"""Inputs of a model, and what an Encoding calls them."""
_A_TOKEN = 16  # characters: longer than nearly all, so that the first look at a text is mostly enough


@dataclass(frozen=True)
class Tokens:
    """What a model takes of a text, by the names of its inputs, and whether the text has more."""

    arrays: Mapping[str, Array]
    over: bool

    def __len__(self) -> int:
        return len(self.arrays["input_ids"])


def tokens_of(tokenizer: "Tokenizer", texts: Sequence[str]) -> list[Tokens]:
    """The first tokens of each text, as many as the tokenizer's truncation leaves.

    Only the beginning of a long text is looked at where what follows a space cannot change the tokens before it.
    """
    truncation = tokenizer.truncation
    start = _A_TOKEN * truncation["max_length"] if truncation and _word_by_word(tokenizer) else None
    found: dict[int, Tokens] = {}
    waiting: Sequence[int] = range(len(texts))
    while waiting:
        again: list[int] = []
        heads = (_head(texts[row], start) for row in waiting)
        for row, (head, one) in zip(waiting, _encoded(tokenizer, heads), strict=True):
            if not one.over and len(head) < len(texts[row]):
                again.append(row)  # words so long that the model takes more of the text
            else:
                found[row] = one
        waiting, start = again, start and 8 * start
    return [found[row] for row in range(len(texts))]


def _word_by_word(tokenizer: "Tokenizer") -> bool:
    """Whether words are told apart by spaces before anything else is done, as in BERT and its kin."""
    kinds = [type(part).__name__ for part in (tokenizer.normalizer, tokenizer.pre_tokenizer, tokenizer.model)]
    return kinds[0] in ("BertNormalizer", "NoneType") and kinds[1:] == ["BertPreTokenizer", "WordPiece"]


def _head(text: str, characters: int | None) -> str:
    """The text up to the last space within so many characters; the whole of it where there is none."""
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
