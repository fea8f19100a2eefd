"""Lists and weights as they stand on a command line."""

from visrec_cli.errors import UsageProblem


def listed(text: str | None) -> list[str] | None:
    """``A,B`` as a list; None stays None."""
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def weights(text: str, *, flag: str, example: str) -> dict[str, float]:
    """``NAME=NUMBER,…`` as a dict. Raises UsageProblem for anything else."""
    try:
        return {name.strip(): float(value) for name, value in (pair.split("=") for pair in text.split(",") if pair)}
    except ValueError as error:
        raise UsageProblem(f"{flag} '{text}' is not NAME=NUMBER,…", fix=f"{flag} {example}") from error
