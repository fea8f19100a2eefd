"""``visrec cache`` as a shell sees it."""

import json
import re
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.runtime.embedding_cache.planted import KIND, opened, truth, write_files
from visrec_cli.errors import UsageError
from visrec_cli.options.parsers import bytes_of


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    with opened(tmp_path / "kept") as cache:
        cache.keep(KIND, list(truth(range(500), 5000).items()), write_files(tmp_path / "imgs", range(3)))
    return tmp_path / "kept"


def test_info_is_a_table_for_people_and_an_object_for_programs(filled: Path, visrec: Run) -> None:
    done = visrec("cache", "info", "--cache", "kept")
    assert done.returncode == 0
    assert done.stderr == b""
    lines = done.stdout.decode().splitlines()
    assert re.fullmatch(r"kept: 2\.\d MB", lines[0])
    assert re.fullmatch(rf"  embeddings +500 +2\.5 MB  \d{{4}}-\d\d-\d\d  {KIND}", lines[2])
    assert re.fullmatch(r"  files +3 +recognised without being read", lines[3])
    found = json.loads(visrec("cache", "info", "--json", env={"VISREC_CACHE_DIR": str(filled)}).stdout)
    assert found["folder"] == str(filled)
    assert found["files"] == 3
    (part,) = found["parts"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", part.pop("used"))
    assert part == {"part": "embeddings", "name": KIND, "count": 500, "bytes": 2_500_000}


def test_prune_and_clear_say_what_went(filled: Path, visrec: Run) -> None:
    done = visrec("cache", "prune", "--max-size", "1.5MB", "--cache", filled)
    assert done.returncode == 0
    assert re.fullmatch(r"removed \d{3} embeddings \(1\.\d MB\)\n1\.[345] MB left\n", done.stdout.decode())
    assert sum(path.stat().st_size for path in filled.iterdir()) < 1.51e6
    done = visrec("cache", "clear", "--cache", filled)
    assert re.fullmatch(
        r"removed \d{3} embeddings \(1\.\d MB\)\nremoved 3 entries of files\n\d+ kB left\n", done.stdout.decode()
    )
    done = visrec("cache", "prune", "--max-size", "0", "--cache", filled)
    assert done.returncode == 0
    assert b"more than 0" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["prun"], 2, b"did you mean prune?"),
        (["prune"], 2, b"visrec cache prune --max-size 2GB"),
        (["prune", "--max-size", "much"], 2, b"--max-size 'much' is not a size"),
        (["info", "--max-size", "2GB"], 2, b"--max-size needs prune"),
        (["clear", "--json"], 2, b"--json needs info"),
        (["clear", "--cache", "imgs"], 65, b"imgs is not a cache of visrec"),
        (["info", "--cache", "nowhere"], 66, b"nowhere does not exist"),
    ],
)
def test_what_a_user_gets_wrong(filled: Path, visrec: Run, arguments, code, says) -> None:
    done = visrec("cache", *arguments)
    assert done.returncode == code
    assert says in done.stderr
    assert done.stdout == b""


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("1234", 1234), ("2GB", 2 * 10**9), ("1.5 gib", 3 * 2**29), ("500M", 5 * 10**8), (".5kB", 500)],
)
def test_sizes_as_people_write_them(text: str, size: int) -> None:
    assert bytes_of(text, flag="--max-size") == size


@pytest.mark.parametrize("text", ["", "GB", "-1", "1e9", "2 PB", "1,5GB"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(UsageError, match="is not a size"):
        bytes_of(text, flag="--max-size")
