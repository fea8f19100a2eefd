"""Names of files and ids on their way to a terminal."""

import unicodedata

_BIDI = {*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A)), "\u200e", "\u200f", "\u061c"}


def printable(text: str) -> str:
    """The text with control characters, bidirectional controls and broken surrogates shown as escapes, not obeyed."""
    return "".join(_shown(c) for c in text)


def _shown(character: str) -> str:
    if unicodedata.category(character) in ("Cc", "Cs") or character in _BIDI:
        return character.encode("unicode_escape", "surrogatepass").decode()
    return character


def counted(n: int, noun: str) -> str:
    """``1 near duplicate``, ``2 near duplicates``: nouns come in the plural, whose word is the first to end in s."""
    if n == 1:
        words = noun.split(" ")
        head = next((i for i, word in enumerate(words) if word.endswith("s")), None)
        if head is not None:
            word = words[head]
            words[head] = f"{word[:-3]}y" if word.endswith("ies") else word[:-1]
        noun = " ".join(words)
    return f"{n:,} {noun}"
