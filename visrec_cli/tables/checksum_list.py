"""``x.sha256`` beside ``x.npy``: checksums of files that have no place for one, as ``sha256sum --check`` reads them."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from visrec_cli.errors import InputError, TruncatedStreamError
from visrec_cli.tables.checksums import CHANGED

SUFFIX = ".sha256"
_LINE = re.compile(r"(?P<escaped>\\?)(?P<digits>[0-9a-f]{64})  (?P<name>[^/\n]+)")
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}  # of coreutils, which mark such a line with a backslash


def checksum_list(digests: Mapping[str, str]) -> str:
    """The text of the file: sha256 by file name."""
    lines = []
    for name, digits in digests.items():
        escaped = "".join(_ESCAPES.get(letter, letter) for letter in name)
        lines.append(f"{chr(92) if escaped != name else ''}{digits}  {escaped}\n")
    return "".join(lines)


class Listed:
    """The checksums of a matrix and the files beside it, by suffix; none where there is no list.

    Renamed together, files stay what they are: the names in the list count by their suffixes, and by being alike.
    Raises InputError for a file that is no such list.
    """

    def __init__(self, matrix: Path) -> None:
        self.file = matrix.with_suffix(SUFFIX)
        self._matrix = matrix
        self._digests = self._read() if self.file.is_file() else {}

    def __bool__(self) -> bool:
        return bool(self._digests)

    def _read(self) -> dict[str, str]:
        try:
            lines = self.file.read_bytes().decode("utf-8").split("\n")
        except UnicodeDecodeError as error:
            raise self._no_list() from error
        digests, stems = {}, set()
        for line in lines[:-1]:
            found = _LINE.fullmatch(line)
            if found is None:
                raise self._no_list()
            name = found["name"]
            suffix = next((one for one in (".ids.txt", ".space.json") if name.endswith(one)), self._matrix.suffix)
            digests[suffix] = found["digits"]
            stems.add((found["escaped"], name.removesuffix(suffix), name.endswith(suffix)))
        if lines[-1] or len(digests) != len(lines) - 1 or len(stems) != 1 or self._matrix.suffix not in digests:
            raise self._no_list()
        return digests

    def _no_list(self) -> InputError:
        return InputError(f"{self.file} is not a list of checksums as visrec writes it", fix=self._remake())

    def _remake(self) -> str:
        return f"make the files again; if the change was meant, delete {self.file}"

    def compare(self, suffix: str, content: bytes) -> None:
        """Raise TruncatedStreamError unless this is the content of the file with this suffix that the list is about."""
        if self._digests:
            self.require(suffix, hashlib.sha256(content).hexdigest())

    def require(self, suffix: str, digits: str) -> None:
        """The same where the checksum is known."""
        if self._digests and self._digests.get(suffix) != digits:
            raise TruncatedStreamError(f"{self._matrix.with_suffix(suffix)}: {CHANGED}", fix=self._remake())

    def require_all(self) -> None:
        """Raise TruncatedStreamError unless every file of the list is there."""
        for suffix in self._digests:
            if not self._matrix.with_suffix(suffix).exists():
                raise TruncatedStreamError(
                    f"{self._matrix.with_suffix(suffix)} is not there, and {self.file} lists it", fix=self._remake()
                )
