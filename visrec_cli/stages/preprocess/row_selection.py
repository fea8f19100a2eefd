"""Selection of rows: kept, kept without picture, or dropped; all counted."""

from collections.abc import Sequence

from visrec_cli.errors import InputError
from visrec_cli.images.duplicates import DuplicateFinder
from visrec_cli.images.limits import Limits
from visrec_cli.images.reject_reasons import HEIC
from visrec_cli.images.sources import PictureError
from visrec_cli.items.pictures import count_colours
from visrec_cli.options.preprocess import PreprocessOptions
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.stages.preprocess.picture_join import Row
from visrec_cli.stages.preprocess.row_batches import Finished, Look, Usable


class Selection:
    """Decides what becomes of each row, and counts."""

    def __init__(self, limits: Limits, options: PreprocessOptions, report: Report) -> None:
        self._limits = limits
        self._report = report
        self._flag = options.flag
        self._dropped_kinds = {"none": (), "exact": ("exact",), "near": ("exact", "near")}[options.drop_duplicates]
        self._require_picture = options.require_picture
        self._finder = DuplicateFinder()
        self._decoded = 0
        self._heic = 0
        self._first_broken: tuple[str, str] | None = None
        self._first_below: tuple[str, str] | None = None
        report.count("pictures", 0)

    def judge(self, row: Row, looks: Sequence[Look]) -> Finished | None:
        """The finished row, or None if it is left out. Of several pictures the first usable one speaks for the item."""
        if not looks and self._require_picture:
            self._report.reject("join", "the item has no picture", item_id=row.item_id)
        issues: list[str] = []
        usable = [one for look in looks if (one := self._usable(row, look, issues)) is not None]
        if not usable:
            return self._without_picture(row)
        duplicate = self._finder.add(row.item_id, usable[0].examined.fingerprint)
        if duplicate is not None:
            self._report.count(f"{duplicate.kind} duplicates")
            if duplicate.kind in self._dropped_kinds:
                reason = f"{duplicate.kind} duplicate of {duplicate.of}"
                self._report.reject("duplicate", reason, path=usable[0].name, item_id=row.item_id)
                return None
        self._report.count("pictures", len(usable))
        if len(usable) > 1:
            self._report.count("items of several pictures")
        return Finished(row, usable, duplicate, list(dict.fromkeys(issues)))

    def _usable(self, row: Row, look: Look, issues: list[str]) -> Usable | None:
        """The picture if it is to be used; else it is rejected. Adds what --flag says of it to ``issues``."""
        examined = look.examined
        if isinstance(examined, PictureError):
            self._first_broken = self._first_broken or (look.name or row.item_id, str(examined))
            self._heic += HEIC in str(examined)
            self._report.reject("decode", str(examined), path=look.name, item_id=row.item_id)
            return None
        self._decoded += 1
        count_colours([examined.colour], self._report)
        if found := self._limits.issues(examined.quality):
            self._report.count("pictures below a limit")
            if not self._flag:
                self._first_below = self._first_below or (look.name or row.item_id, "; ".join(found))
                self._report.reject("quality", "; ".join(found), path=look.name, item_id=row.item_id)
                return None
            issues += found
        return Usable(look.at, look.path, look.name, look.size, examined)

    def _without_picture(self, row: Row) -> Finished | None:
        if row.item is None:
            return None
        self._report.count("items without picture")
        return None if self._require_picture else Finished(row, [], None, [])

    def conclude(self) -> None:
        """Say what only the end can tell. Raises InputError if not one picture could be used."""
        if self._heic:
            self._report.warn(f"{counted(self._heic, 'pictures')} in HEIC left out: pip install pillow-heif reads them")
        if self._report.counts["pictures"]:
            return
        if self._first_below is not None:
            path, reason = self._first_below
            raise InputError(
                f"none of {counted(self._decoded, 'pictures')} is within the limits, the first ({path}): {reason}",
                fix="loosen the limits, or keep them with --flag, which lists the reasons in quality_issues",
            )
        if self._first_broken is not None:
            path, reason = self._first_broken
            raise InputError(f"no picture could be used, the first ({path}): {reason}", fix="look at --rejects FILE")
