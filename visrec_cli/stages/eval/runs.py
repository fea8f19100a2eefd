"""Recommendation lists to evaluate, read in blocks of users."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from visrec_cli.errors import InputError, UsageError
from visrec_cli.runtime.display import printable
from visrec_cli.runtime.report import Report
from visrec_cli.stages.eval.diagnostics import RunDiagnostics
from visrec_cli.stages.eval.truth import Truth
from visrec_cli.stages.eval.user_lists import ListBlock, UserListsBatch, starts_of
from visrec_cli.tables.provenance import Fit, fits_of
from visrec_cli.tables.readers import Tabular, is_path, name_of
from visrec_cli.tables.recommendations import open_recommendations


class ScatteredError(Exception):
    """A user's rows do not stand together: the table must be sorted before it is read in blocks."""


@dataclass
class Run:
    """Recommendations under a name. user, item: names of columns where they are unusual.

    fits: on what the models behind them were fitted, by name, as far as the table says so once it was read.
    """

    source: Tabular
    name: str
    user: str | None = None
    item: str | None = None
    report: Report = field(default_factory=Report)
    notes: RunDiagnostics = field(default_factory=RunDiagnostics)
    fits: dict[str, Fit] = field(default_factory=dict)
    _sorted: pa.Table | None = None

    def blocks(self, truth: Truth, width: int | None) -> Iterator[ListBlock]:
        """Users of the truth, at most 4,096 at once, with the first ``width`` places of their lists (None: all).

        Every user comes once. Raises InputError for anything but recommendations, ScatteredError where the rows
        of a user do not stand together: then ``gather`` and begin again.
        """
        self.notes = RunDiagnostics()
        met = np.zeros(len(truth.users), bool)
        for table in self._whole_users():
            part = UserListsBatch(table, truth, self.notes, self.where)
            if met[part.rows].any() or len(np.unique(part.rows)) < len(part.rows):
                raise ScatteredError
            met[part.rows] = True
            yield from part.blocks(width)
        self.notes.unserved = int((~met).sum())
        self.notes.refuse_strangers(self.where, truth)

    def gather(self) -> None:
        """Read everything and sort it by user; a list stays in its order. Raises InputError for a pipe."""
        if str(self.source) == "-" or isinstance(self.source, pa.RecordBatchReader):
            raise InputError(
                f"{self.where}: the rows of a user do not stand together, and a pipe cannot be read twice",
                fix="write it to a file first",
            )
        table = self._open().read_all().combine_chunks()
        codes = table["user_id"].combine_chunks().dictionary_encode().indices.to_numpy()
        self._sorted = table.take(pa.array(np.argsort(codes, kind="stable")))

    @property
    def where(self) -> str:
        """What messages call it."""
        return name_of(self.source) if is_path(self.source) else self.name

    def _open(self) -> pa.RecordBatchReader:
        reader = open_recommendations(self.source, user=self.user, item=self.item, report=self.report)
        self.fits = fits_of(reader.schema)
        return reader

    def _whole_users(self) -> Iterator[pa.Table]:
        """The rows in parts that do not cut a user's list."""
        reader = self._open() if self._sorted is None else self._sorted.to_reader(max_chunksize=1 << 17)
        rest: pa.Table | None = None
        rows = 0
        for batch in reader:
            if not batch.num_rows:
                continue
            rows += batch.num_rows
            table = pa.Table.from_batches([batch])
            table = table if rest is None else pa.concat_tables([rest, table]).combine_chunks()
            cut = int(starts_of(table["user_id"].combine_chunks())[-1])
            rest = table.slice(cut)
            if cut:
                yield table.slice(0, cut)
        if rest is not None:
            yield rest
        if not rows:
            raise InputError(f"{self.where} has no recommendations", fix="see the command that made it")


def open_run(
    source: Tabular,
    *,
    name: str | None = None,
    user: str | None = None,
    item: str | None = None,
    report: Report | None = None,
) -> Run:
    """A run, named by the stem of its file. It is read when its blocks are asked for."""
    stem = printable(Path(source).stem) if is_path(source) and str(source) != "-" else None
    return Run(source, name or stem or ("stdin" if is_path(source) else "run"), user, item, report or Report())


def names_of(sources: Sequence[Tabular], names: Sequence[str] = ()) -> list[str]:
    """What runs are called: as asked for, or by their files, told apart by numbers.

    Raises UsageError where the names asked for are not one for each, or two are the same.
    """
    if names:
        if len(names) != len(sources) or len(set(names)) < len(names):
            raise UsageError(f"{len(sources)} runs need {len(sources)} different names", fix="--names als,bpr")
        return [printable(name) for name in names]
    stems = [open_run(source).name for source in sources]
    return [f"{stem}-{stems[:at].count(stem) + 1}" if stems.count(stem) > 1 else stem for at, stem in enumerate(stems)]
