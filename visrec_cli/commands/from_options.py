"""From classes of options to the command that takes them."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from visrec_cli.options.classes import built, signature_of

Options = TypeVar("Options")


class Given(Mapping[str, Any]):
    """The parameters of a verb, by name; ``of`` makes the options of a class from them."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def of(self, kind: type[Options], **others: Any) -> Options:
        """The options of a class. others: fields that no parameter gives."""
        return built(kind, self._values, others)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Any:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def command_of(run: Callable[[Given], None], *kinds: type) -> Callable[..., None]:
    """A command for Typer whose parameters are the options of these classes, and whose help is that of ``run``."""

    def command(**values: Any) -> None:
        run(Given(values))

    signature = signature_of(kinds)
    command.__signature__ = signature  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in signature.parameters.values()}
    command.__doc__, command.__module__ = run.__doc__, run.__module__
    return command
