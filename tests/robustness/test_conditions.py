"""Conditions that are composed, piece by piece, of what is allowed and of what is hostile, through the app's own door.

Each ends with a result or a refusal (0, 2, or 65 where nothing passes), calls nobody, opens no file but the table, and
makes none.
"""

import random
import resource
import sys
import time
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from tests.ranking.conditions.hostile import FUNCTIONS, READERS, TOKENS, Listener, Watch, hostile, places_of, secrets_in
from tests.robustness.mutations import MANY, rng, rounds
from tests.tables.tables import embedded
from visrec_cli.app import run
from visrec_cli.tables.writing import write_table

ROWS = 200
MOST = 1 << 20  # kB of memory that all of it may take more than before
COLUMNS = {
    "number": ("price", "n", "-n", "try_cast(title as double)", 'try_cast("list price" as bigint)'),
    "text": ("item_id", "title", '"list price"', "TITLE"),
    "time": ("day", "date '2026-01-31'", "timestamp '2026-01-31 12:00:00'"),
    "odd": ("tags", "image_embedding", "nowhere", "ok", "null"),
}
CALLS = {
    "number": (("abs", "number"), ("round", "number"), ("length", "text"), ("coalesce", "number")),
    "text": (("lower", "text"), ("upper", "text"), ("coalesce", "text")),
    "time": (("coalesce", "time"),),
    "odd": (("starts_with", "text"), ("ends_with", "odd"), ("contains", "number")),
}
STATEMENTS = (
    "copy (select 1) to '{}'", "attach '{}' as x", "pragma database_list", "install httpfs", "set x = 1", "vacuum",
    "create table t as select 1", "insert into t values (1)", "call pragma_version()", "export database '{}'",
    "explain select 1", "detach x", "load '{}'", "use x", "describe t", "checkpoint", "execute p", "begin", "drop t",
)  # fmt: skip
PATTERNS = ("%a" * 400, "_" * 900, "%_%_%_%_%_%_%_%_%_%b", "(a+)+$", "[a-z]*", "\\\\%", "%" * 999, "%" * 2000)


class Composer:
    """Writes one condition by a seed. places: what it may try to reach."""

    def __init__(self, chance: random.Random, places: list[str]) -> None:
        self._chance, self._places = chance, places

    def condition(self) -> str:
        """A condition; sometimes a statement, cut, spliced or disguised."""
        chance = self._chance
        way = chance.random()
        text = hostile(chance, self._places) if way < 0.1 else self._truth(chance.randint(0, 6))
        if way > 0.9:
            text += chance.choice(("; ", " union ", " -- ", "/*", ") or (", "')", "\0", "\n")) + self._statement()
        elif way > 0.8:
            at = chance.randrange(len(text))
            text = text[:at] + chance.choice(TOKENS) + text[at + chance.randint(0, 6) :]
        elif way > 0.75:
            text = "".join(chance.choice((one.upper(), one, f"/**/{one}")) if one == " " else one for one in text)
        elif way > 0.72:
            text = chance.choice(("(", "not ", "- ", "abs(", "lower(")) * chance.choice((3, 19, 21, 5000)) + text
        return text

    def _truth(self, depth: int) -> str:
        chance = self._chance
        if depth > 0 and chance.random() < 0.5:
            sides = [self._truth(depth - 1) for _ in range(chance.choice((2, 2, 2, 3, 40)) if depth < 3 else 2)]
            return "(" + f" {chance.choice(('and', 'or', 'AND NOT', 'xor'))} ".join(sides) + ")"
        kind = chance.choices(("number", "text", "time", "odd"), (8, 8, 3, 1))[0]
        value = self._value(kind, depth)
        usual = chance.random() < 0.8
        compared = ("=", "<>", "<", ">=") if usual else ("==", "~", "@>", "->", "<=>")
        alike = ("like", "ilike", "not like") if usual else ("similar to", "glob")
        return chance.choice(
            (
                lambda: f"{value} {chance.choice(compared)} {self._value(kind, depth)}",
                lambda: f"{value} {chance.choice(('', 'not '))}in ({', '.join(self._many(kind))})",
                lambda: f"{value} between {self._value(kind, depth)} and {self._value(kind, depth)}",
                lambda: f"{self._value('text', depth)} {chance.choice(alike)} {self._pattern()}",
                lambda: f"{value} is {chance.choice(('', 'not '))}null",
                lambda: f"not {self._truth(depth - 1) if depth > 0 else 'ok'}",
                lambda: (
                    f"{chance.choice(('starts_with', 'contains'))}({self._value('text', depth)}, {self._pattern()})"
                ),
                lambda: f"{value} {chance.choice(('in', '= any', 'not in'))} ({self._query()})" if not usual else "ok",
            )
        )()

    def _value(self, kind: str, depth: int) -> str:
        chance = self._chance
        if chance.random() < 0.02:
            return self._hostile_value()
        if chance.random() < 0.02:
            kind = "odd"
        if depth > 0 and chance.random() < 0.4:
            name, of = chance.choice(CALLS[kind])
            if chance.random() < 0.03:
                name = chance.choice(FUNCTIONS)
            given = [self._value(of, depth - 1) for _ in range(2 if name in ("coalesce", "starts_with") else 1)]
            return f"{name}({', '.join(given)})"
        if kind == "number" and depth > 0 and chance.random() < 0.4:
            signs = ("+", "-", "*", "/", "%") if chance.random() < 0.9 else ("||", "^", "<<", "//")
            return f"({self._value(kind, depth - 1)} {chance.choice(signs)} {self._value(kind, depth - 1)})"
        return chance.choice(COLUMNS[kind]) if chance.random() < 0.6 else self._literal(kind)

    def _hostile_value(self) -> str:
        place = self._chance.choice(self._places)
        return self._chance.choice(
            (
                f"{self._chance.choice(READERS)}('{place}')", f"({self._query()})", "repeat('x', 2000000000)",
                "rpad(title, 2000000000, 'x')", f"cast('{place}' as blob)", f"'{place}'::json", "u&'\\0041'",
                "$$a$$", "?", ":name", "@@version", "x'ff'", "{'a': 1}", "[1, 2]", "title[1]", "a.b.c.d", "*", "now()",
                "case when ok then 1 else 2 end", "count(*) over ()", "array(select 1)", f'"{place}"', f"`{place}`",
                "try_cast(title as double)", "try_cast(price as bigint)", "try_cast(title as varchar)", "(n, price)",
            )
        )  # fmt: skip

    def _query(self) -> str:
        chance, place = self._chance, self._chance.choice(self._places)
        table = chance.choice((f"'{place}'", f"{chance.choice(READERS)}('{place}')", "items", "range(1000000000)"))
        return chance.choice(
            (
                f"select x from {table}",
                f"with q as (select * from {table}) select x from q",
                f"from {table}",
                "values (1)",
            )
        )

    def _statement(self) -> str:
        return self._chance.choice(STATEMENTS).format(self._chance.choice(self._places))

    def _many(self, kind: str) -> list[str]:
        chance = self._chance
        count = chance.choice((1, 2, 5, 30)) if chance.random() < 0.98 else chance.choice((9_000, 20_000))
        return [*("1" if kind == "number" else "'1'" for _ in range(count - 1)), self._literal(kind)]

    def _pattern(self) -> str:
        return f"'{self._chance.choice(PATTERNS)}'" if self._chance.random() < 0.8 else self._value("text", 1)

    def _literal(self, kind: str) -> str:
        return self._chance.choice(
            {
                "number": ("1", "-0", "1e308", "0.1", ".5", "5.", "9" * 40, "1e999", "0x10", "1__0", "1.2.3"),
                "text": (
                    "'a'",
                    "''",
                    "'%'",
                    "'é\u0301'",
                    "'\u202e'",
                    "'\udcff'",
                    "'a''b'",
                    "'" + "y" * 3000 + "'",
                    "'\\'",
                ),
                "time": (
                    "date '2026-01-31'",
                    "timestamp '2001-01-01 00:00:00'",
                    "timestamp 'never'",
                    "date '99-99-99'",
                ),
                "odd": ("null", "true", "interval 1 day", "false"),
            }[kind]
        )


