"""Text that is wrong: logs, lists, judgements, impressions and catalogues, with bytes and words that are others."""

import json
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

import visrec_cli as visrec
from tests.robustness.mutations import changed_bytes, changed_document, rng, rounds
from tests.robustness.outcomes import survey
from visrec_cli.stages.check import check

WORDS = (
    "", '"', '""', "'", ",", "\t", ";", "\n", "\r", "\r\n", "\x00", "\ufeff", "\x1b[31m", "#", "=1+1", "NaN", "-inf",
    "null", "NULL", "\\N", "true", "1e308", "1e-400", str(1 << 63), str(1 << 64), str(10**40), "-1", "0x10", "007",
    "2024-13-45", "0001-01-01", "9999-12-31T23:59:59+14:00", "é" * 300, "\u0301", "{", "[", "[]", "{}", "\\ud800",
)  # fmt: skip
CLICKS = [(f"u{n % 5}", f"i{(n * n) % 7}", 1 + n % 3, 1_600_000_000 + 1000 * n) for n in range(30)]
CLICKS_CSV = "user_id,item_id,weight,timestamp\n" + "".join(f"{u},{i},{w},{t}\n" for u, i, w, t in CLICKS)
LISTS = [(f"u{user}", f"i{(user + rank) % 7}", rank, 1 / rank) for user in range(5) for rank in range(1, 4)]
ROWS = [{"item_id": str(n), "title": f"thing é {n}", "tags": ["a", None], "size": {"w": n, "h": 0.5}} for n in range(9)]
TEXTS = {
    "log.csv": CLICKS_CSV,
    "log.tsv": CLICKS_CSV.replace(",", "\t"),
    "quoted.csv": CLICKS_CSV.replace("u", '"u').replace(",i", '",i').replace('"user_id,item_id', "user_id,item_id"),
    "log.ndjson": "".join(f'{{"user":"{u}","item":"{i}","rating":{w},"time":{t}}}\n' for u, i, w, t in CLICKS),
    "lists.csv": "user_id,item_id,rank,score\n" + "".join(f"{u},{i},{r},{s}\n" for u, i, r, s in LISTS),
    "lists.ndjson": "".join(f'{{"user":"u{n}","items":["i{n}","i{n + 1}"],"scores":[2,1]}}\n' for n in range(5)),
    "run.txt": "".join(f"{u} Q0 {i} {r} {s} small\n" for u, i, r, s in LISTS),
    "qrels.txt": "# judged\n"
    + "".join(f"{u} 0 {i} {w}\n" for (u, i), w in {(u, i): w for u, i, w, _ in CLICKS[:12]}.items()),
    "shown.csv": "user_id,item_id,clicked,position\n" + "".join(f"{u},{i},{w % 2},{w}\n" for u, i, w, _ in CLICKS),
    "items.csv": "item_id,title,price\n" + "".join(f'{n},"thing, é {n}",{n}.5\n' for n in range(9)),
    "items.json": json.dumps(ROWS),
    "items.ndjson": "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS),
}


def uses(folder: Path) -> dict[str, Callable[[Path], object]]:
    """What is done with each kind of text."""
    for name, text in TEXTS.items():
        (folder / f"whole-{name}").write_text(text)
    log, lists = folder / "whole-log.csv", folder / "whole-lists.csv"

    def read(path: Path) -> None:
        visrec.interactions(path).read_all()
        visrec.split(path, validation=0.2).read_all()

    def judged(path: Path) -> None:
        visrec.evaluate(path, truth=log, metrics=["ndcg@2"], resamples=0)

    return {
        "log": read,
        "quoted": read,
        "lists": judged,
        "run": judged,
        "qrels": lambda path: visrec.evaluate(lists, truth=path, metrics=["ndcg@2"], resamples=0),
        "shown": lambda path: visrec.evaluate(lists, logged=path, resamples=0),
        "items": lambda path: [visrec.open_table(path).read_all(), visrec.describe(path), check(str(path))],
    }


def changed_text(text: str, chance: random.Random) -> bytes:
    """The text with a byte, a cell or a row that is another."""
    if chance.random() < 0.4:
        return changed_bytes(text.encode(), chance)
    lines = text.splitlines(keepends=True)
    for _ in range(chance.choice((1, 1, 2))):
        at, kind = chance.randrange(len(lines)), chance.randrange(5)
        line, word = lines[at], chance.choice(WORDS)
        place = chance.randrange(len(line) + 1)
        if kind == 0:
            lines[at] = line[:place] + word + line[place:]
        elif kind == 1:
            between = max(",\t :", key=line.count)
            cells = line.rstrip("\n").split(between)
            cells[chance.randrange(len(cells))] = word
            lines[at] = between.join(cells) + "\n"
        elif kind == 2:
            lines.insert(chance.randrange(len(lines) + 1), chance.choice((line, word + "\n", line * 3)))
        elif kind == 3 and line.lstrip().startswith("{"):
            lines[at] = changed_document(json.loads(line), chance) + "\n" if is_json(line) else line
        else:
            lines[at] = ""
        lines = lines if any(lines) else ["\n"]
    whole = "".join(lines).encode("utf-8", "surrogatepass")
    return chance.choice((whole, whole, whole, whole.decode("utf-8", "replace").encode("utf-16")))


def is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


@pytest.mark.parametrize("name", TEXTS)
def test_text_that_is_wrong(tmp_path: Path, name: str) -> None:
    path, use = tmp_path / name, uses(tmp_path)[name.partition(".")[0]]

    def look(content: bytes) -> None:
        path.write_bytes(content)
        use(path)

    look(TEXTS[name].encode())  # as it is, it is read
    cases = ((number, changed_text(TEXTS[name], rng(name, number))) for number in rounds(len(TEXTS)))
    survey(((f"round {number}: {content[:300]!r}", partial(look, content)) for number, content in cases), refused=0.01)
