"""One word in two Unicode forms, é as one character (NFC) or as e and its accent (NFD): to a join they are two ids."""

import unicodedata
from collections.abc import Collection
from typing import Any, TypeAlias

import pyarrow as pa

from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report

Ids: TypeAlias = Collection[str] | Any  # or an array of Arrow's
FORM = "the Unicode form of letters (é as one character, or as two)"
"""How messages call the difference."""


def composed(text: str) -> str:
    """The text in the form that all writings of its letters share (NFC)."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def note_other_forms(unmatched: Ids, known: Ids, where: str, report: Report, *, noun: str = "items") -> None:
    """Say how many ids would be known but for their form, with one of them, and what to do; nothing where none would.

    unmatched: those that a join did not find, or more. where: of whose ids it speaks, and who lacks them. Ids in ASCII
    have one form, and cost no more than a look.
    """
    strange = _beyond_ascii(unmatched)
    if not strange:
        return
    known_forms = set(_beyond_ascii(known))
    written = {composed(one): one for one in known_forms}
    pairs = [(one, written[form]) for one in strange if one not in known_forms and (form := composed(one)) in written]
    if pairs:
        one, other = pairs[0]
        report.warn(
            f"{where}: {counted(len(pairs), noun)} would match but for {FORM}, as {one!r} ({one!a}, and {other!a}): "
            "they count as others; write them alike (with polars: pl.col('item_id').str.normalize('NFC'))"
        )


def _beyond_ascii(ids: Ids) -> list[str]:
    """Those ids, each once."""
    if isinstance(ids, pa.Array | pa.ChunkedArray):
        import pyarrow.compute as pc  # not needed by preprocess, which only composes

        found: list[str] = pc.unique(ids.filter(pc.invert(pc.string_is_ascii(ids)))).to_pylist()
        return found
    return list(dict.fromkeys(one for one in ids if not one.isascii()))
