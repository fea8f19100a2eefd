"""``visrec fuse`` as a process."""

from pathlib import Path

from tests.conftest import Run
from tests.tables.tables import embedded, stream_bytes


def test_a_space_after_the_comma_does_not_matter(visrec: Run, tmp_path: Path) -> None:
    for name, seed in (("a", 0), ("b", 1)):
        (tmp_path / f"{name}.arrow").write_bytes(stream_bytes(embedded(5, seed=seed), "arrow"))
    spaced = visrec("fuse", "a.arrow", "b.arrow", "--columns", "image_embedding, image_embedding_2")
    assert spaced.returncode == 0, spaced.stderr
    assert spaced.stdout == visrec("fuse", "a.arrow", "b.arrow").stdout
