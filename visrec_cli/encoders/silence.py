"""Loading of models without the libraries' own progress bars and notices: only visrec writes to stderr."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_CHATTY = ("sentence_transformers", "transformers", "huggingface_hub", "timm")


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Silence the model libraries within a block: no progress bars, only errors in the log, no deprecation warnings."""
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars
    from transformers.utils import logging as transformers_logging

    loggers = [logging.getLogger(name) for name in _CHATTY]
    levels = [logger.level for logger in loggers]
    hub_was_off, models_were_on = are_progress_bars_disabled(), transformers_logging.is_progress_bar_enabled()
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        disable_progress_bars()
        transformers_logging.disable_progress_bar()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        if not hub_was_off:
            enable_progress_bars()
        if models_were_on:
            transformers_logging.enable_progress_bar()
