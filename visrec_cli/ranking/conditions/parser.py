"""Conditions such as ``price < 50 and category = 'shoes'``: from SQL text to a checked tree.

An engine for SQL can do far more than compare columns: it reads files and web addresses, and a single call may ask for
gigabytes. So the text is read by a parser that runs nothing (sqlglot), and becomes a tree of ours in which only what
``conditions.terms.ALLOWED`` names can stand. No engine ever sees the text.
"""

from typing import Any

from sqlglot import TokenType, exp, parser
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Tokenizer

from visrec_cli.errors import UsageError
from visrec_cli.ranking.conditions.literals import spoken, value_of
from visrec_cli.ranking.conditions.terms import (
    ALLOWED,
    FUNCTIONS,
    LONGEST_PATTERN,
    MOST_CHARACTERS,
    MOST_DEEP,
    MOST_NESTED,
    MOST_PARTS,
    MOST_VALUES,
    Term,
    quoted,
    refused,
    too_large,
)

_CONNECTORS = {exp.And: "and", exp.Or: "or"}
_BINARY = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=", exp.Add: "+", exp.Sub: "-",
    exp.Mul: "*", exp.Div: "/", exp.Mod: "%",
}  # fmt: skip
_OPENING, _CLOSING, _PREFIXES = ("(", "[", "{", "CASE"), (")", "]", "}"), ("NOT", "-", "+", "~")  # CASE is refused


class _Grammar(parser.Parser):
    """SQL without functions of its own: each is a name with arguments, whatever a release of sqlglot knows of it."""

    FUNCTIONS = {}  # noqa: RUF012 (as in the class above it)
    NO_PAREN_FUNCTIONS = {}  # noqa: RUF012
    NO_PAREN_FUNCTION_PARSERS = {}  # noqa: RUF012
    FUNCTION_PARSERS = {"TRY_CAST": parser.Parser.FUNCTION_PARSERS["TRY_CAST"]}  # noqa: RUF012


def parse_condition(text: str) -> Term:
    """The tree of a condition. Raises UsageError, naming what is wrong or not allowed, and what is."""
    if len(text) > MOST_CHARACTERS:
        raise too_large(text, f"{len(text):,} characters, at most {MOST_CHARACTERS:,}")
    if any("\ud800" <= one <= "\udfff" for one in text):  # bytes of a command line that are no text, or half of a sign
        raise UsageError(f"--where {quoted(text)} is not UTF-8 text", fix="write it in UTF-8")
    try:
        tokens = Tokenizer().tokenize(text)
        _check_nesting(text, tokens)
        found = _Grammar().parse_into(exp.Condition, tokens, text)
    except SqlglotError as error:
        raise UsageError(f"--where {quoted(text)}: {_place(error)}", fix=ALLOWED) from error
    except RecursionError as error:
        raise too_large(text, f"nested deeper than {MOST_NESTED} levels") from error
    if len(found) != 1 or found[0] is None:
        raise UsageError(f"--where {quoted(text)} holds no condition", fix=ALLOWED)
    return _Reading(text).term(found[0])


def _check_nesting(text: str, tokens: list[Any]) -> None:
    """The parser calls itself at each level: what nests too deeply is refused before it is read."""
    depth, run = 0, 0
    for token in tokens:
        word = "" if token.token_type in (TokenType.STRING, TokenType.IDENTIFIER) else token.text.upper()
        depth += (word in _OPENING) - (word in _CLOSING)
        run = run + 1 if word in _PREFIXES else 0
        if depth > MOST_NESTED or run > MOST_NESTED:
            raise too_large(text, f"nested deeper than {MOST_NESTED} levels")


def _place(error: SqlglotError) -> str:
    """Where it cannot be read, in our words: those of the library speak of its classes."""
    for one in getattr(error, "errors", []):
        if one.get("highlight"):
            return f"it cannot be read at {one['highlight'][:40]!r}"
    return "it cannot be read"


