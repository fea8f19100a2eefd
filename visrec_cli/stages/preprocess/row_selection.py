"""Selection of rows: kept, kept without picture, or dropped; all counted."""

from visrec_cli.errors import InputError
from visrec_cli.images.duplicates import DuplicateFinder
from visrec_cli.images.examination import Examined
from visrec_cli.images.limits import Limits
from visrec_cli.images.reject_reasons import HEIC
from visrec_cli.images.sources import PictureError
from visrec_cli.items.pictures import count_colours
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.stages.preprocess.picture_join import Row
from visrec_cli.stages.preprocess.row_batches import Finished

DROPS = ("none", "exact", "near")


class Selection:
    """Decides what becomes of each row, and counts."""

    def __init__(self, limits: Limits, report: Report, *, flag: bool, drop: str, require_picture: bool) -> None:
        """drop: one of DROPS."""
        self._limits = limits
        self._report = report
        self._flag = flag
        self._dropped_kinds = {"none": (), "exact": ("exact",), "near": ("exact", "near")}[drop]
        self._require_picture = require_picture
        self._finder = DuplicateFinder()
        self._decoded = 0
        self._heic = 0
        self._first_broken: tuple[str, str] | None = None
        self._first_below: tuple[str, str] | None = None
        report.count("pictures", 0)

    def judge(self, row: Row, examined: Examined | PictureError | None) -> Finished | None:
        """The finished row, or None if it is left out."""
        if isinstance(examined, PictureError):
            self._first_broken = self._first_broken or (str(row.path), str(examined))
            self._heic += HEIC in str(examined)
            self._report.reject("decode", str(examined), path=row.path, item_id=row.item_id)
            return self._without_picture(row)
        if examined is None:
            if self._require_picture:
                self._report.reject("join", "the item has no picture", item_id=row.item_id)
            return self._without_picture(row)
        self._decoded += 1
        count_colours([examined.colour], self._report)
        issues = self._limits.issues(examined.quality)
        if issues:
            self._report.count("pictures below a limit")
            if not self._flag:
                self._first_below = self._first_below or (str(row.path), "; ".join(issues))
                self._report.reject("quality", "; ".join(issues), path=row.path, item_id=row.item_id)
                return self._without_picture(row)
        duplicate = self._finder.add(row.item_id, examined.fingerprint)
        if duplicate is not None:
            self._report.count(f"{duplicate.kind} duplicates")
            if duplicate.kind in self._dropped_kinds:
                reason = f"{duplicate.kind} duplicate of {duplicate.of}"
                self._report.reject("duplicate", reason, path=row.path, item_id=row.item_id)
                return None
        self._report.count("pictures")
        return Finished(row, examined, duplicate, issues)

    def _without_picture(self, row: Row) -> Finished | None:
        if row.item is None:
            return None
        self._report.count("items without picture")
        return None if self._require_picture else Finished(row, None, None, [])

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
