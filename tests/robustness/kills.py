"""Pipes of real processes of which one is killed, and what the others then do."""

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.limits import HANGS
from tests.robustness.forked import Forks

KILLS = int(os.environ.get("VISREC_KILLS", "40"))
"""How many kills a round has in all; ``make robustness`` asks for 500."""
AGE = 120  # seconds: parts of runs that are under way for less are nobody's to remove


@dataclass(frozen=True)
class Line:
    """A pipe: its commands, and the files that it makes. Without any, what counts is what its last command writes."""

    name: str
    commands: tuple[str, ...]
    outputs: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Kill:
    """Who is killed, and when: so many seconds after the start; about to touch the disk for the nth time; with a file
    half-written, of so many bytes; or when so many bytes have left the process ``of`` (this one, or the one before it),
    of which the next gets just these."""

    place: int
    seconds: float | None = None
    touch: int | None = None
    grown: int | None = None
    passed: int | None = None
    of: int = 0


@dataclass(frozen=True)
class Ended:
    """How the processes ended, what they said, how many bytes left each (counted alone), and what the last wrote."""

    codes: tuple[int, ...]
    said: tuple[str, ...]
    passed: tuple[int, ...]
    written: bytes

    def __str__(self) -> str:
        return "".join(f"\n{code}: {words}" for code, words in zip(self.codes, self.said, strict=True))


@dataclass(frozen=True)
class Course:
    """How a line goes when nobody is killed: in how many seconds; how often each process touches the disk; and how
    many bytes each file has in the end that it makes, that on stdout too."""

    ended: Ended
    seconds: float
    touches: tuple[int, ...]
    grown: tuple[int, ...]


@dataclass
class Joint:
    """What stands between two processes, and lets so many bytes pass: then it does something, and is closed."""

    source: int
    sink: int
    limit: int | None = None
    then: Callable[[], None] = lambda: None
    passed: int = field(default=0, init=False)

    def run(self) -> None:
        try:
            while self.limit is None or self.passed < self.limit:
                wanted = 1 << 16 if self.limit is None else min(1 << 16, self.limit - self.passed)
                data = os.read(self.source, wanted)
                if not data:
                    return
                view = memoryview(data)
                while view:
                    view = view[os.write(self.sink, view) :]
                self.passed += len(data)
            self.then()
        except BrokenPipeError:
            pass
        finally:
            os.close(self.source)
            os.close(self.sink)


def run(forks: Forks, line: Line, folder: Path, kill: Kill | None = None, *, counting: bool = False) -> Ended:
    """Run a pipe in a folder. counting: count the bytes that pass, and leave ``touches-0`` … there."""
    last, joints, processes = len(line.commands) - 1, list[Joint](), list[int]()
    logs = [folder / f"stderr-{place}" for place in range(last + 1)]
    written = folder / "stdout"
    end = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    before = os.open(os.devnull, os.O_RDONLY)
    for place, words in enumerate(line.commands):
        after, out = (-1, end) if place == last else os.pipe()
        if counting or (kill is not None and kill.passed is not None and kill.of == place):
            source, sink = os.pipe()
            joints.append(Joint(source, out, None if kill is None else kill.passed))
            out = sink
        watch = str(folder / f"touches-{place}") if counting else None
        with logs[place].open("wb") as log:
            touch, grown = (kill.touch, kill.grown) if kill is not None and kill.place == place else (watch, None)
            streams = (before, out, log.fileno())
            processes.append(forks.start(words.split(), streams, folder, line.env, touch, grown))
        for mine in (before, out):  # so that each sees the end of the one before it
            os.close(mine)
        before = after
    if kill is not None:
        for joint in joints:
            joint.then = lambda: os.kill(processes[kill.place], signal.SIGKILL)
    threads = [threading.Thread(target=joint.run) for joint in joints]
    for thread in threads:
        thread.start()
    if kill is not None and kill.seconds is not None:
        time.sleep(kill.seconds)
        os.kill(processes[kill.place], signal.SIGKILL)
    for thread in threads:
        thread.join(timeout=HANGS)
        assert not thread.is_alive(), f"{line.name} waits for ever"
    codes = tuple(forks.wait(process, HANGS) for process in processes)
    said, content = tuple(log.read_text(errors="replace") for log in logs), written.read_bytes()
    for file in (written, *logs):
        file.unlink()
    return Ended(codes, said, tuple(joint.passed for joint in joints), content)


def at_once(
    forks: Forks, commands: Sequence[Sequence[str]], folder: Path, env: Mapping[str, str] | None = None
) -> list[Ended]:
    """Run commands, each by its words, at the same time in one folder."""
    files = [(folder / f"stdout-{place}", folder / f"stderr-{place}") for place in range(len(commands))]
    processes = []
    for words, (out, log) in zip(commands, files, strict=True):
        with Path(os.devnull).open("rb") as nothing, out.open("wb") as written, log.open("wb") as said:
            streams = (nothing.fileno(), written.fileno(), said.fileno())
            processes.append(forks.start(words, streams, folder, env or {}))
    found = []
    for process, (out, log) in zip(processes, files, strict=True):
        code = forks.wait(process, HANGS)
        found.append(Ended((code,), (log.read_text(errors="replace"),), (), out.read_bytes()))
        out.unlink()
        log.unlink()
    return found


def course(forks: Forks, line: Line, folder: Path) -> Course:
    """Run a pipe of which nobody is killed, and watch it."""
    start = time.monotonic()  # says only when to kill
    ended = run(forks, line, folder, counting=True)
    seconds = time.monotonic() - start
    files = [folder / f"touches-{place}" for place in range(len(line.commands))]
    touches = tuple(int(file.read_text()) for file in files)
    for file in files:
        file.unlink()
    sizes = [len(ended.written), *((folder / name).stat().st_size for name in line.outputs)]
    return Course(ended, seconds, touches, tuple(size for size in sizes if size))


def kills(line: Line, way: Course, number: int, lots: random.Random) -> Iterator[Kill]:
    """So many kills of a line, most by what has happened, and not by time: that is the same on every machine."""
    places, passed = len(line.commands), way.ended.passed
    writers = [at for at in range(places) if passed[at]]
    first = lots.randrange(5)
    for one in range(first, first + number):
        kind, place = one % 5, lots.randrange(places)
        if kind == 0 and way.touches[place]:
            yield Kill(place, touch=lots.randint(1, way.touches[place]))
        elif kind == 1 and way.grown:
            yield Kill(places - 1, grown=lots.randrange(lots.choice(way.grown)))
        elif kind < 4 and writers:
            of = lots.choice(writers)
            victim = of if kind < 3 else min(of + 1, places - 1)
            count = lots.choice((0, passed[of], *[lots.randrange(passed[of])] * 3, passed[of] - lots.randint(1, 500)))
            yield Kill(victim, passed=max(0, count), of=of)
        else:
            yield Kill(place, seconds=lots.uniform(0, 1.1 * way.seconds))


def parts(folder: Path) -> list[Path]:
    """What killed runs left of outputs that they were writing."""
    return sorted(folder.glob(".*.part"))


def aged(folder: Path) -> None:
    """Make the parts as old as they have to be before another run may remove them."""
    for part in parts(folder):
        with contextlib.suppress(FileNotFoundError):
            os.utime(part, (time.time() - AGE,) * 2)
