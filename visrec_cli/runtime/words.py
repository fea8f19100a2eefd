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
    """``1 picture``, ``2 pictures``: nouns come in the plural, the head noun is the first word."""
    if n == 1:
        head, _, rest = noun.partition(" ")
        head = f"{head[:-3]}y" if head.endswith("ies") else head[:-1] if head.endswith("s") else head
        noun = f"{head} {rest}".strip()
    return f"{n:,} {noun}"
