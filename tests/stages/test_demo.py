"""The demo's lines and how they run; the drawing itself is tested in tests/demo."""

import sys

import pytest

from visrec_cli.errors import OutputError
from visrec_cli.stages import demo
from visrec_cli.stages.demo import MARK, Step, draw_demo, run_demo, run_step, steps


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """No pictures: what is drawn is not at stake here."""
    monkeypatch.setattr(demo, "write_shop", lambda folder, **_: 243)


def test_a_folder_of_its_own_is_written_again(tmp_path):
    folder = tmp_path / "new" / "shop"
    assert draw_demo(folder) == 243
    assert (folder / MARK).read_text().startswith("A shop drawn by visrec demo.")
    assert draw_demo(folder) == 243


def test_a_foreign_folder_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(OutputError, match="is not from visrec demo") as refusal:
        draw_demo(tmp_path)
    assert "--force" in refusal.value.fix
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    (tmp_path / MARK).write_text("Notes of my own.")
    with pytest.raises(OutputError):
        draw_demo(tmp_path)
    assert draw_demo(tmp_path, force=True) == 243
    assert (tmp_path / "thesis.tex").exists()


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "shop").write_text("")
    with pytest.raises(OutputError):
        draw_demo(tmp_path / "shop")
    with pytest.raises(OutputError, match="cannot write"):
        draw_demo(tmp_path / "shop", force=True)


def test_lines_can_be_typed_again(tmp_path):
    first, *others = steps(tmp_path / "my shop")
    assert "preprocess '" in first.line()
    assert first.line().count("| visrec ") == 3
    assert any("--text 'red dress'" in step.line() for step in others)
    assert [step.line().split("/")[-1] for step in others[-2:]] == ["gallery.html'", "users.html'"]


def fake(monkeypatch, code: str) -> None:
    """Run this Python code in place of visrec, with the command's words as its arguments."""
    real = demo.subprocess.Popen
    monkeypatch.setattr(
        demo.subprocess, "Popen", lambda line, **options: real([sys.executable, "-c", code, *line[3:]], **options)
    )


def test_bytes_flow_through_a_pipe(monkeypatch, tmp_path):
    target = tmp_path / "out"
    fake(
        monkeypatch,
        "import sys; data = sys.stdin.read() + sys.argv[1];"
        "open(sys.argv[2], 'w').write(data) if len(sys.argv) > 2 else sys.stdout.write(data)",
    )
    assert run_step(Step("", [["a"], ["b"], ["c", str(target)]])) == 0
    assert target.read_text() == "abc"


@pytest.mark.parametrize(
    ("codes", "expected"), [("0 0", 0), ("66 65", 66), ("0 65", 65), ("141 2", 2), ("0 70 0", 70), ("141 0", 141)]
)
def test_the_first_to_fail_gives_the_code(monkeypatch, codes, expected):
    fake(monkeypatch, "import sys; sys.exit(int(sys.argv[1]))")
    assert run_step(Step("", [[code] for code in codes.split()])) == expected


def test_the_demo_stops_at_the_first_failure_and_says_each_line_first(monkeypatch, tmp_path):
    fake(monkeypatch, "import sys; sys.exit(69 if 'recommend' in sys.argv else 0)")
    said: list[str] = []
    assert run_demo(tmp_path, said.append) == 69
    assert len(said) == 2
    assert "$ visrec preprocess" in said[0]
    assert "$ visrec recommend" in said[1]
