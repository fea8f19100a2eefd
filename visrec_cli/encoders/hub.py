"""Files of public models: the local cache first, then the network, and never a long wait for either.

Asked for an unknown model without a network, the libraries try for a minute and print a page. Here the cache
answers at once, the network has a few seconds, and every failure is one line.
"""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from visrec_cli.errors import MissingInputError, UnavailableError

PATIENCE = 8.0  # seconds for the first answer; a resolver without a network can hang longer than any HTTP timeout


def repository(name: str) -> str:
    """``owner/name`` of the hub, or MissingInputError for what can only be meant as a folder that is not there."""
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
    """The first of these files that the local hub cache has for the repository ``owner/name``."""
    from huggingface_hub import try_to_load_from_cache

    found = (try_to_load_from_cache(repo, name) for name in names)
    return next((Path(path) for path in found if isinstance(path, str)), None)


def fetch_file(repo: str, names: Sequence[str]) -> Path:
    """The first of these files that the repository has, from the cache or downloaded into it.

    Raises UnavailableError when it is neither cached nor to be had.
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
        except LocalEntryNotFoundError as error:  # by its bases the repository lacks the file; it means no network
            raise unavailable(repo, first_line(error)) from error
        except EntryNotFoundError:
            continue
        except Exception as error:  # whatever the network stack raises half-way
            raise unavailable(repo, first_line(error)) from error
    raise unavailable(repo, f"it has none of the files {', '.join(names)}")


def require_reachable(repo: str) -> None:
    """Return if the hub answers and has this repository; else raise UnavailableError within ``PATIENCE`` seconds."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url
    from huggingface_hub.errors import EntryNotFoundError

    try:
        _within(PATIENCE, lambda: get_hf_file_metadata(hf_hub_url(repo, "config.json"), timeout=PATIENCE / 2))
    except EntryNotFoundError:
        return  # the repository is there, only without that file
    except Exception as error:  # httpx, OSError, hub errors: all mean that the model cannot be had now
        raise unavailable(repo, first_line(error)) from error


def unavailable(repo: str, reason: str) -> UnavailableError:
    """One line that says what cannot be had, why, and what to do."""
    return UnavailableError(
        f"the model '{repo}' is not in the local cache and cannot be downloaded: {reason}",
        fix=f"where there is a network, run: hf download {repo}; lite0, colour+hog and minilm need none",
    )


def _within(seconds: float, call: Callable[[], object]) -> None:
    """Run ``call`` and pass on what it raises, or raise TimeoutError; the thread is left behind, not waited for."""
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
    """What a person needs of a library's many lines."""
    from huggingface_hub.errors import OfflineModeIsEnabled

    if isinstance(error, OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE is set"
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
