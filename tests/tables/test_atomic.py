"""What killed runs leave, and who clears it away."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from visrec_cli.tables.atomic import atomic

LONG_AGO = (1_700_000_000, 1_700_000_000)


def write(path: Path, content: bytes = b"whole") -> None:
    with atomic(path) as out:
        out.write(content)


def left(folder: Path, name: str, *, old: bool = True) -> Path:
    part = folder / name
    part.write_bytes(b"half")
    if old:
        os.utime(part, LONG_AGO)
    return part


def test_parts_of_killed_runs_of_this_output_go(tmp_path: Path) -> None:
    gone = left(tmp_path, ".table[1].arrow.abc123.part")
    others = [
        left(tmp_path, ".table[1].arrow.young1.part", old=False),
        left(tmp_path, ".table1.arrow.abc123.part"),
        left(tmp_path, ".other.arrow.abc123.part"),
        left(tmp_path, "table[1].arrow.part"),
    ]
    write(tmp_path / "table[1].arrow")
    assert not gone.exists()
    assert all(other.exists() for other in others)
    assert (tmp_path / "table[1].arrow").read_bytes() == b"whole"


def test_a_part_that_somebody_is_writing_stays_however_old(tmp_path: Path) -> None:
    part = left(tmp_path, ".table.arrow.abc123.part")
    with part.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        write(tmp_path / "table.arrow")
        assert part.exists()
    write(tmp_path / "table.arrow")
    assert not part.exists()


def test_a_run_that_is_killed_leaves_the_old_output_and_a_part_for_the_next_to_clear(tmp_path: Path) -> None:
    target = tmp_path / "table.arrow"
    write(target, b"before")
    code = (
        "import os, signal\nfrom pathlib import Path\nfrom visrec_cli.tables.atomic import atomic\n"
        f"with atomic(Path({str(target)!r})) as out:\n"
        "    out.write(b'half'); out.flush(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == -9
    (part,) = tmp_path.glob(".table.arrow.*.part")
    assert target.read_bytes() == b"before"
    os.utime(part, LONG_AGO)
    write(target, b"after")
    assert (target.read_bytes(), list(tmp_path.iterdir())) == (b"after", [target])
