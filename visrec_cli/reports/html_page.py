"""A page: one HTML file with everything inside, that asks the network for nothing and runs no script but its own.

A content security policy in the page says so to the browser; a script is allowed by its hash, so that even a title full
of markup could not run.
"""

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

import visrec_cli
from visrec_cli.runtime.display import printable


def render(name: str, *, script: str | Sequence[str] = (), **content: Any) -> str:
    """The HTML of ``templates/NAME.html.j2`` with the common style and its own; script: the file, or files, of it."""
    environment = Environment(
        loader=PackageLoader("visrec_cli.reports"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_safe,
    )
    code = "".join(map(_file, [script] if isinstance(script, str) else script))
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    return environment.get_template(f"{name}.html.j2").render(
        # Markup: our own files, and base64, whose "+" must stay
        style=Markup(_file("page.css") + _file(f"{name}.css")),
        script=Markup(code),
        script_hash=Markup(digest),
        version=visrec_cli.__version__,
        **content,
    )


def _safe(value: Any) -> Any:
    """Texts of the table with controls shown, not obeyed; line breaks of a description are just spaces."""
    if type(value) is not str or (value.isascii() and value.isprintable()):
        return value
    return printable(" ".join(value.split()))


def _file(name: str) -> str:
    return (files("visrec_cli.reports") / "templates" / name).read_text(encoding="utf-8")
