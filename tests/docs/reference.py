"""The reference pages: what ``--help`` says, one page per verb. ``python -m tests.docs.reference`` rewrites them."""

import os
import subprocess
import sys

from tests.conftest import ROOT
from visrec_cli.app import VERBS

PAGES = ROOT / "docs" / "reference"


def page(verb: str) -> str:
    """The page of one verb as Markdown."""
    plain = {**os.environ, "COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "visrec_cli", verb, "--help"]
    text = subprocess.run(command, env=plain, capture_output=True, check=True, text=True).stdout
    text = text.replace("python -m visrec_cli", "visrec")
    body = "\n".join(line.rstrip() for line in text.strip().splitlines())
    return f"# visrec {verb}\n\n<!-- made from --help by `make docs` -->\n\n```text\n{body}\n```\n"


if __name__ == "__main__":
    PAGES.mkdir(exist_ok=True)
    for verb in VERBS:
        (PAGES / f"{verb}.md").write_text(page(verb))
