"""Advice is pasted into a shell: a name in it is one word there, whatever it is made of."""

import ast
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import visrec_cli
from visrec_cli.commands.lazy_commands import VERBS

_VERBS = "|".join(VERBS)
#: A command of a shell, or a verb, and what stands in it next, in the text of an f-string.
_COMMAND = re.compile(
    rf"(?:visrec (?:{_VERBS}) |chmod \S+ |\brm |iconv -[^{{]*|\btr [^{{]* < |tail [^{{]*|mkdir -p )\{{([^}}]*)\}}"
)
_NO_NAMES = ("name", "deepest")  # an option, a number
_ODD = "$(touch run) it's `touch run`;touch run&"


def advice() -> list[tuple[str, str]]:
    """(place, what is put in) of every f-string that looks like a command with something put in."""
    found = []
    for path in sorted(Path(visrec_cli.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr):
                text = "".join(_source(one) for one in node.values)
                found += [(f"{path.name}:{node.lineno}", put) for put in _COMMAND.findall(text)]
    return found


def _source(part: ast.expr) -> str:
    return f"{{{ast.unparse(part.value)}}}" if isinstance(part, ast.FormattedValue) else str(ast.literal_eval(part))


def test_what_is_put_into_a_command_is_quoted() -> None:
    bare = [one for one in advice() if not one[1].startswith("shlex.quote(") and one[1] not in _NO_NAMES]
    assert not bare
    assert len(advice()) > 10


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ["check"]),
        (b"user_id,item_id\ncaf\xe9,1\n", ["interactions"]),
        (b"a note\nuser_id,item_id\nu,i\n", ["interactions"]),
        (b"user item\nu i\n", ["train-cf", "-o", "m.arrow"]),
    ],
    ids=["folder", "latin-1", "preamble", "spaces"],
)
def test_advice_about_a_file_of_an_odd_name_runs_nothing(
    tmp_path: Path, content: bytes | None, words: list[str]
) -> None:
    name = f"{_ODD}.csv"
    (tmp_path / name).mkdir() if content is None else (tmp_path / name).write_bytes(content)
    command = [sys.executable, "-m", "visrec_cli", words[0], name, *words[1:]]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert said.returncode == 65, said.stderr
    fixes = [line for line in said.stderr.splitlines() if line.startswith("  fix: ")]
    assert any(shlex.quote(name) in line for line in fixes), said.stderr
    assert not any(_ODD in line.replace(shlex.quote(name), "") for line in fixes), said.stderr


def test_advice_about_an_output_of_an_odd_name_runs_nothing(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("user_id,item_id\nu,i\n")
    name = f"{_ODD}.csv"
    (tmp_path / name).mkdir()
    command = [sys.executable, "-m", "visrec_cli", "interactions", "log.csv", "-o", name]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert said.returncode == 73, said.stderr
    assert f"-o {shlex.quote(f'{name}/table.arrow')}" in said.stderr
