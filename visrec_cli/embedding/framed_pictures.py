"""Training pictures: framed, decoded in threads, kept in memory as far as possible."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from visrec_cli.encoders.frame import Framing
from visrec_cli.images.ordered_map import ordered_map
from visrec_cli.items.pictures import PictureSource, count_colours
from visrec_cli.runtime.report import Report
from visrec_cli.tables.vectors import Mask, Rows

_HELD = 1 << 30  # bytes kept in memory; other pictures are decoded again in every epoch
Bytes = npt.NDArray[np.uint8]


class Pictures:
    """The pictures of a table, by row: ``pictures(rows)`` returns (n, height, width, 3) uint8. Nothing is written.

    Parameters
    ----------
    sources : Sequence[PictureSource]
        The picture of each row.
    framing : Framing
        Resizes and crops a picture.
    threads : int | None
        Number of threads; None for all cores.
    """

    def __init__(self, sources: Sequence[PictureSource], framing: Framing, *, threads: int | None) -> None:
        self._sources, self._framing, self._threads = sources, framing, threads
        self._held: dict[int, Bytes] = {}
        self._free_bytes = _HELD
        self._colours: dict[int, str | None] = {}

    def check(self, rows: Rows, report: Report) -> Mask:
        """Read pictures, and record those that cannot be used.

        Parameters
        ----------
        rows : Rows
            (n,) row numbers.
        report : Report
            Where progress and rejected pictures are recorded.

        Returns
        -------
        Mask
            (n,) which pictures can be used.
        """
        report.expect(len(rows), "pictures")
        usable = np.zeros(len(rows), bool)
        for place, found in enumerate(ordered_map(self._attempt, rows.tolist(), threads=self._threads)):
            source = self._sources[int(rows[place])]
            if isinstance(found, str):
                if source.nothing:
                    report.count("items without a picture")
                else:
                    report.reject("train-encoder", found, path=source.path, item_id=source.item_id)
            else:
                usable[place] = True
                count_colours([self._colours.get(int(rows[place]))], report)
                if found.nbytes <= self._free_bytes:
                    self._held[int(rows[place])] = found
                    self._free_bytes -= found.nbytes
            report.advance()
        return usable

    def __call__(self, rows: Rows) -> Bytes:
        """Return the pictures of some rows.

        Parameters
        ----------
        rows : Rows
            (n,) row numbers of pictures that ``check`` found usable.

        Returns
        -------
        Bytes
            (n, height, width, 3) uint8.

        Raises
        ------
        PictureError
            If a file was changed or removed since then.
        """
        from visrec_cli.images.sources import PictureError

        found = []
        for row, one in zip(
            rows.tolist(),
            ordered_map(self._attempt, rows.tolist(), threads=self._threads, known=self._held.get),
            strict=True,
        ):
            if isinstance(one, str):
                raise PictureError(f"the picture of item '{self._sources[row].item_id}' cannot be read any more: {one}")
            found.append(one)
        return np.stack(found)

    def _attempt(self, row: int) -> Bytes | str:
        """The framed picture, or the reason why there is none."""
        from visrec_cli.images.colour import NOTE
        from visrec_cli.images.decoder import decoded
        from visrec_cli.images.sources import PictureError

        source = self._sources[row]
        if source.refusal:
            return source.refusal
        least = self._framing.scaled_to
        try:
            content = source.data if source.data is not None else str(source.path)
            with decoded(content, at_least=(least, least)) as picture:
                self._colours[row] = picture.info.get(NOTE)
                return np.ascontiguousarray(self._framing(picture))
        except PictureError as error:
            return str(error)
