"""Conditions such as ``price < 50 and category = 'shoes'``: from SQL text to a checked tree.

An SQL engine can do far more than compare columns: it reads files and web addresses, and a single call may need
gigabytes. The text is therefore read by a parser that executes nothing (sqlglot), and becomes a tree of our own in
which only what ``conditions.terms.ALLOWED`` lists can occur. No engine ever sees the text.
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
    """SQL without functions of its own: each is a name with arguments, whatever a release of sqlglot knows about it."""

    FUNCTIONS = {}  # noqa: RUF012 (as in the class above it)
    NO_PAREN_FUNCTIONS = {}  # noqa: RUF012
    NO_PAREN_FUNCTION_PARSERS = {}  # noqa: RUF012
    FUNCTION_PARSERS = {"TRY_CAST": parser.Parser.FUNCTION_PARSERS["TRY_CAST"]}  # noqa: RUF012


def parse_condition(text: str) -> Term:
    """Parse a condition.

    Parameters
    ----------
    text : str
        The condition.

    Returns
    -------
    Term
        The tree.

    Raises
    ------
    UsageError
        If it cannot be parsed, is too large, or something in it is not allowed.
    """
    if len(text) > MOST_CHARACTERS:
        raise too_large(text, f"{len(text):,} characters, at most {MOST_CHARACTERS:,}")
    if any("\ud800" <= one <= "\udfff" for one in text):  # undecodable bytes of a command line, or a lone surrogate
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
    return _Reader(text).term(found[0])


def _check_nesting(text: str, tokens: list[Any]) -> None:
    """Refuse conditions that are nested too deeply before they are parsed: the parser calls itself at each level."""
    depth, run = 0, 0
    for token in tokens:
        word = "" if token.token_type in (TokenType.STRING, TokenType.IDENTIFIER) else token.text.upper()
        depth += (word in _OPENING) - (word in _CLOSING)
        run = run + 1 if word in _PREFIXES else 0
        if depth > MOST_NESTED or run > MOST_NESTED:
            raise too_large(text, f"nested deeper than {MOST_NESTED} levels")


def _place(error: SqlglotError) -> str:
    """Where the text cannot be read, without the library's own words, which name its classes."""
    for one in getattr(error, "errors", []):
        if one.get("highlight"):
            return f"it cannot be read at {one['highlight'][:40]!r}"
    return "it cannot be read"


class _Reader:
    """From sqlglot's tree to ours: only what is named here passes."""

    def __init__(self, text: str) -> None:
        self._text, self._parts, self._values = text, 0, 0

    def term(self, node: Any, depth: int = 0) -> Term:
        """The term of a node, with everything below it."""
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise too_large(self._text, f"more than {MOST_PARTS:,} parts")
        if depth > MOST_DEEP:
            raise too_large(self._text, f"more than {MOST_DEEP} operations within each other")
        kind = type(node)
        if kind is exp.Paren:
            return self.term(self._arguments(node, "this")["this"], depth + 1)
        if kind in _CONNECTORS:
            return Term(_CONNECTORS[kind], tuple(self.term(part, depth + 1) for part in self._chain(node, kind)))
        if kind in _BINARY:
            arguments = self._arguments(node, "this", "expression", "typed", "safe")  # the last two: kinds of division
            return Term(_BINARY[kind], tuple(self.term(arguments[side], depth + 1) for side in ("this", "expression")))
        if kind is exp.Not or (kind is exp.Neg and not isinstance(node.this, exp.Literal)):
            name = "not" if kind is exp.Not else "negative"
            return Term(name, (self.term(self._arguments(node, "this")["this"], depth + 1),))
        if kind in (exp.In, exp.Between, exp.Like, exp.ILike, exp.Is):
            return self._comparison(node, depth)
        if kind is exp.Column and isinstance(node.this, exp.Identifier):
            return Term("column", value=self._arguments(node, "this")["this"].name)
        if kind in (exp.Anonymous, exp.TryCast):
            return self._call(node, depth)
        return Term("value", value=value_of(node, self._text))

    def _comparison(self, node: Any, depth: int) -> Term:
        """IN, BETWEEN, LIKE, IS NULL. Some releases of sqlglot mark a negation inside, others put a NOT around."""
        arguments = self._arguments(node, "this", "expression", "expressions", "low", "high", "negate")
        about = self.term(arguments["this"], depth + 1)
        if isinstance(node, exp.In) and arguments.get("expressions"):
            self._values += len(arguments["expressions"])
            if self._values > MOST_VALUES:
                raise too_large(self._text, f"more than {MOST_VALUES:,} values in IN")
            values = tuple(value_of(one, self._text, " in IN") for one in arguments["expressions"])
            found = Term("in", (about,), values)
        elif isinstance(node, exp.Between):
            found = Term("between", (about, *(self.term(arguments[end], depth + 1) for end in ("low", "high"))))
        elif isinstance(node, exp.Like | exp.ILike):
            pattern = value_of(arguments["expression"], self._text, " as the pattern of LIKE")
            if not isinstance(pattern, str) or len(pattern) > LONGEST_PATTERN:
                raise refused(self._text, f"LIKE with anything but a text of at most {LONGEST_PATTERN:,} characters")
            found = Term("like" if isinstance(node, exp.Like) else "ilike", (about,), pattern)
        elif isinstance(node, exp.Is) and isinstance(arguments["expression"], exp.Null):
            found = Term("is null", (about,))
        else:
            raise refused(self._text, "IS with anything but NULL" if isinstance(node, exp.Is) else "IN without values")
        return Term("not", (found,)) if arguments.get("negate") else found

    def _call(self, node: Any, depth: int) -> Term:
        if isinstance(node, exp.TryCast):  # a text column read as numbers; other text becomes null
            kind, column = node.to.sql().upper(), self.term(node.this, depth + 1)
            if kind not in ("DOUBLE", "FLOAT", "REAL", "BIGINT", "INT", "INTEGER") or column.name != "column":
                raise refused(self._text, "TRY_CAST of anything but a column to DOUBLE or BIGINT")
            return Term("number", (column,), int if "INT" in kind else float)
        arguments = self._arguments(node, "this", "expressions")
        name, passed = str(arguments["this"]).lower(), arguments.get("expressions", [])
        if name not in FUNCTIONS:
            raise refused(self._text, f"the function {name[:40]}()")
        fewest, most = FUNCTIONS[name]
        if not fewest <= len(passed) <= most:
            wanted = str(fewest) if fewest == most else f"{fewest} to {most}"
            raise refused(self._text, f"{name}() with {len(passed)} arguments instead of {wanted}")
        return Term(name, tuple(self.term(one, depth + 1) for one in passed))

    def _chain(self, node: Any, kind: Any) -> list[Any]:
        """The parts of ``a and b and c``, which the parser nests to the left."""
        parts = []
        while type(node) is kind:
            arguments = self._arguments(node, "this", "expression")
            parts.append(arguments["expression"])
            node = arguments["this"]
        return [node, *reversed(parts)]

    def _arguments(self, node: Any, *names: str) -> dict[str, Any]:
        """The node's arguments. Other arguments must not be set: an unknown one may change the meaning."""
        arguments = {name: value for name, value in node.args.items() if value not in (None, False, [], "")}
        unknown = sorted(arguments.keys() - set(names))
        if unknown and (isinstance(node, exp.Column) or unknown[0] == "query"):
            raise refused(self._text, "a subquery" if unknown[0] == "query" else spoken(node))
        if unknown:
            raise refused(self._text, f"{spoken(node)} {unknown[0].upper()}")
        return arguments
