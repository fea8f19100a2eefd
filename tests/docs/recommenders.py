"""Make docs/recommenders.md: each recommender as its class tells it, below a page that helps to choose.

python -m tests.docs.recommenders
"""

import inspect
import re
from pathlib import Path

from visrec_cli.registry import find, names
from visrec_cli.runtime.settings import INPUTS

PAGE = Path(__file__).parents[2] / "docs" / "recommenders.md"
MARK = "<!-- below: made by python -m tests.docs.recommenders -->"


def section(name: str) -> str:
    """One recommender: when to use it, its formula and source, its settings."""
    kind = find("recommender", name)
    lines = [f"## {name}", "", f"{kind.summary[0].upper()}{kind.summary[1:]}."]
    if kind.needs_content:
        lines[-1] += " Needs `--items` with embeddings."
    elif kind.uses_content:
        lines[-1] += " Uses the embeddings of `--items`, if there are any."
    if kind.needs_times:
        lines[-1] += " Needs a log with times."
    text = re.sub(r"^References\n-+\n", "Source: ", _told(kind), flags=re.MULTILINE)
    lines += ["", *_as_markdown(text)]
    if kind.settings:
        lines += ["", "| setting | default | meaning | searched by `--tune` |", "|---|---|---|---|"]
        for knob, setting in kind.settings.items():
            searched = ", ".join(map(str, setting.choices))
            if not searched and setting.low is not None:
                searched = f"{setting.low:g} to {setting.high:g}{' times that' if setting.auto else ''}"
                searched += ", log scale" if setting.log else ""
            needs = [INPUTS[one][0] if one in INPUTS else f"`{one}`" for one in setting.needs]
            only = f" (needs {', '.join(needs)})" if needs else ""
            meaning = f"{setting.help.replace('|', chr(92) + '|')}{only}"
            lines.append(f"| `{knob}` | {setting.default} | {meaning} | {searched or '–'} |")
    return "\n".join(lines)


def _told(kind: type) -> str:
    """The class's docstring, without the sections about how it is made."""
    text = inspect.getdoc(kind) or ""
    return re.sub(
        r"^(Parameters|Attributes|Raises)\n-+\n.*?(?=^\w+\n-+\n|\Z)", "", text, flags=re.MULTILINE | re.DOTALL
    )


def _as_markdown(text: str) -> list[str]:
    """A docstring: indented lines are formulas."""
    lines: list[str] = []
    inside = False
    for line in text.splitlines():
        formula = line.startswith("    ") or (inside and not line.strip())
        if formula != inside and (formula or inside):
            lines.append("```text" if formula else "```")
            inside = formula
        lines.append(line[4:] if formula else line.replace("``", "`"))
    if inside:
        lines.append("```")
    # a blank line before the end of a block belongs behind it
    for i in range(len(lines) - 1, 0, -1):
        if lines[i] == "```" and not lines[i - 1].strip():
            lines[i - 1], lines[i] = lines[i], ""
    return lines


def page() -> str:
    """The whole page: what people wrote, then what the classes say."""
    written = PAGE.read_text().split(MARK)[0]
    return written + MARK + "\n\n" + "\n\n".join(section(name) for name in names("recommender")) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
