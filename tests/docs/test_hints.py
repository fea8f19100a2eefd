"""Messages name no option that the verb which says them does not have: on the page of messages, every one."""

import re

import pytest

from tests.docs.errors import MISTAKES, PAGE
from tests.options.runner import foreign_options
from visrec_cli.commands.lazy_commands import VERBS

ROWS = [re.split(r"(?<!\\) \| ", line) for line in PAGE.read_text().splitlines()]
SAID = {cells[0].removeprefix("| "): cells[3] for cells in ROWS if len(cells) == 4}


@pytest.mark.parametrize(("mistake", "line"), MISTAKES)
def test_messages_name_options_of_the_verb(mistake: str, line: str) -> None:
    verbs = [verb for verb in re.findall(r"visrec (\S+)", line) if verb in VERBS]
    said = re.sub(r"No such option: \S+", "", SAID[mistake])
    assert not foreign_options(verbs, said)
