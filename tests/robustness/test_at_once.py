"""Several runs at once, of the same output, cache or checkpoint: each ends well, and what is there is whole."""

import shutil
from pathlib import Path

import pytest

import visrec_cli as visrec
from tests.robustness.forked import Forks
from tests.robustness.kills import KILLS, at_once
from visrec_cli.errors import InputError

LONG = KILLS > 100


@pytest.fixture
def work(desk: Path, tmp_path: Path) -> Path:
    return shutil.copytree(desk, tmp_path / "work")


@pytest.mark.parametrize("name", ["x.arrow", "x.parquet", "x.csv", "x.ndjson", "x.html"])
def test_the_last_of_several_outputs_of_one_name_is_there_whole(work: Path, forks: Forks, name: str) -> None:
    option = "show images.arrow --html" if name == "x.html" else "recommend images.arrow --all -o"
    lines = [f"{option} {name} {more}" for more in ("", "--limit 5" if name == "x.html" else "-k 2")]
    results = []
    for line in lines:
        assert at_once(forks, [line.split()], work)[0].codes == (0,)
        results.append((work / name).read_bytes())
        (work / name).unlink()
    assert results[0] != results[1]
    for _ in range(10 if LONG else 2):
        ended = at_once(forks, [line.split() for line in lines * 2], work)
        assert [one.codes for one in ended] == [(0,)] * 4, ended
        assert (work / name).read_bytes() in results
        assert not list(work.glob(".*.part"))


def test_two_matrices_of_one_name_are_one_of_them_or_refused(work: Path, forks: Forks) -> None:
    """It is four files, which no file system renames together: parts of two are never taken for one."""
    lines = ["embed-images imgs -e colour -o x.npy", "embed-images imgs -e hog -o x.npy"]
    tables = []
    for line in lines:
        assert at_once(forks, [line.split()], work)[0].codes == (0,)
        tables.append(visrec.open_table(str(work / "x.npy")).read_all())
    for _ in range(10 if LONG else 2):
        ended = at_once(forks, [line.split() for line in lines * 2], work)
        assert [one.codes for one in ended] == [(0,)] * 4, ended
        try:
            found = visrec.open_table(str(work / "x.npy")).read_all()
        except InputError:
            continue
        assert any(found.equals(table) for table in tables)


@pytest.mark.parametrize(
    "command",
    ["embed-images imgs -e colour+hog", "recommend images.arrow --all -k 3 --index annoy"]
    + ["embed-images imgs -e lite0", "train-cf clicks.csv -m als --set epochs=1"] * LONG,
)
def test_several_that_fill_one_cache(work: Path, forks: Forks, command: str) -> None:
    cache = work / "cache"
    env = {"VISREC_CACHE_DIR": str(cache)}
    if "als" in command:
        env["NUMBA_CACHE_DIR"] = str(cache / "loops")
    ended = at_once(forks, [f"{command} -o {place}.arrow".split() for place in range(4)], work, env)
    assert [one.codes for one in ended] == [(0,)] * 4, ended
    assert not any("warning" in one.said[0] or "damaged" in one.said[0] for one in ended), ended
    [after] = at_once(forks, [f"{command} -o 4.arrow".split()], work, env)
    assert after.codes == (0,), after
    assert len({(work / f"{place}.arrow").read_bytes() for place in range(5)}) == 1
    assert not [path for path in cache.iterdir() if path.name.startswith((".new-", ".old-"))]


def test_two_trainings_that_keep_one_checkpoint(work: Path, forks: Forks) -> None:
    line = "train-cf clicks.csv -m als --set epochs=3 --validation 0.2 --save-checkpoint ck.npz"
    ended = at_once(forks, [f"{line} -o {place}.arrow".split() for place in range(3)], work)
    assert [one.codes for one in ended] == [(0,)] * 3, ended
    [after] = at_once(forks, [f"{line} --resume ck.npz -o 3.arrow".split()], work)
    assert after.codes == (0,), after
    assert len({(work / f"{place}.arrow").read_bytes() for place in range(4)}) == 1
