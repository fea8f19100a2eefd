"""Closed, absent, full or small standard streams: the result is right, words go to the right place or nowhere."""

import json
import os
import pty
import socket
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from visrec_cli.app import run

LOG = "user_id,item_id\nu1,a\nu1,b\nu2,a\nu2,c\n"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "log.csv").write_text(LOG)
    (tmp_path / "names.csv").write_text("item_id,title\na,réd\nb,кл\n")
    return tmp_path


def line(text: str, folder: Path, **env: str) -> subprocess.CompletedProcess[bytes]:
    script = f'visrec() {{ "{sys.executable}" -m visrec_cli "$@"; }}; {text}'
    return subprocess.run(["bash", "-c", script], capture_output=True, cwd=folder, env={**os.environ, **env})


def without_bug(done: subprocess.CompletedProcess[bytes], code: int) -> None:
    assert done.returncode == code, done.stderr.decode()
    assert b"a bug in visrec" not in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_file_is_read_though_stdin_is_closed(desk: Path) -> None:
    without_bug(line("visrec interactions log.csv -o l.arrow <&-", desk), 0)
    without_bug(line("visrec interactions log.csv -o all.arrow <&- >&- 2>&-", desk), 0)
    without_bug(line("visrec interactions log.csv -o open.arrow", desk), 0)
    assert (desk / "l.arrow").read_bytes() == (desk / "all.arrow").read_bytes() == (desk / "open.arrow").read_bytes()


@pytest.mark.parametrize("command", ["show -", "fuse - -o f.arrow", "preprocess - -o p.arrow", "interactions -"])
def test_a_closed_stdin_that_is_asked_for_is_named(desk: Path, command: str) -> None:
    done = line(f"visrec {command} <&-", desk)
    without_bug(done, 66)
    assert b"stdin is closed" in done.stderr


@pytest.mark.parametrize("command", ["interactions log.csv", "show log.csv", "show log.csv --json", "doctor"])
def test_a_closed_stdout_that_is_written_to_is_named(desk: Path, command: str) -> None:
    done = line(f"visrec {command} >&-", desk)
    without_bug(done, 73)
    assert b"cannot write stdout: it is closed" in done.stderr


def test_words_that_cannot_be_said_change_no_result(desk: Path) -> None:
    for nowhere in ("2>&-", "2>/dev/full", "2> >(exec true)"):
        without_bug(line(f"visrec interactions log.csv -o l.arrow {nowhere}", desk), 0)
        without_bug(line(f"visrec fuse log.csv -o x.arrow {nowhere}", desk), 65)


def test_a_full_stdout_is_no_bug(desk: Path) -> None:
    for command in ("show log.csv", "show log.csv --json", "doctor", "interactions log.csv --format csv"):
        without_bug(line(f"visrec {command} > /dev/full", desk), 74)


@pytest.mark.parametrize("alphabet", ["ascii", "latin-1"])
def test_terminals_with_few_letters(desk: Path, alphabet: str) -> None:
    done = line("visrec show names.csv", desk, PYTHONIOENCODING=alphabet)
    without_bug(done, 0)
    assert b"b" in done.stdout
    found = line("visrec show names.csv --json", desk, PYTHONIOENCODING=alphabet)
    assert json.loads(found.stdout)["first"][0]["title"] == "réd"  # data is UTF-8 everywhere
    without_bug(line("visrec show 'кл.csv'", desk, PYTHONIOENCODING=alphabet), 66)


def test_arrow_to_a_log_is_said(desk: Path) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        command = [sys.executable, "-m", "visrec_cli", "interactions", "log.csv"]
        done = subprocess.run(command, cwd=desk, stdout=theirs, stderr=subprocess.PIPE)
    assert done.returncode == 0
    assert b"note: binary Arrow was written to a log" in done.stderr
    for kept in ("> l.arrows", "| cat > l.arrows", "> /dev/null"):
        assert b"written to a log" not in line(f"visrec interactions log.csv {kept}", desk).stderr


def test_a_preview_counts_what_it_shows(desk: Path) -> None:
    (desk / "long.csv").write_text("user_id,item_id\n" + "".join(f"u{k},i{k}\n" for k in range(50)))
    for name, words in (("long.csv", b"20 interactions shown"), ("log.csv", b" interactions \xc2\xb7")):
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "visrec_cli", "interactions", name]
        done = subprocess.run(command, cwd=desk, stdout=theirs, stderr=subprocess.PIPE)
        os.close(theirs)
        os.close(ours)
        assert done.returncode == 0
        assert words in done.stderr


def test_an_id_of_a_megabyte_fills_no_screen(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "x" * 1_000_000
    (desk / "twice.csv").write_text(f"item_id,title\n{name},a\n{name},b\n")
    assert run(["check", str(desk / "twice.csv")]) == 65
    said = capsys.readouterr().err
    assert "is not unique: 'xxx" in said
    assert "more characters)" in said
    assert len(said) < 10_000
    (desk / "empty.csv").write_text(f"user_id,item_id,rating\nv,{name},{'z' * 1_000_000}\n")
    assert run(["interactions", str(desk / "empty.csv"), "-o", str(desk / "x.arrow")]) == 65
    assert len(capsys.readouterr().err) < 10_000


def test_without_a_home_things_are_kept_where_the_next_run_finds_them(desk: Path) -> None:
    homeless = {"HOME": "/dev/null", "XDG_CACHE_HOME": "", "TMPDIR": str(desk / "tmp"), "VISREC_CACHE_DIR": ""}
    (desk / "tmp").mkdir()
    (desk / "imgs").mkdir()
    from PIL import Image

    Image.new("RGB", (40, 40), (200, 30, 40)).save(desk / "imgs" / "a.png")
    command = "visrec embed-images imgs -e colour -o x.arrow"
    first, second = line(command, desk, **homeless), line(command, desk, **homeless)
    without_bug(first, 0)
    assert b"keeps what the next run can use" in first.stderr
    assert b"1 vector from the cache" in second.stderr
    assert [path.name for path in (desk / "tmp").iterdir()] == [f"visrec-cache-{os.getuid()}"]
    (desk / "tmp" / f"visrec-cache-{os.getuid()}").chmod(0o777)  # somebody else may write there
    third = line(command, desk, **homeless)
    assert b"from the cache" not in third.stderr


def test_memory_that_runs_out_has_a_code_of_its_own(desk: Path, monkeypatch, capsys) -> None:
    import visrec_cli.stages.fuse as module

    for error in (
        MemoryError(),
        pa.ArrowMemoryError("malloc of size 9 failed"),
        ImportError("libtorch_cpu.so: failed to map segment from shared object"),
    ):

        def greedy(*_: object, error: Exception = error, **__: object) -> None:
            raise error

        monkeypatch.setattr(module, "fuse", greedy)
        assert run(["fuse", str(desk / "log.csv")]) == 71
        said = capsys.readouterr().err
        assert "out of memory" in said
        assert "bug" not in said
