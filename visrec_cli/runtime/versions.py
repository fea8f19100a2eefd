"""Which release of a package is installed, without importing it."""

from functools import cache
from importlib.metadata import PackageNotFoundError, distribution


@cache
def version_of(package: str) -> str | None:
    """Its version, or None where it is not installed.

    What importlib.metadata.version gives, a hundred times sooner: that one parses the whole description as an e-mail.
    """
    try:
        found = distribution(package)
    except PackageNotFoundError:
        return None
    for line in (found.read_text("METADATA") or "").splitlines():
        if line.startswith("Version:"):
            return line.partition(":")[2].strip()
        if not line:  # the description begins
            break
    return found.version
