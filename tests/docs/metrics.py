"""Make the second half of docs/metrics.md: each metric as its class tells it, below a page that helps to choose.

python -m tests.docs.metrics
"""

import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from visrec_cli.registry import find, names

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
MARK = "<!-- below: made by python -m tests.docs.metrics -->"
_BETTER = {"more": "more is better", "less": "less is better", "": "neither more nor less is better as such"}
_NEEDS = {
    "history": "what came before (`--train`, or a split)",
    "popularity": "what came before (`--train`, or a split)",
    "ratings": "a truth with ratings, and scores that predict them",
    "vectors": "`--items` with embeddings",
    "categories": "`--items` with categories",
}


def entry(name: str, kind: Any) -> str:
    """One metric: what it says, its formula, and in small letters the rest."""
    takes_k = getattr(kind, "takes_k", True)
    needs = list(dict.fromkeys(_NEEDS[one] for one in getattr(kind, "needs", ())))
    facts = [f"Source: {kind.source}", _BETTER[kind.better]]
    facts += [f"needs {' and '.join(needs)}"] if needs else []
    facts += [] if takes_k else ["of the whole list"]
    return "\n".join([
        f"### {name}", "", kind.sentence, "", "```text", kind.formula, "```", "", f"{'; '.join(facts)}.",
    ])  # fmt: skip


def page() -> str:
    """The whole page: what people wrote, then what the classes say, file by file."""
    files: dict[str, list[str]] = defaultdict(list)
    for family in ("metric", "click-through"):
        for name in names(family):
            kind = find(family, name)
            files[kind.__module__].append(entry(name, kind))
    parts = []
    for module, entries in files.items():
        says = (sys.modules[module].__doc__ or "").replace("``", "`").strip()
        title = module.rpartition(".")[2].replace("_", " ").capitalize()
        parts += [f"## {title}", says, *entries]
    return PAGE.read_text().split(MARK)[0] + "\n\n".join([MARK, *parts]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
