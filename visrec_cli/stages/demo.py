"""``demo``: a small shop drawn from scratch, and the commands that make recommendations of it."""

import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from visrec_cli.demo.folder import UNLISTED, write_shop
from visrec_cli.demo.products import items
from visrec_cli.errors import OutputError
from visrec_cli.runtime.report import Report

MARK = "README.txt"  # its first line says that the folder is ours to write into
_FIRST_LINE = "A shop drawn by visrec demo."
_READ_ME = f"""{_FIRST_LINE} Change anything; another visrec demo writes it anew.

images/       one photo per item, and one of no item
items.csv     titles, descriptions, prices
clicks.csv    who looked at what (weight 1) or put it into the basket (weight 3)
tastes.csv    what each of these invented people really likes: the truth behind the clicks
"""


@dataclass(frozen=True)
class Step:
    """One line of the demo: commands joined by pipes, each without the word ``visrec``."""

    why: str
    commands: Sequence[Sequence[str]]

    def line(self) -> str:
        """As one would type it."""
        return " \\\n    | ".join(shlex.join(["visrec", *command]) for command in self.commands)


def draw_demo(folder: Path, *, seed: int = 0, force: bool = False, report: Report | None = None) -> int:
    """Write pictures and lists into ``folder`` and return the number of items.

    Raises OutputError if the folder holds anything that no demo wrote, unless ``force``.
    """
    report = report or Report()
    if folder.exists() and not force and not _ours(folder):
        raise OutputError(
            f"{folder} exists and is not from visrec demo", fix="name a new folder: visrec demo FOLDER, or add --force"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARK).write_text(_READ_ME, encoding="utf-8")  # first: a demo that was interrupted is still ours
    except OSError as error:
        raise OutputError(f"cannot write into {folder}: {error.strerror or error}") from error
    report.expect(len(items(seed)), "pictures")
    return write_shop(folder, seed=seed, drawn=report.advance)


def _ours(folder: Path) -> bool:
    """Whether the folder is empty or was made by a demo."""
    if not folder.is_dir():
        return False
    if not any(folder.iterdir()):
        return True
    mark = folder / MARK
    return mark.is_file() and mark.read_text(encoding="utf-8", errors="replace").startswith(_FIRST_LINE)


def steps(folder: Path) -> Iterator[Step]:
    """What the demo runs after the drawing, with paths as they can be typed from here."""

    def at(name: str) -> str:
        return str(folder / name)

    catalogue, page = at("catalogue.arrow"), at("gallery.html")
    yield Step(
        "From pictures and titles to one vector per item",
        [
            ["preprocess", at("images"), "--items", at("items.csv"), "--rejects", at("rejects.csv")],
            ["embed-images", "--labels", "3"],
            ["embed-text"],
            ["fuse", "-o", catalogue],
        ],
    )
    chosen = [word for one in ("dress-003", "sneaker-005", "lamp-002", "mug-004") for word in ("--item", one)]
    asked = [
        ("Items like these", at("similar.arrow"), chosen),
        ("Items like a photo", at("by-photo.arrow"), ["--image", at(f"images/{UNLISTED}.jpg"), *_column("image")]),
        ("Items that fit a sentence", at("by-text.arrow"), ["--text", "red dress", *_column("text")]),
    ]
    for why, target, query in asked:
        yield Step(why, [["recommend", catalogue, *query, "-k", "10", "-o", target]])
    yield Step("Look at them", [["show", *(target for _, target, _ in asked), "--html", page]])
    people = [word for number in range(1, 7) for word in ("--user", f"user-{number:03d}")]
    yield Step(
        "Learn from the clicks, and say what suits whom, and why: from what they clicked before to what is offered",
        [
            ["train-cf", at("clicks.csv"), "--items", catalogue, "--model", "hybrid", "--set", "exposure=1"],
            ["recommend", "-", *people, "-k", "8", "--explain", "--show-history", "8"],
            ["show", "-", "--html", at("users.html")],
        ],
    )


def _column(kind: str) -> list[str]:
    return ["--column", f"{kind}_embedding"]


def run_step(step: Step, *, quiet: bool = False) -> int:
    """Run a step's commands as real processes joined by pipes; 0, or the exit code of the first that failed.

    They share this process's stderr, so that their summaries are seen. A command whose reader went away (141) is not
    the one that failed.
    """
    running: list[subprocess.Popen[bytes]] = []
    try:
        for i, command in enumerate(step.commands):
            before = running[-1].stdout if running else subprocess.DEVNULL
            last = i == len(step.commands) - 1
            running.append(
                subprocess.Popen(
                    [sys.executable, "-m", "visrec_cli", *command, *(["--quiet"] if quiet else [])],
                    stdin=before,
                    stdout=None if last else subprocess.PIPE,
                )
            )
            if running[:-1] and before not in (None, subprocess.DEVNULL):
                before.close()  # type: ignore[union-attr]  # the reader's end belongs to the reader alone
        codes = [process.wait() for process in running]
    except BaseException:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()
        raise
    failed = [code for code in codes if code not in (0, 141)]
    return next(iter(failed or [code for code in codes if code]), 0)


Say = Callable[[str], None]


def run_demo(folder: Path, say: Say, *, quiet: bool = False) -> int:
    """Run every step, saying each line before it runs; stops at the first failure and returns its exit code."""
    for step in steps(folder):
        say(f"\n# {step.why}\n$ {step.line()}")
        code = run_step(step, quiet=quiet)
        if code:
            return code
    return 0
