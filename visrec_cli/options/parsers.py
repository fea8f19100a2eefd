"""Parsers of lists, weights, settings and sizes on the command line."""

import re
from collections.abc import Sequence

from visrec_cli.errors import UsageError


def listed(text: str | None) -> list[str] | None:
    """``A,B`` as a list; None stays None."""
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def weights(text: str, *, flag: str, example: str) -> dict[str, float]:
    """``NAME=NUMBER,…`` as a dict. Raises UsageError for anything else."""
    try:
        return {name.strip(): float(value) for name, value in (pair.split("=") for pair in text.split(",") if pair)}
    except ValueError as error:
        raise UsageError(f"{flag} '{text}' is not NAME=NUMBER,…", fix=f"{flag} {example}") from error


def settings_of(given: Sequence[str] | None) -> dict[str, str]:
    """``["a=1,b=2", "c=3"]`` as a dict. Raises UsageError for anything else, and for a name given twice."""
    settings: dict[str, str] = {}
    for pair in (pair for one in given or () for pair in one.split(",") if pair.strip()):
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not equals or not name or not value:
            raise UsageError(f"--set {pair!r} is not NAME=VALUE", fix="--set embedding_size=64")
        if name in settings:
            raise UsageError(f"--set gives {name} twice", fix="leave out one of them")
        settings[name] = value
    return settings


def bytes_of(text: str, *, flag: str) -> int:
    """``500MB``, ``1.5 GiB`` or plain bytes as a number. Raises UsageError for anything else."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(?:([kmgt])(i?))?b?\s*", text.lower())
    if found is None:
        raise UsageError(f"{flag} '{text}' is not a size", fix=f"{flag} 500MB, {flag} 2GB, or {flag} 1.5GiB")
    number, unit, binary = found.groups()
    power = " kmgt".index(unit or " ")
    return int(float(number) * (1024 if binary else 1000) ** power)