def items() -> pa.Table:
    """A catalogue with a column of each kind."""
    whole = embedded(ROWS)
    for name, values in {
        "price": [None if k % 7 == 0 else k / 3 for k in range(ROWS)],
        "n": list(range(ROWS)),
        "ok": [k % 3 == 0 for k in range(ROWS)],
        "day": pa.array([10**12 + k for k in range(ROWS)], pa.timestamp("ms", "UTC")),
        "tags": [["a", "b"]] * ROWS,
        "list price": ["12"] * ROWS,
    }.items():
        whole = whole.append_column(name, values if isinstance(values, pa.Array) else pa.array(values))
    return whole


@pytest.mark.skipif(sys.platform != "linux", reason="files are watched with inotify")
def test_composed_conditions_reach_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    secrets, place = tmp_path / "secrets", tmp_path / "place"
    secrets.mkdir()
    place.mkdir()
    secrets_in(secrets)
    write_table(items(), place / "items.arrow")
    listener, watch = Listener(), Watch(secrets)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    codes: Counter[int] = Counter()
    failures, slowest = [], (0.0, "")
    for number in rounds(1000, long=1700):
        text = Composer(rng("condition", number), places_of(listener.port, secrets)).condition()
        begun = time.process_time()
        where = f"--where={text}"
        code = run(
            ["recommend", str(place / "items.arrow"), "--item", "1", "-k", "3", where, "-o", str(place / "o.csv")]
        )
        slowest = max(slowest, (time.process_time() - begun, text[:80]))
        said = capfd.readouterr()
        codes[code] += 1
        if (
            code not in (0, 2, 65)
            or said.out
            or (code == 65 and "passes" not in said.err and "answered" not in said.err)
        ):
            failures.append(f"round {number}: {code}: {text[:200]!r}: {said.err[:200]!r}")
    listener.close()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"{dict(codes)}, slowest {slowest[0]:.2f} s of {slowest[1]!r}, {grown / 1024:.0f} MB more")
    assert not failures, "\n".join(failures[:20])
    assert codes[0] > 0.02 * sum(codes.values()) < codes[2], f"{codes}: one of the two is hardly tried"
    assert listener.calls == 0
    assert not watch.events()
    assert {one.name for one in place.iterdir()} <= {"items.arrow", "o.csv"}
    assert grown < MOST, f"{grown} kB, at {MANY} times the rounds"
