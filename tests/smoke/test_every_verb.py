"""The smoke line itself is run by ``make floors`` and ``make pythons``; here it is held to name every verb."""

import re
from pathlib import Path

from visrec_cli.commands.lazy_commands import VERBS

SCRIPT = Path(__file__).parent / "every_verb.sh"


def test_the_smoke_line_goes_through_every_verb() -> None:
    called = set(re.findall(r"^visrec ([a-z-]+)", SCRIPT.read_text(), flags=re.M))
    assert called == set(VERBS)


def test_the_smoke_line_stops_at_a_failure() -> None:
    assert "set -euo pipefail" in SCRIPT.read_text()
