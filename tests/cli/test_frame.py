"""The frame as a shell sees it: start-up, pipes, exit codes, messages."""

import io
import json
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from tests.conftest import Run
from tests.limits import HANGS
from visrec_cli.app import VERBS

HEAVY = ("torch", "timm", "sentence_transformers", "transformers", "numpy", "pyarrow", "polars", "PIL", "skimage",
         "sklearn", "scipy", "jinja2", "rich", "pandas", "pydantic")  # fmt: skip


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], *([verb, "--help"] for verb in VERBS)])
def test_help_imports_nothing_heavy_and_shows_examples(arguments: list[str]) -> None:
    code = (
        "import sys; from visrec_cli.app import run; code = run(sys.argv[1:]); "
        f"heavy = [m for m in {HEAVY!r} if m in sys.modules]; print(heavy, file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stderr.strip() == "[]"
    if arguments[0] in VERBS:
        assert "Examples:" in done.stdout
        assert f"visrec {arguments[0]}" in done.stdout.split("Examples:")[1]


def test_the_package_alone_imports_nothing_heavy_and_offers_the_stages() -> None:
    code = (
        "import sys, visrec_cli as v; assert not [m for m in ('numpy','torch','pyarrow') if m in sys.modules]; "
        "assert callable(v.fuse) and callable(v.preprocess) and 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_owner_s_line_as_he_wrote_it_and_by_files_gives_the_same_bytes(shop: Path, shell) -> None:
    line = (
        "visrec embed-images ./imgs | visrec fuse > piped.arrows && "
        "visrec embed-images ./imgs -o images.arrow && visrec fuse images.arrow -o fused.arrows && "
        "cmp piped.arrows fused.arrows"
    )
    done = shell(line)
    assert done.returncode == 0, done.stderr.decode()
    assert b"16 pictures" in done.stderr


def test_the_main_line_gives_the_same_bytes_twice(shop: Path, shell) -> None:
    line = (
        "visrec preprocess ./imgs --items items.csv | visrec embed-images --encoder colour+hog "
        "| visrec fuse --reduce pca --dim 5 "
        "| visrec recommend - --all -k 3 -o"
    )
    assert shell(f"{line} a.arrow && {line} b.arrow && cmp a.arrow b.arrow").returncode == 0


def test_a_failure_in_the_middle_of_a_pipe_leaves_no_output(shop: Path, shell) -> None:
    done = shell("visrec embed-images nowhere | visrec fuse -o out.arrow")
    assert done.returncode == 65
    assert b"nowhere does not exist" in done.stderr
    assert not (shop / "out.arrow").exists()


def test_a_reader_that_went_away_is_no_error(shop: Path, shell) -> None:
    for stage in (
        "visrec preprocess ./imgs --format ndjson",
        "visrec show items.csv",
        "visrec embed-images ./imgs -e colour --quiet",
    ):
        done = shell(f"({stage} && echo finished >&2 || echo code $? >&2) | true; sleep 0")
        assert b"Traceback" not in done.stderr
        assert b"error" not in done.stderr
        assert b"code 141" in done.stderr or b"finished" in done.stderr
    many = shell(
        "set +o pipefail; visrec recommend <(visrec embed-images ./imgs -e colour -q) --all -k 9 --format ndjson "
        "| head -1; exit ${PIPESTATUS[0]}"
    )
    assert many.returncode in (0, 141)
    assert json.loads(many.stdout)["rank"] == 1


def test_a_big_answer_to_a_gone_reader_exits_with_141(tmp_path: Path, shell) -> None:
    rows = "".join(f"{i},{'x' * 200}\n" for i in range(5000))
    (tmp_path / "big.csv").write_text("item_id,title\n" + rows)
    done = shell("set +o pipefail; visrec show big.csv --format ndjson | head -1 >/dev/null; exit ${PIPESTATUS[0]}")
    assert done.returncode == 141
    assert done.stderr == b""


def _half_a_stream() -> bytes:
    """A megabyte of an Arrow stream of vectors, whose end never comes."""
    vectors = pa.FixedSizeListArray.from_arrays(pa.array([0.5] * 640_000, pa.float32()), 16)
    table = pa.table(
        {"item_id": [str(n) for n in range(40_000)], "image_embedding": vectors, "text_embedding": vectors}
    )
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue()[:1_000_000]


def test_an_interrupt_exits_with_130_and_leaves_nothing_half_written(shop: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "visrec_cli", "fuse", "-", "-o", "out.arrow"],
        cwd=shop,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdin.write(_half_a_stream())  # more than a pipe holds: once it is written, the process is reading
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=HANGS)
    assert process.returncode == 130
    assert errors.strip() == b"visrec: interrupted"
    assert sorted(path.name for path in shop.iterdir()) == ["imgs", "items.csv"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["fuze"], 2, b"Did you mean 'fuse'"),
        (["fuse", "--wieghts", "a=1"], 2, b"No such option"),
        (["fuse", "items.csv", "--weights", "image"], 2, b"is not NAME=NUMBER"),
        (["fuse", "nowhere.arrow"], 66, b"nowhere.arrow does not exist"),
        (["fuse", "items.csv"], 65, b"no embedding column to fuse"),
        (["fuse", "items.csv", "-o", "x.xlsx"], 2, b"the file ending identifies no format"),
        (["embed-images", "imgs", "-e", "resnet50"], 2, b"timm:resnet50"),
        (["embed-images", "imgs", "-e", "colour", "-o", "no/x.arrow"], 73, b"its folder does not exist"),
        (["embed-images", "imgs", "-e", "colour", "-o", "x.csv", "--device", "cuda:9"], (0, 2), b""),
    ],
)
def test_what_a_user_gets_wrong(shop: Path, visrec: Run, arguments, code, says) -> None:
    done = visrec(*arguments)
    assert done.returncode in (code if isinstance(code, tuple) else (code,)), done.stderr.decode()
    assert says in done.stderr
    assert b"Traceback" not in done.stderr
    assert done.stdout == b""


