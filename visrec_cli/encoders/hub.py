"""Files of public models: from the local cache first, then from the network, without long waits.

For an unknown model without a network, the libraries try for a minute and print a page of text. Here the cache is read
first, the network gets a few seconds, and every failure is one line.
"""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from visrec_cli.errors import MissingInputError, UnavailableError

PATIENCE = 8.0  # seconds for the first response; name resolution without a network can exceed any HTTP timeout


def repository(name: str) -> str:
    """Check that a name is a repository of the hub, as ``owner/name``.

    Parameters
    ----------
    name : str
        The name.

    Returns
    -------
    str
        The name.

    Raises
    ------
    MissingInputError
        If it can only be a folder, which does not exist.
    """
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(name)
    except HFValidationError as error:
        raise MissingInputError(
            f"there is no model folder '{name}'", fix="name a folder that exists, or OWNER/NAME of a public model"
        ) from error
    return name


def cached_file(repo: str, names: Sequence[str]) -> Path | None:
    """Find a file in the local cache of the hub.

    Parameters
    ----------
    repo : str
        Repository, as ``owner/name``.
    names : Sequence[str]
        Names of files.

    Returns
    -------
    Path | None
        The first of them that is cached; None if there is none.
    """
    from huggingface_hub import try_to_load_from_cache

    found = (try_to_load_from_cache(repo, name) for name in names)
    return next((Path(path) for path in found if isinstance(path, str)), None)


def fetch_file(repo: str, names: Sequence[str]) -> Path:
    """Find a file in the local cache of the hub, or download it.

    Parameters
    ----------
    repo : str
        Repository, as ``owner/name``.
    names : Sequence[str]
        Names of files.

    Returns
    -------
    Path
        The first of them that the repository has.

    Raises
    ------
    UnavailableError
        If none is cached or can be downloaded.
    """
    cached = cached_file(repo, names)
    if cached:
        return cached
    require_reachable(repo)
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    for name in names:
        try:
            return Path(hf_hub_download(repo, name))
        except LocalEntryNotFoundError as error:  # a subclass of EntryNotFoundError, but it means no network
            raise unavailable(repo, first_line(error)) from error
        except EntryNotFoundError:
            continue
        except Exception as error:  # anything that the network stack raises
            raise unavailable(repo, first_line(error)) from error
    raise unavailable(repo, f"it has none of the files {', '.join(names)}")


def require_reachable(repo: str) -> None:
    """Check that the hub responds and has a repository, within ``PATIENCE`` seconds.

    Parameters
    ----------
    repo : str
        Repository, as ``owner/name``.

    Raises
    ------
    UnavailableError
        If it does not.
    """
    from huggingface_hub import get_hf_file_metadata, hf_hub_url
    from huggingface_hub.errors import EntryNotFoundError

    try:
        _within(PATIENCE, lambda: get_hf_file_metadata(hf_hub_url(repo, "config.json"), timeout=PATIENCE / 2))
    except EntryNotFoundError:
        return  # the repository exists, only without that file
    except Exception as error:  # httpx, OSError, hub errors: all mean that the model is not available now
        raise unavailable(repo, first_line(error)) from error


def unavailable(repo: str, reason: str) -> UnavailableError:
    """The error for a model that is neither cached nor can be downloaded."""
    return UnavailableError(
        f"the model '{repo}' is not in the local cache and cannot be downloaded: {reason}",
        fix=f"on a machine with a network, run: hf download {repo}; lite0, colour+hog and minilm need no download",
    )


def _within(seconds: float, call: Callable[[], object]) -> None:
    """Run ``call`` in a thread; raise what it raises, or TimeoutError. A thread that hangs is left behind."""
    raised: list[Exception] = []

    def run() -> None:
        try:
            call()
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError(f"no answer within {seconds:g} seconds")
    if raised:
        raise raised[0]


def first_line(error: Exception) -> str:
    """The line of a library's error that matters to a user."""
    from huggingface_hub.errors import OfflineModeIsEnabled

    if isinstance(error, OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE is set"
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
