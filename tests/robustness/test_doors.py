"""There is one door for each kind of what comes with a file, and nothing goes past it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import visrec_cli

ROOT = Path(visrec_cli.__file__).parent
DOORS = {
    "json": {
        "tables/documents.py",
        "tables/json_keys.py",
        "tables/json_text.py",
        "encoders/finetuning/model_file.py",
    },
    "numpy": {"tables/npy.py", "tables/npz.py"},
    "msgspec": {"tables/documents.py"},
}
"""documents: what a file says of itself. json_keys, json_text: rows of a table. serialization: what the library
has just written."""

READERS = {
    "json": ("load", "loads", "JSONDecoder"),
    "numpy": ("load", "read_array", "read_magic", "fromfile", "loadtxt", "genfromtxt"),
    "msgspec": ("convert", "decode", "Decoder"),
    "pickle": ("load", "loads", "Unpickler"),
    "marshal": ("load", "loads"),
    "shelve": ("open",),
    "joblib": ("load",),
    "yaml": ("load", "safe_load"),
    "orjson": ("loads",),
}
SHORT = {"np": "numpy"}


def readers_in(tree: ast.AST) -> Iterator[str]:
    """The libraries whose readers are named in the code: ``json.loads``, ``from json import loads``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            at: ast.expr = node
            while isinstance(at, ast.Attribute):
                at = at.value
            library = SHORT.get(at.id, at.id) if isinstance(at, ast.Name) else ""
            if node.attr in READERS.get(library, ()):
                yield library
        elif isinstance(node, ast.ImportFrom) and node.module:
            library = node.module.split(".")[0]
            if any(one.name in READERS.get(library, ()) for one in node.names):
                yield library


def test_what_reads_documents_is_at_the_doors_alone() -> None:
    found: dict[str, set[str]] = {}
    for file in sorted(ROOT.rglob("*.py")):
        for library in readers_in(ast.parse(file.read_text())):
            found.setdefault(library, set()).add(file.relative_to(ROOT).as_posix())
    assert found == DOORS


def test_the_search_finds_what_it_looks_for() -> None:
    code = "import numpy as np\nfrom json import loads\nnp.lib.format.read_magic(x)\npickle.loads(x)\njson.dumps(y)"
    assert sorted(readers_in(ast.parse(code))) == ["json", "numpy", "pickle"]