def test_our_own_bug_is_one_line_and_the_traceback_comes_with_debug(shop: Path, monkeypatch, capsys) -> None:
    import visrec_cli.stages.fuse as module
    from visrec_cli.app import run

    def broken(*_: object, **__: object) -> None:
        raise KeyError("oops")

    monkeypatch.setattr(module, "fuse", broken)
    assert run(["fuse", str(shop / "items.csv")]) == 70
    errors = capsys.readouterr().err
    assert "a bug in visrec: KeyError: 'oops'" in errors
    assert "Traceback" not in errors
    monkeypatch.setenv("VISREC_DEBUG", "1")
    assert run(["fuse", str(shop / "items.csv")]) == 70
    assert "Traceback" in capsys.readouterr().err


def test_names_cannot_command_the_terminal(shop: Path, visrec: Run) -> None:
    done = visrec("fuse", "a\x1b[31m\u202eb.arrow")
    assert done.returncode == 66
    assert b"\x1b" not in done.stderr
    assert rb"a\x1b[31m\u202eb.arrow" in done.stderr


def test_check_says_whole_or_what_is_wrong(shop: Path, shell) -> None:
    assert (
        shell("visrec embed-images imgs -e colour -o a.arrow -q && visrec check a.arrow").stdout
        == b"a.arrow: whole, 16 rows\n"
    )
    data = bytearray((shop / "a.arrow").read_bytes())
    data[len(data) // 2] ^= 1
    (shop / "a.arrow").write_bytes(data)
    done = shell("visrec check a.arrow")
    assert done.returncode == 65
    assert b"checksum" in done.stderr


def test_rejects_are_written_also_when_nothing_could_be_used(tmp_path: Path, visrec: Run) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "none.jpg").touch()
    done = visrec("embed-images", "bad", "-e", "colour", "-o", "x.arrow", "--rejects", "rejects.csv")
    assert done.returncode == 65
    assert (tmp_path / "rejects.csv").read_text().splitlines()[1] == "embed-images,bad/none.jpg,none,empty file"
    assert not (tmp_path / "x.arrow").exists()
