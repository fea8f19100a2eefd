"""Conditions that are composed, piece by piece, of what is allowed and of what is hostile."""

import random

from tests.ranking.conditions.hostile import FUNCTIONS, READERS, TOKENS, hostile

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
