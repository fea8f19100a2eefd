"""Plain values are taken as Typer would take them, and all others as Typer takes them."""

from typing import Any

import pytest
import typer
from typer.main import get_command

from visrec_cli.commands.fast_parser import take_plain_values
from visrec_cli.commands.lazy_commands import VERBS, Verbs

coercion = pytest.importorskip("typer._coercion")  # older Typers have nothing to replace
VALUES = (
    None, "", "abc", "3", "007", "0.5", " 5", "-1", "+1", "1e3", "1_000", "nan", "9" * 40, "٣", 3, 0.5, True, False,
    "true", (), ("a",), ["a", "b"], ("1", 2),
)  # fmt: skip


def outcome(taker: Any, value: Any, parameter: Any, context: Any) -> tuple[str, str]:
    try:
        taken = taker.coerce(value, param=parameter, ctx=context)
    except Exception as error:
        return type(error).__name__, str(error)
    return type(taken).__name__, repr(taken)


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_takes_what_it_took(verb: str) -> None:
    command = Verbs()[verb]
    context = typer.Context(command)
    for parameter in command.params:
        own = coercion.build_runtime_param(parameter.type_descriptor)
        for value in VALUES:
            take_plain_values([parameter])
            assert parameter._runtime_param is not None
            ours = outcome(parameter._runtime_param, value, parameter, context)
            assert ours == outcome(own, value, parameter, context), (parameter.name, value)
            parameter._runtime_param = None


def test_limits_are_kept_and_a_parser_is_asked() -> None:
    app = typer.Typer()

    @app.command()
    def command(
        n: int = typer.Option(5, min=2, max=8),
        x: float = typer.Option(0.5, max=1),
        upper: str = typer.Option("", parser=str.upper),
    ) -> None:
        pass

    made = get_command(app)
    take_plain_values(made.params)
    context = typer.Context(made)
    n, x, upper = (next(one for one in made.params if one.name == name) for name in ("n", "x", "upper"))
    assert outcome(n._runtime_param, "8", n, context) == ("int", "8")
    assert outcome(n._runtime_param, "9", n, context)[0] == "BadParameter"
    take_plain_values([n])
    assert outcome(x._runtime_param, "1", x, context) == ("float", "1.0")
    assert outcome(x._runtime_param, "1.01", x, context)[0] == "BadParameter"
    assert outcome(upper._runtime_param, "abc", upper, context) == ("str", "'ABC'")
