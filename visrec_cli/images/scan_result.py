"""Result of a scan of folders and archives: pictures, unusable files, and counts of others."""

import os
import posixpath
import stat
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from visrec_cli.images.archives import MARK
from visrec_cli.images.formats import FOREIGN_ENDINGS, PICTURE_ENDINGS
from visrec_cli.images.names import Picture, item_id_of, printable
from visrec_cli.images.reject_reasons import foreign
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report

HIDDEN, NO_ENDING, LINKS = "hidden", "without an ending", "links to folders elsewhere"
_SIDECARS = frozenset({".txt", ".json", ".caption", ".cls", ".csv", ".xml", ".xmp", ".npy"})
_TELLING = frozenset({".txt", ".json", ".caption", ".cls"})
_METADATA = frozenset({"metadata.jsonl", "metadata.csv"})
_HINTS = {
    NO_ENDING: "a list of files takes those without an ending, too: find DIR -type f | visrec preprocess -",
    LINKS: "visrec preprocess --follow-links follows links",
}


@dataclass
class ScanResult:
    """unusable: (path, reason) of what is a picture by its name and cannot be used. other_files: how many others there
    are, by what messages call them: an ending, with "beside pictures" where a picture has the same name. metadata:
    files of an ImageFolder that describe its pictures. companions: members of tars beside pictures, as in a WebDataset.
    Both are other files where nobody takes them.
    """

    pictures: list[Picture] = field(default_factory=list)
    unusable: list[tuple[str, str]] = field(default_factory=list)
    other_files: Counter[str] = field(default_factory=Counter)
    metadata: list[str] = field(default_factory=list)
    companions: list[str] = field(default_factory=list)

    def take_metadata(self) -> list[str]:
        """The files that describe pictures, to be read by whoever asks."""
        taken, self.metadata = sorted(self.metadata), []
        return taken

    def take_companions(self) -> list[str]:
        """The members of tars that say something of the pictures beside them, which are no longer counted as others."""
        taken, self.companions = self.companions, []
        for path in taken:
            self.other_files[_beside(posixpath.splitext(path)[1].lower())] -= 1
        self.other_files = +self.other_files
        return taken

    def add(self, other: "ScanResult") -> None:
        """Take over what another scan found."""
        self.pictures += other.pictures
        self.unusable += other.unusable
        self.other_files += other.other_files
        self.metadata += other.metadata
        self.companions += other.companions

    def take(self, path: str, below: str, id_from: str) -> None:
        """Sort in the file at ``path`` as a picture; ``below`` is its place within the source.

        Only plain files are pictures: opening a FIFO would wait for ever.
        """
        try:
            plain = stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116  # there are thousands
        except OSError as error:
            reason = "broken link" if Path(path).is_symlink() else f"cannot be opened: {error.strerror}"
            self.unusable.append((printable(path), reason))
            return
        if plain:
            self.put(path, below, id_from)
        else:
            self.unusable.append((printable(path), "not a plain file"))

    def is_picture(self, path: str, below: str) -> bool:
        """Whether it is one by its ending; what is none that we read is sorted in."""
        ending = posixpath.splitext(below)[1].lower()
        if ending in PICTURE_ENDINGS:
            return True
        if posixpath.basename(below).lower() in _METADATA:
            self.metadata.append(path)
            return False
        if ending in FOREIGN_ENDINGS:
            self.unusable.append((printable(path), foreign(FOREIGN_ENDINGS[ending])))
        else:
            self.other_files[printable(ending) or NO_ENDING] += 1
        return False

    def put(self, path: str, below: str, id_from: str) -> None:
        """Sort in a plain file as a picture."""
        if printable(path) != path:
            self.unusable.append((printable(path), "its name is not UTF-8"))
        else:
            self.pictures.append(Picture(item_id_of(path, below, id_from), path))

    def tell_sidecars(self, paths: Iterable[str], since: int = 0, *, tar: bool = False) -> None:
        """Of the other files with these paths, count those beside a picture of the same name apart: its caption, say.

        since: where the pictures begin that were found with them. tar: they may be samples of a WebDataset.
        """
        sidecars = [(path, posixpath.splitext(path)[1].lower()) for path in paths]
        sidecars = [(path, ending) for path, ending in sidecars if ending in _SIDECARS]
        if not sidecars:
            return
        known = {sample_of(picture.path) for picture in self.pictures[since:]}
        for path, ending in sidecars:
            if sample_of(path) in known:
                self.other_files[ending] -= 1
                self.other_files[_beside(ending)] += 1
                if tar and ending in _TELLING:
                    self.companions.append(path)
        self.other_files = +self.other_files

    def others_in_words(self, most: int = 8) -> str:
        """What there was beside pictures: "3 .txt, 1 .csv"."""
        common = sorted(self.other_files.items(), key=lambda pair: (-pair[1], pair[0]))
        words = [counted(n, what) if what == LINKS else f"{n:,} {what}" for what, n in common[:most]]
        if len(common) > most:
            words.append(f"{sum(n for _, n in common[most:]):,} others")
        return ", ".join(words)

    def _count_metadata(self) -> None:
        for path in self.take_metadata():
            self.other_files[posixpath.splitext(path)[1].lower()] += 1

    def in_words(self) -> str:
        """What there was instead of pictures."""
        self._count_metadata()
        unusable = f"{len(self.unusable):,} that cannot be used" if self.unusable else ""
        return ", ".join(words for words in (self.others_in_words(4), unusable) if words) or "nothing"

    def tell(self, report: Report) -> None:
        """Reject what cannot be used, and count and name what was left out."""
        self._count_metadata()
        for path, reason in self.unusable:
            report.reject("scan", reason, path=path)
        if self.other_files:
            report.count("other files", self.other_files.total())
            hints = [hint for what, hint in _HINTS.items() if self.other_files[what]]
            report.warn("; ".join([f"left out: {self.others_in_words()}", *hints]))


def _beside(ending: str) -> str:
    return f"{ending} beside pictures"


def sample_of(path: str) -> str:
    """By which WebDataset and its like join the files of one sample: the path up to the first dot of its name."""
    archive, mark, member = path.rpartition(MARK)
    folder, name = posixpath.split(member)
    return f"{archive}{mark}{folder}{'/' if folder else ''}{name.split('.', 1)[0]}"
