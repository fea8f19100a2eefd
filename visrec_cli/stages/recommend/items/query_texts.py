"""Query texts of ``--text`` and ``--texts``."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, cast

import pyarrow as pa

from visrec_cli.embedding.cache_lookup import CacheLookup
from visrec_cli.embedding.text_run import TextWork
from visrec_cli.errors import InputError, MissingInputError, UsageError
from visrec_cli.items.catalogue_items import CatalogueItems
from visrec_cli.options.types import Cache
from visrec_cli.runtime.report import Report
from visrec_cli.runtime.standard_streams import standard_input
from visrec_cli.stages.recommend.items.queries import Query, text_queries
from visrec_cli.stages.recommend.items.query_encoder import text_encoder
from visrec_cli.stages.recommend.items.query_vectors import query_vectors, unit_queries
from visrec_cli.tables.ids import as_ids, plain_name
from visrec_cli.tables.readers import Tabular, is_path, name_of, open_table
from visrec_cli.tables.spaces import Space
from visrec_cli.tables.text_codec import lines_of
from visrec_cli.tables.vectors import Matrix

TEXTS = ("text", "query", "query_text", "sentence", "words", "title", "name")
IDS = ("query_id", "id", "item_id")
_ENDINGS = {".csv", ".tsv", ".ndjson", ".jsonl", ".json", ".parquet", ".arrow", ".arrows", ".feather", ".npy"}
_BINARY = (b"ARROW1", b"PAR1", b"\xff\xff\xff\xff", b"\x93NUMPY", b"{", b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
_BATCH = 32


class Sentence(NamedTuple):
    """One question in words, and what it is called in the answers."""

    query_id: str
    text: str


def sentences(texts: Sequence[str], listed: Tabular | None, report: Report) -> list[Sentence]:
    """The questions in words, each once, in order. listed: a file of them, a table, or ``-`` for stdin.

    A file has one question per line; or it is a table with a column ``text`` or ``query`` and perhaps one of ids, by
    which its questions are then called. Empty ones are left out and counted, and so are those that were there before.
    Raises InputError where none is left, and where one id means two texts.
    """
    if any(not text.strip() for text in texts):
        raise UsageError("--text is empty", fix='--text "red dress"')
    asked = [Sentence(text, text) for text in dict.fromkeys(texts)]
    if listed is None:
        return asked
    found = _listed(listed, report)
    if not found:
        raise InputError(f"{name_of(listed)} has no texts", fix="write one per line, or a table with a column 'text'")
    known: dict[str, str] = {}
    for one in (*asked, *found):
        before = known.setdefault(one.query_id, one.text)
        if before != one.text:
            raise InputError(
                f"{name_of(listed)}: the id {one.query_id!r} stands for two texts, {before!r} and {one.text!r}",
                fix="give each its own id",
            )
    report.count("texts asked again", len(asked) + len(found) - len(known))
    return [Sentence(*pair) for pair in known.items()]


def sentence_queries(catalogue: CatalogueItems, asked: Sequence[Sentence], cache: Cache, report: Report) -> list[Query]:
    """One query per sentence. What embed-text has embedded is not computed again; cache: see there."""

    def vectors(space: Space) -> Matrix:
        encoder = text_encoder(space)
        lookup = CacheLookup(encoder, cache, report, variety=" query" if encoder.queries_differ else "")
        try:
            return TextWork(encoder, lookup, _BATCH, report, queries=True).vectors([one.text for one in asked])
        finally:
            lookup.close()

    found = query_vectors(catalogue.space, catalogue.column, catalogue.vectors.shape[1], "texts", vectors)
    texts = [one.text for one in asked]
    return text_queries(
        [one.query_id for one in asked], texts, unit_queries(found, [f"text {text!r}" for text in texts])
    )


def _listed(source: Tabular, report: Report) -> list[Sentence]:
    if is_path(source):
        head = _head(source)
        if not (_is_binary(head) or Path(str(source)).suffix.lower() in _ENDINGS or _is_header(head)):
            return _lines(source, report)
    return _rows(open_table(source, report=report).read_all(), name_of(source), report)


def _head(source: Tabular) -> bytes:
    """The first bytes, which are still to be read."""
    if str(source) == "-":
        return cast(io.BufferedReader, standard_input()).peek(65536)[:65536]
    try:
        with Path(source).open("rb") as raw:
            return raw.read(65536)
    except OSError as error:
        raise MissingInputError(f"{source} cannot be read: {error.strerror or error}", fix="check the path") from error


def _is_binary(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").startswith(_BINARY)


def _is_header(head: bytes) -> bool:
    """Whether the first line names a column of texts and one of ids: nobody asks for that."""
    line = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").partition("\n")[0]
    for mark in "\t;|":
        line = line.replace(mark, ",")
    cells = {plain_name(cell.strip(' "\r')) for cell in line.split(",")}
    return bool(cells & set(TEXTS)) and bool(cells & set(IDS))


def _lines(source: Tabular, report: Report) -> list[Sentence]:
    data = standard_input().read() if str(source) == "-" else Path(source).read_bytes()
    lines = lines_of(data, name_of(source))
    report.count("empty lines", sum(not line for line in lines))
    return [Sentence(line, line) for line in lines if line]


def _rows(table: pa.Table, where: str, report: Report) -> list[Sentence]:
    names = {plain_name(name): name for name in reversed(table.column_names)}
    column = next((names[one] for one in TEXTS if one in names), None)
    if column is None:
        raise InputError(
            f"{where} has no column of texts (its columns: {', '.join(table.column_names)})", fix="call it 'text'"
        )
    texts = [None if text is None else str(text).strip() for text in table[column].to_pylist()]
    report.count("rows without a text", sum(not text for text in texts))
    called = next((names[one] for one in IDS if one in names and names[one] != column), None)
    if called is None:
        return [Sentence(text, text) for text in texts if text]
    ids = as_ids(table[called].combine_chunks(), name=called, where=where).to_pylist()
    return [Sentence(one, text) for one, text in zip(ids, texts, strict=True) if text]
