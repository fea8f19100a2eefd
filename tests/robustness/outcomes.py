"""What may come of a file that is wrong: a result, or a refusal. Never another exception, and no crash.

Nothing is printed either: stdout is for data, and what is said is said by our own error.
"""

import io
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import redirect_stderr, redirect_stdout

import numpy as np

from visrec_cli.errors import VisrecError

ALLOWED = (2, 65, 66, 69)
"""Usage, a bad input, one that is not there, and a model that a file names and nobody has here."""


def survey(rounds: Iterable[tuple[str, Callable[[], object]]], *, refused: float = 0.1) -> None:
    """Go through rounds of (what is wrong, what is done with it), all in this process.

    refused: the share of the rounds that must be refused at least: otherwise nothing was wrong with the files.
    """
    outcomes: Counter[str] = Counter()
    failures: list[str] = []
    total = 0
    for what, use in rounds:
        total, printed = total + 1, io.StringIO()
        try:
            with (
                warnings.catch_warnings(), np.errstate(all="ignore"), redirect_stdout(printed), redirect_stderr(printed)
            ):  # fmt: skip
                warnings.simplefilter("ignore")
                use()
            outcomes["result"] += 1
        except VisrecError as error:
            outcomes["refusal"] += 1
            if error.exit_code not in ALLOWED:
                failures.append(f"{what}: exit code {error.exit_code}: {error}")
        except BaseException as error:  # a panic of polars is no Exception
            if isinstance(error, KeyboardInterrupt):
                raise
            last = traceback.extract_tb(error.__traceback__)
            ours = [frame for frame in last if "visrec_cli" in frame.filename] or last
            place = f"{ours[-1].filename.rpartition('visrec_cli/')[2]}:{ours[-1].lineno}"
            failures.append(f"{what}: {type(error).__name__} in {place}: {str(error)[:200]}")
        if printed.getvalue():
            failures.append(f"{what}: a library prints {printed.getvalue()[:200]!r}")
    print(f"{total} rounds: {outcomes['result']} results, {outcomes['refusal']} refusals, {len(failures)} bugs")
    shown = "\n".join(failures[:20])
    assert not failures, f"{len(failures)} of {total} rounds end in exit code 70, or print:\n{shown}"
    assert outcomes["refusal"] >= refused * total, f"only {outcomes} of {total}: the files are not wrong enough"
