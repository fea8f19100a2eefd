"""Every option of every verb changes something. A new option without a case here fails."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.docs.options import options_of
from tests.options import logs_cases, other_cases, pictures_cases
from tests.options.cases import Case, Verb
from tests.options.runner import Outcome, foreign_options, run
from visrec_cli.commands.lazy_commands import VERBS
from visrec_cli.options.requirements import flag_of

RECORDED: dict[str, Verb] = {**pictures_cases.VERBS, **logs_cases.VERBS, **other_cases.VERBS}
CASES = [
    pytest.param(verb, case, id=f"{verb} {flag}")
    for verb, recorded in RECORDED.items()
    for flag, case in recorded.options.items()
]


@pytest.fixture(scope="module")
def outcome_of(desk: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What a line does; lines that several options begin from are run once."""
    room, known = tmp_path_factory.mktemp("runs"), dict[tuple[str, str, str], Outcome]()

    def outcome(verb: str, line: str, stdin: str) -> Outcome:
        if (verb, line, stdin) not in known:
            spies = [case.spy for case in RECORDED[verb].options.values() if case.spy is not None]
            known[verb, line, stdin] = run(
                [verb, *line.split()], desk, room / f"{len(known)}", stdin=stdin, spies=spies
            )
        return known[verb, line, stdin]

    return outcome


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_has_a_case(verb: str) -> None:
    assert set(RECORDED[verb].options) == {flag_of(parameter) for parameter, _ in options_of(verb)}


@pytest.mark.parametrize(("verb", "case"), CASES)
def test_the_option_changes_something(verb: str, case: Case, outcome_of: Any) -> None:
    base = RECORDED[verb].base if case.base is None else case.base
    without, given = (outcome_of(verb, line, case.stdin) for line in (base, f"{base} {case.add}"))
    assert (without.code, given.code) == (case.before, case.code), f"{without.err}\n{given.err}"
    if case.spy is not None:
        assert without.noted[case.spy], "nobody is called"
        assert given.noted[case.spy] != without.noted[case.spy]
        return
    if verb == "export-encoder":  # prints how long it took
        without, given = (replace(one, out=b"") for one in (without, given))
    assert not foreign_options([verb], given.err)
    seen = [(one.code, one.out, one.err, one.files) for one in (without, given)]
    assert seen[0] != seen[1]
