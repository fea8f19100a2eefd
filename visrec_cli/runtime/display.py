"""Formatting of names, counts and sizes for messages."""

import unicodedata

_BIDI = {*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A)), "\u200e", "\u200f", "\u061c"}


LONGEST = 4000
"""Characters of a message: an id or a name of a megabyte is not read at a terminal."""


def shortened(text: str) -> str:
    """The text, of a long one the beginning."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} … ({len(text) - LONGEST:,} more characters)"


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


def sized(n: int) -> str:
    """``12 bytes``, ``4.2 kB``, ``1.5 GB``: three digits, units of a thousand."""
    size, unit = float(n), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < 999.5:
            break
        size, unit = size / 1000, larger
    return f"{size:.0f} {unit}" if unit == "bytes" or size >= 99.95 else f"{size:.1f} {unit}"