class _Reading:
    """From sqlglot's tree to ours: what is not named here cannot pass."""

    def __init__(self, text: str) -> None:
        self._text, self._parts, self._values = text, 0, 0

    def term(self, node: Any, depth: int = 0) -> Term:
        """The term of a node, with all below it."""
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise too_large(self._text, f"more than {MOST_PARTS:,} parts")
        if depth > MOST_DEEP:
            raise too_large(self._text, f"more than {MOST_DEEP} operations within each other")
        kind = type(node)
        if kind is exp.Paren:
            return self.term(self._held(node, "this")["this"], depth + 1)
        if kind in _CONNECTORS:
            return Term(_CONNECTORS[kind], tuple(self.term(part, depth + 1) for part in self._chain(node, kind)))
        if kind in _BINARY:
            held = self._held(node, "this", "expression", "typed", "safe")  # how dialects divide: ours is one
            return Term(_BINARY[kind], tuple(self.term(held[side], depth + 1) for side in ("this", "expression")))
        if kind is exp.Not or (kind is exp.Neg and not isinstance(node.this, exp.Literal)):
            name = "not" if kind is exp.Not else "negative"
            return Term(name, (self.term(self._held(node, "this")["this"], depth + 1),))
        if kind in (exp.In, exp.Between, exp.Like, exp.ILike, exp.Is):
            return self._comparison(node, depth)
        if kind is exp.Column and isinstance(node.this, exp.Identifier):
            return Term("column", value=self._held(node, "this")["this"].name)
        if kind in (exp.Anonymous, exp.TryCast):
            return self._call(node, depth)
        return Term("value", value=value_of(node, self._text))

    def _comparison(self, node: Any, depth: int) -> Term:
        """IN, BETWEEN, LIKE, IS NULL. Some releases of sqlglot mark their negation inside, others put a NOT around."""
        held = self._held(node, "this", "expression", "expressions", "low", "high", "negate")
        about = self.term(held["this"], depth + 1)
        if isinstance(node, exp.In) and held.get("expressions"):
            self._values += len(held["expressions"])
            if self._values > MOST_VALUES:
                raise too_large(self._text, f"more than {MOST_VALUES:,} values in IN")
            values = tuple(value_of(one, self._text, " in IN") for one in held["expressions"])
            found = Term("in", (about,), values)
        elif isinstance(node, exp.Between):
            found = Term("between", (about, *(self.term(held[end], depth + 1) for end in ("low", "high"))))
        elif isinstance(node, exp.Like | exp.ILike):
            pattern = value_of(held["expression"], self._text, " as the pattern of LIKE")
            if not isinstance(pattern, str) or len(pattern) > LONGEST_PATTERN:
                raise refused(self._text, f"LIKE with anything but a text of at most {LONGEST_PATTERN:,} characters")
            found = Term("like" if isinstance(node, exp.Like) else "ilike", (about,), pattern)
        elif isinstance(node, exp.Is) and isinstance(held["expression"], exp.Null):
            found = Term("is null", (about,))
        else:
            raise refused(self._text, "IS with anything but NULL" if isinstance(node, exp.Is) else "IN without values")
        return Term("not", (found,)) if held.get("negate") else found

    def _call(self, node: Any, depth: int) -> Term:
        if isinstance(node, exp.TryCast):  # a text column read as numbers; what is none is null
            kind, column = node.to.sql().upper(), self.term(node.this, depth + 1)
            if kind not in ("DOUBLE", "FLOAT", "REAL", "BIGINT", "INT", "INTEGER") or column.name != "column":
                raise refused(self._text, "TRY_CAST of anything but a column to DOUBLE or BIGINT")
            return Term("number", (column,), int if "INT" in kind else float)
        held = self._held(node, "this", "expressions")
        name, given = str(held["this"]).lower(), held.get("expressions", [])
        if name not in FUNCTIONS:
            raise refused(self._text, f"the function {name[:40]}()")
        fewest, most = FUNCTIONS[name]
        if not fewest <= len(given) <= most:
            wanted = str(fewest) if fewest == most else f"{fewest} to {most}"
            raise refused(self._text, f"{name}() with {len(given)} arguments instead of {wanted}")
        return Term(name, tuple(self.term(one, depth + 1) for one in given))

    def _chain(self, node: Any, kind: Any) -> list[Any]:
        """``a and b and c`` as its parts: the parser nests them to the left, as deep as there are any."""
        parts = []
        while type(node) is kind:
            held = self._held(node, "this", "expression")
            parts.append(held["expression"])
            node = held["this"]
        return [node, *reversed(parts)]

    def _held(self, node: Any, *names: str) -> dict[str, Any]:
        """The node's arguments, of which no others may be set: what is not known here may change the meaning."""
        held = {name: value for name, value in node.args.items() if value not in (None, False, [], "")}
        unknown = sorted(held.keys() - set(names))
        if unknown and (isinstance(node, exp.Column) or unknown[0] == "query"):
            raise refused(self._text, "a subquery" if unknown[0] == "query" else spoken(node))
        if unknown:
            raise refused(self._text, f"{spoken(node)} {unknown[0].upper()}")
        return held
