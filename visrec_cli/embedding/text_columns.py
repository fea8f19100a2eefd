"""Text of a table's rows: its columns, and how they are joined."""

import math
from collections.abc import Sequence
from string import Formatter

import pyarrow as pa

from visrec_cli.errors import InputError, UsageError, unknown

USUAL = (
    "title", "name", "product_name", "headline", "brand", "category", "categories", "genres", "tags", "description",
    "overview", "summary", "caption", "text",
)  # fmt: skip


class TextColumns:
    """Makes one text of each row. ``guessed`` says whether the columns were chosen by their usual names.

    Parameters
    ----------
    schema : pa.Schema
        Schema of the table.
    columns : str | Sequence[str], default=()
        Name or names of columns, joined by ". " without missing ones; by default those with a usual name.
    template : str | None, default=None
        Text with names of columns in braces, instead of joining them.

    Raises
    ------
    InputError
        If no column has a usual name.
    UsageError
        If a column does not exist or is not text, or the template cannot be read.
    """

    def __init__(self, schema: pa.Schema, *, columns: str | Sequence[str] = (), template: str | None = None) -> None:
        columns = [columns] if isinstance(columns, str) else columns
        if template is not None:
            if columns:
                raise UsageError("give --columns or --template, not both", fix="the template names its columns")
            columns = _named_in(template)
        self.guessed = not columns
        self.columns = list(columns) or _usual(schema)
        self._template = template
        for name in self.columns:
            if name not in schema.names:
                raise unknown("column", name, schema.names)
            if not _is_text(schema.field(name).type):
                raise UsageError(f"column '{name}' is {schema.field(name).type}, not text")

    def rows(self, batch: pa.RecordBatch) -> list[str]:
        """The text of each row, "" where there is none."""
        parts = [[_words(value) for value in batch.column(name).to_pylist()] for name in self.columns]
        return [self._joined(row) for row in zip(*parts, strict=True)]

    def blank(self, batch: pa.RecordBatch, texts: Sequence[str]) -> list[int]:
        """Rows that have a value but no text, such as blanks or empty lists. Rows without any value are not counted."""
        columns = [batch.column(name) for name in self.columns]
        return [row for row, text in enumerate(texts) if not text and any(one[row].is_valid for one in columns)]

    def _joined(self, row: tuple[str, ...]) -> str:
        if not any(row):
            return ""
        if self._template is None:
            return ". ".join(part.rstrip(".") for part in row if part)
        return " ".join(self._template.format(**dict(zip(self.columns, row, strict=True))).split())


def _usual(schema: pa.Schema) -> list[str]:
    by_lower = {name.lower(): name for name in reversed(schema.names)}
    found = [by_lower[name] for name in USUAL if name in by_lower and _is_text(schema.field(by_lower[name]).type)]
    if not found:
        raise InputError(
            f"none of the columns {', '.join(schema.names)} has a usual name for text",
            fix="name them: --columns title,description; a folder has none: visrec preprocess FOLDER --items items.csv",
        )
    return found


def _named_in(template: str) -> list[str]:
    """The columns that a template names, each once."""
    fix = 'names of columns in braces: --template "{title}. {brand}"'
    try:
        fields = [field[1:] for field in Formatter().parse(template) if field[1] is not None]
    except ValueError as error:
        raise UsageError(f"the template cannot be read: {error}", fix=fix) from error
    for name, spec, conversion in fields:
        if not name or spec or conversion or set(name) & set(".["):  # format() would compute, or access attributes
            raise UsageError(
                f"the template has '{{{name}}}' with more in its braces than the name of a column", fix=fix
            )
    if not fields:
        raise UsageError("the template names no column", fix=fix)
    return list(dict.fromkeys(str(name) for name, _, _ in fields))


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind):
        return bool(pa.types.is_string(kind.value_type))
    return bool(pa.types.is_string(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _words(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():  # pandas stores integers with missing values as floats
        return str(int(value))
    if isinstance(value, list):
        return ", ".join(str(one) for one in value if one is not None and str(one).strip())
    return " ".join(str(value).split())
